"""The same questions by the command, by a program that embeds the library, and from Python.

`embedded.py [--release FOLDER] [--python PROGRAM] [--records N] [--rounds N] [--set FOLDER] [--publish]`

The three answers of a question must have the same rows before anything is timed. The command and the program are measured as
whole processes; a call from Python beside the same call in the program, each by its own clock. `--python` is an interpreter
with the wheel installed; without it, Python is left out.
"""

import argparse
import csv
import io
import os
import platform
import statistics
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path

import pages
import questions
import sets
from contestants import LISTED

THREADS = 2
#: What a program of Python does: the rows to standard output, the seconds of the call to standard error.
CALL = """
import csv, sys, time, json
import flowproof, pyarrow
asked = json.loads(sys.argv[1])
begun = time.perf_counter()
answer = getattr(flowproof, asked["call"])(asked["logs"], **asked["options"])
print(time.perf_counter() - begun, file=sys.stderr)
table = pyarrow.table(answer)
rows = csv.writer(sys.stdout)
rows.writerow(table.column_names)
rows.writerows(zip(*(column.to_pylist() for column in table.columns)))
"""


def asked(job, made):
    """A question as the command, the program and Python are asked it."""
    question = questions.question(job, made, "text")
    options, inventory = {}, str(made.inventory)
    if not question.directed and job != "j2":
        options["inventory"] = inventory
    if job == "j2":
        call, options = "query", {"sql": LISTED, "list": str(made.threats)}
    elif job == "j1":
        window = {"from": f"{question.begin:%Y-%m-%dT%H:%M:%SZ}", "to": f"{question.end:%Y-%m-%dT%H:%M:%SZ}"}
        call, options = "volumes", {**options, "by": "remote,hour", "interface": question.interface, **window}
    else:
        call, options = "volumes", {**options, "by": "interface,hour"}
    return call, str(made.root("text")), options


def command(flowproof, call, logs, options):
    typed = [flowproof, call, "--logs", logs, "--threads", str(THREADS), "--format", "csv", "--quiet"]
    for name, value in options.items():
        typed += [value] if name == "sql" else [f"--{name}", value]
    return typed


def program(embedded, call, logs, options):
    return [embedded, call, logs, str(THREADS), *(f"{name}={value}" for name, value in options.items())]


def python(interpreter, call, logs, options):
    import json

    renamed = {"from": "from_", "list": "lists"}
    named = {renamed.get(name, name): value.split(",") if name == "by" else value for name, value in options.items()}
    named |= {"threads": THREADS}
    return [interpreter, "-c", CALL, json.dumps({"call": call, "logs": logs, "options": named})]


def run(typed):
    """The rows, wall and CPU seconds, and what it says of the seconds of its call."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        environment = {**os.environ, "AWS_EC2_METADATA_DISABLED": "true"}
        begun = time.perf_counter()
        process = subprocess.Popen(typed, stdout=out, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        out.seek(0), errors.seek(0)
        said = errors.read().decode()
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"{' '.join(typed)[:300]}\n{said}")
        lines = said.split()
        inner = float(lines[-1]) if lines else None
        return out.read().decode(), wall, usage.ru_utime + usage.ru_stime, inner


def rows(text):
    """What the three must have in common: the counts and sums of each row, whichever way times and texts are written."""
    table = list(csv.DictReader(io.StringIO(text)))
    numbers = [sorted(int(value) for value in row.values() if value and value.isdigit()) for row in table]
    return sorted(numbers)


def measured(job, made, options):
    question = asked(job, made)
    ways = {
        "command": command(f"{options.release}/flowproof", *question),
        "program": program(f"{options.release}/embedded", *question),
    }
    if options.python:
        ways["python"] = python(options.python, *question)
    answers = {way: rows(run(typed)[0]) for way, typed in ways.items()}
    expected = answers["command"]
    assert expected, f"{job} has no rows"
    for way, answer in answers.items():
        assert answer == expected, f"{job}: {way} answers differently from the command"
    wall, cpu, call = ({way: [] for way in ways} for _ in range(3))
    for turn in range(options.rounds):
        # Who goes first changes, since machines grow warm.
        for way in list(ways) if turn % 2 else reversed(ways):
            _, seconds, work, inner = run(ways[way])
            wall[way].append(seconds), cpu[way].append(work), call[way].append(inner)
    middle = statistics.median
    ratio = [own / theirs for own, theirs in zip(cpu["program"], cpu["command"])]
    over = [own / theirs for own, theirs in zip(wall["program"], wall["command"])]
    cells = [f"{middle(cpu['command']):.2f}", f"{middle(cpu['program']):.2f}", f"{middle(ratio):.3f}"]
    cells += [f"{middle(wall['command']):.2f}", f"{middle(wall['program']):.2f}", f"{middle(over):.3f}"]
    if options.python:
        added = [own - theirs for own, theirs in zip(call["python"], call["program"])]
        cells.append(f"{middle(added) * 1000:+.1f}")
    else:
        cells.append("")
    told = f"| {questions.TITLES[job]} | {' | '.join(cells)} |"
    print(told, flush=True)
    return told


def page(command, table, records):
    cpu = next(line for line in open("/proc/cpuinfo") if line.startswith("model name")).split(":")[1].strip()
    return "\n".join([
        "<!-- embedded -->",
        "## Embedded, and from Python",
        "",
        f"Made by `{command}` on {datetime.now():%Y-%m-%d}, {cpu}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}.",
        "",
        f"{records:,} records of the default format; {THREADS} threads each. The command and a program that embeds the library are whole "
        "processes, in pairs; ratios are medians of pairs, and the bar is 1.05. The last column is what a call from Python takes longer than "
        "the same call within the program; the bar is 50 ms. Answers are compared row by row first.",
        "",
        "| question | command, CPU s | program, CPU s | ratio | command, wall s | program, wall s | ratio | Python adds, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *table,
        "<!-- /embedded -->",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default="target/release")
    parser.add_argument("--python")
    parser.add_argument("--records", type=int, default=12_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--set", help="a folder in which the set is kept")
    parser.add_argument("--publish", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.set or temporary)
        flowproof = f"{options.release}/flowproof"
        made = sets.prepare(folder, "v2", options.records, "text", flowproof, flowproof, print)
        table = [measured(job, made, options) for job in ("j1", "j2", "j3")]
    typed = f"benches/compare/embedded.py --records {options.records} --rounds {options.rounds}"
    text = page(typed, table, options.records)
    print(text)
    if options.publish:
        pages.publish("embedded", text)


if __name__ == "__main__":
    main()
