#!/usr/bin/env python3
"""Whole processes over the same generated objects: ours, plain inflating, and the peers.

Every contestant's answer is compared with every other's before anything is timed, and again at each
timed run. See README.md beside this file.
"""

import argparse
import dataclasses
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import answers
import linear
import measure
import sets
import tables
from contestants import contestants
from questions import question

ROOT = Path(__file__).resolve().parent.parent.parent
#: `set format, encoding, job`, in the order of the report.
JOBS = [
    *(("v2", "text", job) for job in ("j1", "j2", "j3", "j3-learned", "hour")),
    *(("v5", "text", job) for job in ("j1", "j2", "j3")),
    *(("v2", "parquet", job) for job in ("j1", "j2", "j3")),
    *(("v5", "parquet", job) for job in ("j1", "j2", "j3")),
    *(("v2", "collected", job) for job in ("j1", "j3")),
]
#: The full size of each set, and its share of `--records`.
RECORDS = {"v2": 12_000_000, "v5": 4_000_000}
#: Formulations of a peer that take more than so many times the CPU of its best one are not timed.
SLACK = 1.25


def say(text):
    print(text, file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=RECORDS["v2"], help="of the v2 set; the v5 set has a third")
    parser.add_argument("--jobs", default="", help="words that a job's name has to hold, as v2-text-j1, v5-text or hour; by comma")
    parser.add_argument("--peers", default="", help="only these: ours, unix, chdb, duckdb, polars; by comma")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, by comma")
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds; 0: only compare answers")
    parser.add_argument("--sets", type=Path, default=ROOT / "target/compare/sets", help="where sets are made or found")
    parser.add_argument("--output", type=Path, default=ROOT / "target/compare", help="where figures are written")
    parser.add_argument("--publish", action="store_true", help="also write docs/BENCHMARKS.md")
    parser.add_argument("--all-formulations", action="store_true", help="time the slower formulations too")
    parser.add_argument("--flowproof", default=str(ROOT / "target/release/flowproof"))
    parser.add_argument("--inflate-only", default=str(ROOT / "target/release/inflate_only"))
    parser.add_argument("--generator", help="the program whose `sample` makes sets; if it is not the one that is measured")
    parser.add_argument("--linear", type=int, metavar="RECORDS", nargs="?", const=linear.RECORDS[-1],
                        help="only measure whether cost grows linearly, up to so many records")
    parser.add_argument("--figures", type=Path, nargs="+", help="measure nothing: report these figures")
    return parser.parse_args()


@dataclasses.dataclass
class Tools:
    flowproof: str
    inflate_only: str
    python: str
    ugrep: str | None
    awk: str


def tools(options):
    awk = shutil.which("mawk") or shutil.which("awk")
    for program in (options.flowproof, options.inflate_only):
        if not shutil.which(program):
            sys.exit(f"{program}: is not there; build it first, as README.md says")
    return Tools(options.flowproof, options.inflate_only, sys.executable, shutil.which("ugrep"), awk)


def wanted_jobs(options):
    words = [word for word in options.jobs.split(",") if word]
    for format_name, encoding, job in JOBS:
        name = f"{format_name}-{encoding}-{job}"
        if not words or any(f"-{word}-" in f"-{name}-" for word in words):
            yield format_name, encoding, job


def chosen(options, found):
    """The contestants asked for. The floors are always there: everything is measured against them."""
    words = [word for word in options.peers.split(",") if word]
    return [one for one in found if not words or not one.answers or one.who in words]


def measured(options, asked, threads, one, scratch):
    """Runs a contestant; returns the cost and, of those that answer, the rows."""
    output = scratch / "answer.csv" if one.answers else Path(os.devnull)
    cost = measure.run(one.stages, threads, output, scratch / "stderr.txt")
    if not one.answers:
        return cost, None
    return cost, answers.canonical(asked, one.who, output.read_text())


def ask(options, asked, threads, expected, scratch):
    """Compares all answers, then times those that are worth it. Returns figures and the answer;
    no figures if nobody who was chosen answers this question."""
    found = chosen(options, contestants(asked, threads, tools(options), scratch))
    if not any(one.answers for one in found):
        return None, expected
    costs, rows, failed = {}, {}, {}
    for one in found:
        try:
            costs[one.name], given = measured(options, asked, threads, one, scratch)
        except measure.Failed as error:
            say(f"  {one.name}: no answer: {error}")
            failed[one.name] = str(error)
            continue
        if given is not None:
            rows[one.name] = given
        say(f"  {one.name}: {costs[one.name].cpu:.2f} s CPU" + (f", {len(given)} rows" if given else ""))
    if rows:
        expected = answers.compare(asked, expected, rows)
    count = len(next(iter(rows.values()), []))
    say(f"  {len(rows)} answers agree: {count} rows")
    slack = float("inf") if options.all_formulations else SLACK
    timed = measure.best_formulations(costs, found, slack)
    rounds = []
    for number in range(options.rounds):
        # Another one begins each round, so that none is always after the same neighbour.
        place = number % len(timed)
        costs_of_round = {}
        for one in timed[place:] + timed[:place]:
            cost, given = measured(options, asked, threads, one, scratch)
            if given is not None and given != expected:
                raise answers.Disagreement(f"{asked.name}: {one.name} changed its answer")
            costs_of_round[one.name] = dataclasses.asdict(cost)
        rounds.append(costs_of_round)
    figures = {
        "job": asked.name,
        "title": asked.title,
        "threads": threads,
        "set": asked.made.name,
        "files": len(asked.files()),
        "records": records_read(asked),
        "rows": count,
        "who": {one.name: one.who for one in found},
        "first": {name: dataclasses.asdict(cost) for name, cost in costs.items()},
        "failed": failed,
        "rounds": rounds,
    }
    return figures, expected


