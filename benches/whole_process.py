#!/usr/bin/env python3
"""Times whole processes over one generated set: ours, and `gzip -dc` of the same files.

Answers are checked before anything is timed. Writes docs/BENCHMARKS.md.
Usage: benches/whole_process.py [--records 3000000] [--rounds 5] [--flowproof target/release/flowproof]
"""

import argparse
import csv
import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(command, **options):
    """Runs a command; returns its output, CPU seconds, wall seconds and exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = datetime.datetime.now()
    done = subprocess.run(command, capture_output=True, **options)
    wall = (datetime.datetime.now() - begun).total_seconds()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done, cpu, wall


def check_answers(flowproof, sample):
    """The investigation and the volumes must give what the generator added up."""
    answer = json.loads((sample / "answer.json").read_text())
    done, _, _ = run(jobs(flowproof, sample)["investigate, one finding"] + ["--format", "json"])
    told = json.loads(done.stdout)
    claimed = told["claimed_traffic"]
    for name in ("bytes_in", "bytes_out", "packets_in", "packets_out", "flows", "rejected_flows"):
        expected = answer["claimed_traffic"][name]
        if claimed[name] != expected:
            sys.exit(f"investigate: {name} is {claimed[name]}, the generator says {expected}")
    if told["verdict"]["status"] != "corroborated":
        sys.exit(f"investigate: the verdict is {told['verdict']}")
    check_volumes(flowproof, sample, answer)
    return told


def check_volumes(flowproof, sample, answer):
    """The subject's rows, added up over its hours, must be what the generator added up; all kinds of record too."""
    interface = answer["subject"]["interfaces"][0]
    for name, command in jobs(flowproof, sample).items():
        if not name.startswith("volumes"):
            continue
        done, _, _ = run(command)
        rows = [row for row in csv.DictReader(done.stdout.decode().splitlines()) if row["interface"] == interface]
        for column in ("bytes_in", "bytes_out", "packets_in", "packets_out", "flows", "rejected_bytes"):
            total = sum(int(row[column]) for row in rows)
            if total != answer["totals"][column]:
                sys.exit(f"{name}: {column} is {total}, the generator says {answer['totals'][column]}")
    done, _, _ = run([flowproof, "inspect", "--logs", str(sample / "logs"), "--format", "json"])
    records = json.loads(done.stdout)["records"]
    for kind, expected in answer["records"].items():
        if records[kind] != expected:
            sys.exit(f"inspect: {kind} is {records[kind]}, the generator says {expected}")


def jobs(flowproof, sample):
    logs = ["--logs", str(sample / "logs"), "--quiet"]
    inventory = ["--inventory", str(sample / "inventory.json")]
    finding = ["--finding", str(sample / "finding.json"), "--list", str(sample / "tor-exits.txt")]
    by = ["--by", "interface,hour", "--format", "csv"]
    return {
        "investigate, one finding": [flowproof, "investigate", *logs, *finding],
        "volumes by interface and hour, with an inventory": [flowproof, "volumes", *logs, *by, *inventory],
        "volumes by interface and hour, sides learned": [flowproof, "volumes", *logs, *by],
        "inspect": [flowproof, "inspect", *logs],
    }


def machine():
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            name = line.split(":")[1].strip()
            break
    return f"{name}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--flowproof", default=str(ROOT / "target/release/flowproof"))
    parser.add_argument("--set", type=Path, help="a sample that is there already")
    options = parser.parse_args()
    flowproof = options.flowproof

    with tempfile.TemporaryDirectory() as scratch:
        sample = options.set or Path(scratch) / "sample"
        if not options.set:
            subprocess.run([flowproof, "sample", str(sample), "--records", str(options.records)], check=True)
        files = sorted(str(path) for path in (sample / "logs").rglob("*.gz"))
        told = check_answers(flowproof, sample)
        inspected, _, _ = run([flowproof, "inspect", "--logs", str(sample / "logs"), "--format", "json"])
        inspected = json.loads(inspected.stdout)

        contestants = {"gzip -dc": ["gzip", "-dc", *files], **jobs(flowproof, sample)}
        times = {name: [] for name in contestants}
        for _ in range(options.rounds):
            for name, command in contestants.items():
                done, cpu, wall = run(command)
                if done.returncode not in (0, 3):
                    sys.exit(f"{name}: {done.stderr.decode()}")
                times[name].append((cpu, wall))

    gzip_cpu = statistics.median(cpu for cpu, _ in times["gzip -dc"])
    records = inspected["records"]["ok"]
    rows = []
    for name, rounds in times.items():
        cpu = statistics.median(cpu for cpu, _ in rounds)
        wall = statistics.median(wall for _, wall in rounds)
        rows.append(
            f"| {name} | {cpu:.2f} | {cpu / gzip_cpu:.2f} | {cpu / records * 1e9:.0f} | {wall:.2f} |"
        )
    version = subprocess.run([flowproof, "--version"], capture_output=True, text=True).stdout.strip()
    stored, text = inspected["bytes"]["compressed"], inspected["bytes"]["inflated"]
    report = f"""# Benchmarks

First figures, before any tuning of the scan. Only ratios within one table mean anything: the machines are noisy.

Made by `benches/whole_process.py --records {options.records} --rounds {options.rounds}` on {datetime.date.today()}: {machine()};
{version}; {subprocess.run(["gzip", "--version"], capture_output=True, text=True).stdout.splitlines()[0]}.
Set: {records:,} records in {len(files)} objects, formats mixed, {text / 1e6:.0f} MB of text, {stored / 1e6:.0f} MB stored ({text / stored:.1f} : 1).
Before timing, the claimed bytes of the investigation ({told["claimed_traffic"]["bytes_out"]:,} out,
{told["claimed_traffic"]["bytes_in"]:,} in), the subject's rows of both `volumes` and the record counts of `inspect` were checked against
what the generator had added up.

Whole-process CPU (user and system), median of {options.rounds} rounds, all contestants in each round.

| job | CPU s | x `gzip -dc` | ns per record | wall s |
| --- | ---: | ---: | ---: | ---: |
{chr(10).join(rows)}

`investigate` prunes by the finding's time, so it reads part of the objects; `gzip -dc` inflates all of them.
Where neither `flow-direction` nor an inventory says which side is the interface's own, `volumes` reads the set twice.
Not measured yet: other peers (DuckDB, Polars, ClickHouse), memory, single kernels.
"""
    (ROOT / "docs" / "BENCHMARKS.md").write_text(report)
    print(report)


if __name__ == "__main__":
    main()
