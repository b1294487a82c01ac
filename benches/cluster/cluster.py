"""Measures clusters of 1, 2 and 4 executors on one machine beside one process, and writes the tables of docs/scale.md.

    python3 benches/cluster/cluster.py target/release/flowproof [RECORDS]

The program must be built with `--features cluster`. Every answer is compared with that of one process before a time is
told. CPU is of all processes together: client, scheduler, executors. Bytes are those that the loopback device has
passed on in the meantime, so nothing else should run. Nothing is installed; Linux and Python 3.11 are needed.
"""

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
TICKS = os.sysconf("SC_CLK_TCK")
ROUNDS = 3


class Run:
    """One answer: what was printed, how long it took, CPU of all processes, bytes on the loopback."""

    def __init__(self, out, seconds, cpu, wire):
        self.out, self.seconds, self.cpu, self.wire = out, seconds, cpu, wire


def environment():
    own = {k: v for k, v in os.environ.items() if not k.startswith(("FLOWPROOF_", "AWS_"))}
    return own | {"AWS_EC2_METADATA_DISABLED": "true"}


def cpu_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def wire():
    return int(Path("/sys/class/net/lo/statistics/tx_bytes").read_text())


def ask(command, others=()):
    """Runs a command; `others` are the processes that work for it."""
    before = sum(map(cpu_of, others))
    children, passed, begun = resource.getrusage(resource.RUSAGE_CHILDREN), wire(), time.monotonic()
    done = subprocess.run(command, env=environment(), capture_output=True)
    seconds = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command}: {done.stderr.decode()}")
    client = used.ru_utime + used.ru_stime - children.ru_utime - children.ru_stime
    # What goes on for a moment after the answer is the answer's too.
    time.sleep(0.3)
    return Run(done.stdout, seconds, client + sum(map(cpu_of, others)) - before, wire() - passed)


class Cluster:
    """A scheduler and so many executors, each a process with so many slots."""

    def __init__(self, program, executors, slots=1):
        self.processes = []
        line = self.start([program, "cluster", "scheduler", "--bind", "127.0.0.1:0"])
        self.address = line.split()[-1]
        executor = [program, "cluster", "executor", "--scheduler", self.address, "--port", "0"]
        for _ in range(executors):
            self.start([*executor, "--control-port", "0", "--slots", str(slots)])

    def start(self, command):
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        line = process.stdout.readline()
        if not line:
            sys.exit(f"{command} ended")
        return line

    def ask(self, command):
        on = [*command[:2], "--cluster", self.address, *command[2:]]
        return ask(on, [process.pid for process in self.processes])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait()


def best(runs):
    """The run with the least CPU: what others do on the machine only adds to it."""
    return min(runs, key=lambda run: run.cpu)


def long_list(folder, entries):
    path = Path(folder) / "list.txt"
    mixed = ((n * 0x9E3779B97F4A7C15) & (1 << 64) - 1 for n in range(1, entries))
    path.write_text("203.0.113.9\n" + "".join(f"2001:db8:{m >> 48:x}:{m >> 32 & 0xFFFF:x}::{n >> 16:x}:{n & 0xFFFF:x}\n" for n, m in enumerate(mixed, 1)))
    return str(path)


def questions(program, sample):
    logs = ["--logs", f"{sample}/logs"]
    lists = ["--list", f"{sample}/tor-exits.txt"]
    sql = "SELECT protocol, action, count(*), sum(bytes) FROM flow_logs GROUP BY 1, 2"
    finding = ["--finding", f"{sample}/finding.json", *lists]
    return {
        "volumes by interface": [program, "volumes", *logs, "--by", "interface", "--format", "json"],
        "volumes by remote and port": [program, "volumes", *logs, "--by", "remote,remote_port", "--format", "json"],
        "scan": [program, "scan", *logs, *lists, "--format", "json"],
        "query": [program, "query", *logs, "--format", "json", sql],
        "investigate": [program, "investigate", *logs, *finding, "--format", "json"],
    }


def compared(alone, run, name):
    if run.out != alone.out:
        sys.exit(f"{name}: the cluster prints something else")
    return run


def scaling(program, sample):
    asked = questions(program, sample)
    alone = {name: best([ask([*command[:2], "--threads", "2", *command[2:]]) for _ in range(ROUNDS)]) for name, command in asked.items()}
    rows = []
    for executors in (1, 2, 4):
        with Cluster(program, executors) as cluster:
            for name, command in asked.items():
                runs = [compared(alone[name], cluster.ask(command), name) for _ in range(ROUNDS)]
                rows.append((name, executors, best(runs)))
    table = "| question | | time s | CPU s | CPU / one process | bytes on the wire |\n| --- | --- | ---: | ---: | ---: | ---: |\n"
    for name in asked:
        one = alone[name]
        table += f"| {name} | one process | {one.seconds:.2f} | {one.cpu:.2f} | | |\n"
        for of, executors, run in rows:
            if of == name:
                count = "1 executor" if executors == 1 else f"{executors} executors"
                table += f"| | {count} | {run.seconds:.2f} | {run.cpu:.2f} | {run.cpu / one.cpu:.2f} | {run.wire:,} |\n"
    return table, alone["volumes by interface"]


def lists_sent(program, folder, entries):
    sample = f"{folder}/many"
    subprocess.run([program, "sample", "--records", "64000", "--files", "64", sample], check=True, capture_output=True)
    table = "| list | parts | bytes on the wire |\n| --- | ---: | ---: |\n"
    for entries in (1, entries):
        listed = long_list(folder, entries)
        command = [program, "scan", "--logs", f"{sample}/logs", "--list", listed, "--format", "json"]
        alone = ask(command)
        for slots, parts in ((1, 8), (8, 64)):
            with Cluster(program, 2, slots) as cluster:
                run = compared(alone, cluster.ask(command), "scan")
            told = "1 entry" if entries == 1 else f"{entries:,} entries"
            table += f"| {told} | {parts} | {run.wire:,} |\n"
    return table


def machine():
    cpu = next(line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // (1 << 20) + 1
    return f"{cpu}, {os.cpu_count()} cores, {memory} GiB, {platform.system()} {platform.release()}"


def main(program, records="12000000"):
    program = str(Path(program).resolve())
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        sample = f"{folder}/sample"
        made = [program, "sample", "--records", records, "--files", "288", sample]
        subprocess.run(made, env=environment(), check=True, capture_output=True)
        stored = sum(file.stat().st_size for file in Path(sample, "logs").rglob("*.gz"))
        table, alone = scaling(program, sample)
        sent = lists_sent(program, folder, 1_000_000)
    rate = stored / alone.cpu / 1e6
    text = (
        f"Made by `python3 benches/cluster/cluster.py target/release/flowproof` on {time.strftime('%Y-%m-%d')}.\n\n"
        f"Machine: {machine()}. All processes share it, so that more executors than cores win no time: what is compared is CPU. "
        f"{version}; {int(records):,} records in 288 gzip objects, {stored:,} bytes; the best of {ROUNDS} runs. Executors have one slot each.\n\n"
        f"{table}\nOne process reads {rate:.0f} MB of stored bytes per second of one core in `volumes by interface`.\n\n"
        f"A list and the parts that it is matched in, on two executors. All bytes between all processes are counted: plans, names of objects, lists, answers.\n\n{sent}"
    )
    page = PAGE.read_text()
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
    print(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
