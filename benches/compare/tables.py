"""Figures to Markdown."""

import re
import statistics


def merged(several):
    """Figures of several runs on one machine as one; of a question asked twice, the later."""
    whole = dict(several[-1])
    whole["sets"] = list({(one["name"], one["encoding"]): one for run in several for one in run["sets"]}.values())
    asked = {(one["job"], one["threads"]): one for run in several for one in run["questions"]}
    whole["questions"] = list(asked.values())
    for run in several:
        if "linear" in run:
            whole["linear"] = run["linear"]
    whole["command"] = "`, then `".join(dict.fromkeys(run["command"] for run in several))
    return whole


def median(question, name, what):
    """The median over the rounds; without rounds, the one run that was compared."""
    rounds = [costs[name][what] for costs in question["rounds"] if name in costs]
    if rounds:
        return statistics.median(rounds)
    return question["first"][name][what] if not question["rounds"] else None


def ratio(question, name, to, what):
    """The median of the ratios within each round."""
    rounds = [costs[name][what] / costs[to][what] for costs in question["rounds"] if name in costs and to in costs]
    if rounds:
        return statistics.median(rounds)
    return question["first"][name][what] / question["first"][to][what]


FLOOR = "inflate only (libdeflate)"
OURS = "flowproof"


def best(question, of, what="cpu"):
    """The contestant with the least of something among those that `of` picks; `None` if there is none."""
    names = [name for name, who in question["who"].items() if of(who) and median_or_none(question, name, what)]
    return min(names, key=lambda name: median(question, name, what), default=None)


def median_or_none(question, name, what):
    return median(question, name, what) if name in question["first"] else None


def is_ours(who):
    return who == "ours"


def is_engine(who):
    return who in ("chdb", "duckdb", "polars")


def is_peer(who):
    return who == "unix" or is_engine(who)