def records_read(asked):
    """The records in the objects that have to be read; all objects have as many."""
    records = sum(asked.made.answer()["records"].values())
    if asked.job != "hour":
        return records
    return records * len(asked.files()) // len(asked.made.objects(asked.encoding))


def describe(made, encoding):
    """What a set is, for the report."""
    answer = made.answer()
    stored = sum(os.path.getsize(path) for path in made.objects(encoding))
    return {
        "name": made.name,
        "format": made.format,
        "encoding": encoding,
        "records": answer["records"],
        "objects": len(made.objects(encoding)),
        "interfaces": len(made.interfaces()),
        "text_bytes": answer["bytes"]["inflated"],
        "stored_bytes": stored,
        "seed": answer["seed"],
    }


def machine():
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":")[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, Linux {platform.release()}"


def versions(used):
    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).splitlines()[0]

    told = [first_line(used.flowproof, "--version"), first_line("gzip", "--version")]
    told.append(first_line(used.ugrep, "--version") if used.ugrep else "zgrep (ugrep is not there)")
    told.append(first_line(used.awk, "-W", "version"))
    told += [line.strip() for line in (Path(__file__).parent / "requirements.txt").read_text().splitlines() if "==" in line]
    locked = (ROOT / "Cargo.lock").read_text()
    version = locked.split('name = "libdeflate-sys"\nversion = "')[1].split('"')[0]
    return [*told, f"libdeflate-sys {version}"]


def collect_figures(options):
    used = tools(options)
    options.output.mkdir(parents=True, exist_ok=True)
    scratch = options.output / "scratch"
    scratch.mkdir(exist_ok=True)
    figures = {
        "date": f"{datetime.date.today()}",
        "machine": machine(),
        "versions": versions(used),
        "command": " ".join(["python", "benches/compare/compare.py", *told_options(options)]),
        "load": os.getloadavg(),
        "sets": [],
        "questions": [],
    }
    generator = options.generator or options.flowproof
    if options.linear:
        threads = int(options.threads.split(",")[-1])
        figures["linear"] = linear.run(options.sets, options.linear, options.rounds, threads, used, generator, scratch, say)
        write_figures(options, figures)
        return figures
    made, expected = {}, {}
    for format_name, encoding, job in wanted_jobs(options):
        records = options.records * RECORDS[format_name] // RECORDS["v2"]
        if (format_name, encoding) not in made:
            one = sets.prepare(options.sets, format_name, records, encoding, generator, options.flowproof, say)
            made[format_name, encoding] = one
            figures["sets"].append(describe(one, encoding))
        asked = question(job, made[format_name, encoding], encoding)
        same = (format_name, asked.kind, job == "hour")
        for threads in (int(number) for number in options.threads.split(",")):
            say(f"{asked.name}, {threads} thread(s), {len(asked.files())} objects")
            told, expected[same] = ask(options, asked, threads, expected.get(same), scratch)
            if told:
                figures["questions"].append(told)
                write_figures(options, figures)
    return figures


def told_options(options):
    """The options that change what is measured; not where things are."""
    told = ["--records", str(options.records), "--rounds", str(options.rounds), "--threads", options.threads]
    if options.linear:
        return ["--linear", str(options.linear), "--rounds", str(options.rounds), "--threads", options.threads]
    for name in ("jobs", "peers"):
        if getattr(options, name):
            told += [f"--{name}", getattr(options, name)]
    return told + (["--all-formulations"] if options.all_formulations else [])


def write_figures(options, figures):
    (options.output / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")


def main():
    options = parse_arguments()
    try:
        if options.figures:
            figures = tables.merged([json.loads(path.read_text()) for path in options.figures])
        else:
            figures = collect_figures(options)
    except answers.Disagreement as error:
        sys.exit(f"answers differ, nothing more is timed:\n{error}")
    report = tables.report(figures)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "BENCHMARKS.md").write_text(report)
    if options.publish:
        published = ROOT / "docs/BENCHMARKS.md"
        earlier = published.read_text() if published.exists() else ""
        published.write_text(tables.with_other_parts(report, earlier))
    print(report)


if __name__ == "__main__":
    main()
