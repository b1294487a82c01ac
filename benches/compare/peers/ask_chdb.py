"""Asks chDB (ClickHouse in a library). Formulations:

lines   each line as one string, filtered whole (by interface, or by ` ACCEPT OK`) and split late
csv     the reader of separated columns (CSV refuses blanks between them), with those that are needed
groups  as `lines`; J2 adds up by address pair before the list is looked at
parquet the Parquet reader
"""

import os

from chdb import session

import task as tasks


def spec(task):
    """The objects as a pattern: their names under the common folder."""
    names = ",".join(os.path.basename(path) for path in task["files"])
    return f"{task['root']}/**/{{{names}}}"


def source(task, formulation, columns, literal=None):
    """A table of the columns asked for, with the types that the questions need."""
    if formulation == "parquet":
        select = ", ".join(f"assumeNotNull({name}) AS {name}" for name in columns)
        return f"(SELECT {select} FROM file('{spec(task)}', 'Parquet') WHERE log_status = 'OK')"
    if formulation == "csv":
        structure = ", ".join(f"`{name}` String" for name in task["columns"])
        names = ", ".join(value(name, name) for name in columns)
        file = f"file('{spec(task)}', 'CustomSeparated', '{structure}', 'gzip')"
        return f"(SELECT {names} FROM {file} WHERE log_status = 'OK')"
    lines = f"file('{spec(task)}', 'LineAsString', 'line String', 'gzip')"
    # No other fields hold this text, and rows are dropped before they are arrays.
    holds = f"position(line, '{literal or ' OK'}') > 0"

    select = ", ".join(value(f"f[{tasks.place(task, name) + 1}]", name) for name in columns)
    split = f"(SELECT splitByChar(' ', line) AS f FROM {lines} WHERE {holds})"
    status = f"WHERE f[{tasks.place(task, 'log_status') + 1}] = 'OK'" if literal == task["interface"] else ""
    return f"(SELECT {select} FROM {split} {status})"


def value(text, name):
    """A text under its column's name, with the type that it has."""
    return f"toUInt64OrZero({text}) AS {name}" if tasks.number_type(name) else f"{text} AS {name}"


def remotes(task, formulation):
    columns = ["interface_id", "srcaddr", "dstaddr", "bytes", "start", "end", "action"]
    if task["directed"]:
        out, columns = "flow_direction = 'egress'", columns + ["flow_direction"]
    else:
        out = "srcaddr IN (" + ", ".join(f"'{address}'" for address in task["addresses"]) + ")"
    return f"""
        SELECT if({out}, dstaddr, srcaddr) AS remote, intDiv(start, 3600) * 3600 AS hour,
            sumIf(bytes, NOT {out}), sumIf(bytes, {out})
        FROM {source(task, formulation, columns, task['interface'])}
        WHERE interface_id = '{task['interface']}' AND action = 'ACCEPT'
            AND start < {task['to']} AND end >= {task['from']}
        GROUP BY remote, hour"""


def totals(task, formulation):
    columns = ["interface_id", "bytes", "start", "action"]
    if task["directed"]:
        out, columns = "flow_direction = 'egress'", columns + ["flow_direction"]
    else:
        own = f"file('{task['own']}', 'CSVWithNames', 'interface String, address String')"
        out = f"concat(interface_id, srcaddr) IN (SELECT concat(interface, address) FROM {own})"
        columns = columns + ["srcaddr"]
    rows = source(task, formulation, columns, " ACCEPT OK")
    accepted = "" if formulation in ("lines", "groups") else "WHERE action = 'ACCEPT'"
    return f"""
        SELECT interface_id, intDiv(start, 3600) * 3600 AS hour, sumIf(bytes, NOT out), sumIf(bytes, out)
        FROM (SELECT *, {out} AS out FROM {rows} {accepted})
        GROUP BY interface_id, hour"""


def listed(task, formulation):
    entry = "dictGet('flows.listed', 'entry', toIPv6OrDefault({}))"
    is_listed = "dictHas('flows.listed', toIPv6OrDefault({}))"
    rows = source(task, formulation, ["interface_id", "srcaddr", "dstaddr", "bytes"])
    flows = "count()"
    if formulation == "groups":
        rows = f"""(SELECT interface_id, srcaddr, dstaddr, sum(bytes) AS bytes, count() AS flows
            FROM {rows} GROUP BY interface_id, srcaddr, dstaddr)"""
        flows = "sum(flows)"
    source_is, destination_is = is_listed.format("srcaddr"), is_listed.format("dstaddr")
    return f"""
        SELECT interface_id, if({source_is}, {entry.format('srcaddr')}, {entry.format('dstaddr')}) AS entry,
            sum(bytes), {flows}
        FROM {rows} WHERE {source_is} OR {destination_is} GROUP BY interface_id, entry"""


def learn_list(connection, task):
    """Makes a dictionary of the list, with longest-prefix match."""
    connection.query("CREATE DATABASE flows ENGINE = Atomic")
    connection.query(
        "CREATE TABLE flows.entries ENGINE = Memory AS SELECT * FROM"
        f" file('{task['entries']}', 'CSVWithNames', 'prefix String, entry String')"
    )
    connection.query(
        "CREATE DICTIONARY flows.listed (prefix String, entry String) PRIMARY KEY prefix"
        " SOURCE(CLICKHOUSE(TABLE 'entries' DB 'flows')) LAYOUT(IP_TRIE) LIFETIME(0)"
    )


def main():
    task, formulation = tasks.read()
    connection = session.Session()
    if task["question"] == "listed":
        learn_list(connection, task)
    question = {"remotes": remotes, "listed": listed, "totals": totals}[task["question"]]
    settings = {"max_threads": task["threads"]}
    if formulation == "csv":
        settings |= {"format_custom_field_delimiter": "' '", "format_custom_escaping_rule": "'CSV'"}
    told = ", ".join(f"{name} = {value}" for name, value in settings.items())
    query = question(task, formulation)
    print(connection.query(f"{query} SETTINGS {told}", "CSV"), end="")


main()