def table(question):
    """One question's contestants, the cheapest first; who costs less than the best of ours is marked."""
    ours = best(question, is_ours)
    names = [name for name in question["who"] if name in question["first"]]
    timed = [name for name in names if median(question, name, "cpu") is not None]
    timed.sort(key=lambda name: median(question, name, "cpu"))
    against = FLOOR if FLOOR in question["who"] else ours
    head = "x inflate only" if against == FLOOR else "x ours"
    lines = [f"| contestant | CPU s | {head} | ns per record | wall s | peak MB | |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    for name in timed:
        cpu, wall, memory = (median(question, name, what) for what in ("cpu", "wall", "memory"))
        times = f"{ratio(question, name, against, 'cpu'):.2f}" if against else ""
        shown = f"**{cell(name)}**" if is_ours(question["who"][name]) else cell(name)
        lines.append(
            f"| {shown} | {cpu:.2f} | {times} | {cpu / question['records'] * 1e9:.0f} | {wall:.2f} | {memory / 1e6:.0f} |"
            f" {mark(question, name, ours)} |"
        )
    for name in names:
        if name not in timed:
            cpu = question["first"][name]["cpu"]
            lines.append(f"| {cell(name)} | {cpu:.2f} (one run) | | | | | a slower formulation |")
    lines += [f"| {name} | no answer | | | | | |" for name in question["failed"]]
    return "\n".join(lines)


def cell(text):
    """Text for a cell of a table."""
    return text.replace("|", "\\|")


def mark(question, name, ours):
    """In what a contestant that answers is ahead of the best of ours."""
    if ours is None or not is_peer(question["who"][name]):
        return ""
    words = {"cpu": "CPU", "wall": "wall time", "memory": "memory"}
    ahead = [word for what, word in words.items() if median(question, name, what) < median(question, ours, what)]
    return f"**ours loses: {', '.join(ahead)}**" if ahead else ""


def bars(figures):
    """What was promised, and whether it is kept: rows of (promise, measured, kept)."""
    asked = {(one["job"], one["threads"]): one for one in figures["questions"]}
    rows = []

    def against(job, promise, of, most, what="cpu"):
        for threads in (1, 2):
            one = asked.get((job, threads))
            if not one or not best(one, is_ours) or not best(one, of):
                continue
            rival = best(one, of, what)
            got = ratio(one, best(one, is_ours), rival, what)
            rows.append((f"{promise}, {threads} thread{'s'[: threads - 1]}", f"{got:.2f} x {cell(rival)}", f"{most:.2f}", got <= most))

    def floor(who):
        return who == "inflate"

    def gzip(who):
        return who == "gzip"

    for job, most in {"v2-text-j1": 1.25, "v2-text-j2": 2.0, "v2-text-j3": 1.8, "v2-text-j3-learned": 2.2,
                      "v5-text-j1": 1.25, "v5-text-j2": 2.0, "v5-text-j3": 1.8}.items():
        against(job, f"{job} against inflating", floor, most)
    for job in ("v2-text-j1", "v2-text-j2", "v2-text-j3", "v5-text-j1", "v5-text-j2", "v5-text-j3"):
        against(job, f"{job} against `gzip -dc`", gzip, 1.0)
        against(job, f"{job} against the best peer", is_peer, 0.5 if job.endswith("j1") else 0.34)
        against(job, f"{job} wall time against the best peer's", is_peer, 1.0, "wall")
        against(job, f"{job} memory against the engine with the least", is_engine, 1.0, "memory")
    against("v2-text-hour", "v2-text-hour against the best peer", is_peer, 0.4)
    for job, most in {"j1": 0.8, "j2": 0.5, "j3": 0.6}.items():
        for form in ("v2", "v5"):
            against(f"{form}-parquet-{job}", f"{form}-parquet-{job} against the best peer", is_peer, most)
    against("v2-collected-j1", "v2-collected-j1 against ours over the text", lambda who: who == "ours-text", 0.05)
    against("v2-collected-j1", "v2-collected-j1 against the best peer over Parquet", is_peer, 0.2)
    for (job, threads), two in asked.items():
        one = asked.get((job, 1))
        if threads == 2 and one and best(one, is_ours) and best(two, is_ours):
            name = best(two, is_ours)
            if median_or_none(one, name, "wall"):
                got = median(two, name, "wall") / median(one, name, "wall")
                rows.append((f"{job}: wall time of 2 threads against 1", f"{got:.2f}", "0.60", got <= 0.6))
    return rows


def report(figures):
    """The whole page."""
    parts = [HEAD.format(**figures, told="; ".join(figures["versions"]), set_rows=set_table(figures))]
    promised = bars(figures)
    if promised:
        lines = ["## Promises", "", "| promise | measured | at most | |", "| --- | ---: | ---: | --- |"]
        lines += [f"| {what} | {got} | {most} | {'kept' if kept else '**missed**'} |" for what, got, most, kept in promised]
        parts.append("\n".join(lines) + "\n")
    title = None
    for one in figures["questions"]:
        encoding = one["job"].split("-")[1]
        if (one["job"], one["title"]) != title:
            title = (one["job"], one["title"])
            parts.append(f"## {one['job']}\n\n{one['title']}. Set {one['set']}, {encoding}, {one['files']} objects read; {one['rows']:,} rows.\n")
        parts.append(f"{one['threads']} thread{'s'[: one['threads'] - 1]}:\n\n{table(one)}\n")
    if figures.get("linear"):
        parts.append(linear_table(figures["linear"]))
    return "\n".join(parts) + "\n" + FOOT


#: Peak memory that `volumes` may take, whatever the number of records.
MOST_MEMORY = 400e6


def linear_table(rows):
    """Time per record by size; the sets of many objects have to be within a tenth of each other."""
    lines = [
        "## Growth", "",
        f"`flowproof volumes` on {rows[0]['threads']} threads; all sets have the same interfaces. Start-up is within the figures.", "",
        "| job | set | objects | records | text MB | CPU s | ns per record | wall s | peak MB | |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        each = row["cpu"] / row["records"] * 1e9
        same = [r["cpu"] / r["records"] * 1e9 for r in rows if r["job"] == row["job"] and r["objects"] > 1]
        missed = [f"more than {MOST_MEMORY / 1e6:.0f} MB"] if row["memory"] > MOST_MEMORY else []
        if row["objects"] > 1 and each > 1.1 * min(same):
            missed.append(f"{each / min(same):.2f} x the least")
        lines.append(
            f"| {row['job']} | {row['set']} | {row['objects']} | {row['records']:,} | {row['text_bytes'] / 1e6:.0f} | {row['cpu']:.2f} |"
            f" {each:.0f} | {row['wall']:.2f} | {row['memory'] / 1e6:.0f} | {'**missed: ' + ', '.join(missed) + '**' if missed else 'kept'} |"
        )
    return "\n".join(lines) + "\n"


#: The parts of the page that `benches/prefix` and `benches/s3` write.
OTHER_PARTS = re.compile(r"<!-- (prefix|s3|findings) -->.*?<!-- /\1 -->", re.DOTALL)


def with_other_parts(page, earlier):
    """The page with the parts that an earlier one has of the other benches, if any."""
    parts = [part[0] for part in OTHER_PARTS.finditer(earlier)]
    return "\n\n".join([page.rstrip(), *parts]) + "\n"


def set_table(figures):
    lines = ["| set | encoding | records OK, NODATA, SKIPDATA | objects | interfaces | text MB | stored MB | ratio |", "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for one in figures["sets"]:
        kinds = ", ".join(f"{one['records'][kind]:,}" for kind in ("ok", "nodata", "skipdata"))
        ratio_ = one["text_bytes"] / max(1, one["stored_bytes"])
        lines.append(
            f"| {one['name']} | {one['encoding']} | {kinds} | {one['objects']} | {one['interfaces']:,} |"
            f" {one['text_bytes'] / 1e6:.0f} | {one['stored_bytes'] / 1e6:.0f} | {ratio_:.1f} |"
        )
    return "\n".join(lines)


HEAD = """# Benchmarks

Made by `{command}` on {date}; `benches/compare/README.md` tells how to make it again.
Only ratios within one table mean anything: the machines are noisy, and shared.

Machine: {machine}.
Versions: {told}.

Before anything was timed, all contestants' answers to each question were compared row by row, also between text and
Parquet and between 1 and 2 threads; an answer that changes in a timed run ends the measuring.
CPU is user and system time of all processes of a contestant, start-up included; medians over paired rounds, ratios within
each round. Files come from the page cache. 1 thread means one core and the contestant's own setting.

{set_rows}

The sets are generated (`flowproof sample`): a few interfaces and peers do most of the talking, records of an interface come in runs, 3 % are
REJECTs, 8 % IPv6, 2 % NODATA; peers are scattered over the Internet, and 0.45 % of the flows are with a listed one.
"""

FOOT = """## What to mind

- The author of the page is a contestant. Each peer was given the formulations that its makers' papers and our trials favour; better ones are welcome.
- Ours adds up more than is asked (`volumes` has twelve sums, and counts malformed lines, gaps and lost records); peers were not asked to check their input.
- DuckDB and Polars have no longest-prefix match and no IPv6 addresses: they are given the list as ranges that do not overlap, worked out beforehand.
- There are no `ugrep` or `awk` rows where records tell their direction themselves, and none for J2.
- A process cannot show less memory than the program that starts it, about 10 MB.
- Not measured here: reading from S3 (a part of its own below), cold disks, more than 2 cores, other machines.
"""
