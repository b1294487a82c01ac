"""Who is asked: the commands of every contestant for a question."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: The formulations of each peer by encoding. `groups` and `joined` differ from the others in J2 only.
FORMULATIONS = {
    ("chdb", "text"): ["lines", "csv", "groups"],
    ("duckdb", "text"): ["csv", "lines", "joined"],
    ("polars", "text"): ["csv", "lines"],
    ("chdb", "parquet"): ["parquet"],
    ("duckdb", "parquet"): ["parquet"],
    ("polars", "parquet"): ["parquet"],
}
ONLY_IN_J2 = {"groups", "joined"}
NAMES = {"chdb": "chDB", "duckdb": "DuckDB", "polars": "Polars"}


@dataclass
class Contestant:
    """One way to get an answer."""

    #: Who: `ours`, `ours-text` (ours over the text that another encoding was made of), `inflate`,
    #: `gzip`, `unix`, `chdb`, `duckdb` or `polars`.
    who: str
    name: str
    #: Commands, each reading what the one before writes.
    stages: list
    #: Whether it answers; the floors only inflate.
    answers: bool = True


def contestants(question, threads, tools, scratch):
    """All contestants for a question."""
    files = question.files()
    found = []
    if question.encoding == "text":
        inflate = [tools.inflate_only, str(threads), *files]
        found.append(Contestant("inflate", "inflate only (libdeflate)", [inflate], answers=False))
        found.append(Contestant("gzip", "gzip -dc", [["gzip", "-dc", *files]], answers=False))
    found += ours(question, threads, tools.flowproof)
    if question.job == "j3-learned":
        return found
    if question.encoding == "collected":
        text = ours(replace(question, encoding="text"), threads, tools.flowproof)[0]
        found.append(replace(text, who="ours-text", name=f"{text.name} over the text"))
        # A collected set is ours alone: peers read what AWS writes.
        question = replace(question, encoding="parquet")
    if question.encoding == "text" and not question.directed:
        found += unix(question, threads, tools)
    task = question.write_task(scratch, threads)
    for who, name in NAMES.items():
        for formulation in FORMULATIONS[who, question.encoding]:
            if formulation in ONLY_IN_J2 and question.kind != "listed":
                continue
            command = [tools.python, str(HERE / "peers" / f"ask_{who}.py"), task, formulation]
            found.append(Contestant(who, f"{name}, {formulation}", [command]))
    return found


def ours(question, threads, flowproof):
    """`volumes` and, with the same question in SQL, `query`."""
    made = question.made
    common = ["--logs", str(made.root(question.encoding)), "--threads", str(threads), "--format", "csv", "--quiet"]
    if not question.directed and question.job != "j3-learned":
        common += ["--inventory", str(made.inventory)]
    window = ["--from", f"{question.begin:%Y-%m-%dT%H:%M:%SZ}", "--to", f"{question.end:%Y-%m-%dT%H:%M:%SZ}"]
    if question.kind == "listed":
        return [Contestant("ours", "flowproof query", [[flowproof, "query", *common, "--list", str(made.threats), LISTED]])]
    if question.kind == "remotes":
        volumes = ["volumes", *common, "--by", "remote,hour", "--interface", question.interface, *window]
        sql = REMOTES.format(interface=question.interface)
        query = ["query", *common, *window, sql]
    else:
        volumes = ["volumes", *common, "--by", "interface,hour"]
        query = ["query", *common, TOTALS]
    return [
        Contestant("ours", "flowproof volumes", [[flowproof, *volumes]]),
        Contestant("ours", "flowproof query", [[flowproof, *query]]),
    ]


LISTED = """SELECT interface_id, entry, sum(bytes) AS bytes, count(*) AS flows FROM (
    SELECT interface_id, bytes, coalesce(list_matches(srcaddr)[1]['entry'], list_matches(dstaddr)[1]['entry']) AS entry
    FROM flow_logs WHERE log_status = 'OK' AND (in_list(srcaddr) OR in_list(dstaddr)))
GROUP BY interface_id, entry"""

BOTH_WAYS = """sum(CASE WHEN direction = 'ingress' THEN bytes END) AS bytes_in,
    sum(CASE WHEN direction = 'egress' THEN bytes END) AS bytes_out, count(*) AS flows"""

REMOTES = (
    f"SELECT remote, date_trunc('hour', \"start\") AS hour, {BOTH_WAYS} FROM traffic "
    "WHERE interface_id = '{interface}' AND action = 'ACCEPT' AND log_status = 'OK' GROUP BY 1, 2"
)
TOTALS = (
    f"SELECT interface_id AS interface, date_trunc('hour', \"start\") AS hour, {BOTH_WAYS} FROM traffic "
    "WHERE action = 'ACCEPT' AND log_status = 'OK' GROUP BY 1, 2"
)

# Fields of the default format: 3 interface, 4 and 5 addresses, 10 bytes, 11 and 12 times, 13 action.
AWK_REMOTES = r"""
BEGIN { n = split(own, list, ","); for (i = 1; i <= n; i++) mine[list[i]] = 1 }
$3 == eni && $13 == "ACCEPT" && $14 == "OK" && $11 < to && $12 >= from {
    out = $4 in mine; key = (out ? $5 : $4) "," ($11 - $11 % 3600)
    if (out) { sent[key] += $10; got[key] += 0 } else { got[key] += $10; sent[key] += 0 }
}
END { for (key in got) printf "%s,%.0f,%.0f\n", key, got[key], sent[key] }
"""
AWK_TOTALS = r"""
BEGIN { while ((getline line < own) > 0) mine[line] = 1 }
$13 == "ACCEPT" && $14 == "OK" {
    key = $3 "," ($11 - $11 % 3600)
    if (($3 "," $4) in mine) { sent[key] += $10; got[key] += 0 } else { got[key] += $10; sent[key] += 0 }
}
END { for (key in got) printf "%s,%.0f,%.0f\n", key, got[key], sent[key] }
"""


def unix(question, threads, tools):
    """Pipelines of small programs. There is none for J2."""
    files = question.files()
    if question.kind == "remotes":
        words = {"eni": question.interface, "own": ",".join(question.addresses)}
        words |= {"from": int(question.begin.timestamp()), "to": int(question.end.timestamp())}
        awk = [tools.awk, *(f"-v{name}={value}" for name, value in words.items()), AWK_REMOTES]
        if tools.ugrep:
            search = [tools.ugrep, "-z", "-h", "-F", f"-J{threads}", question.interface, *files]
        else:
            search = ["zgrep", "-h", "-F", question.interface, *files]
        return [Contestant("unix", f"{Path(search[0]).name} -z | {Path(tools.awk).name}", [search, awk])]
    if question.kind == "totals":
        awk = [tools.awk, f"-vown={question.made.beside('own.csv')}", AWK_TOTALS]
        return [Contestant("unix", f"gzip -dc | {Path(tools.awk).name}", [["gzip", "-dc", *files], awk])]
    return []
