"""Asks DuckDB. Formulations:

csv      read_csv with the columns that are needed
lines    each line as one string, filtered whole and split late
joined   as `csv`; J2 looks up each record's addresses among the distinct ones, without adding up
         by address pair first
parquet  read_parquet
"""

import duckdb
import task as tasks

V4 = """(split_part({0}, '.', 1)::BIGINT * 16777216 + split_part({0}, '.', 2)::BIGINT * 65536
    + split_part({0}, '.', 3)::BIGINT * 256 + split_part({0}, '.', 4)::BIGINT)"""


def source(task, formulation, columns, literal=None):
    """A table of the columns asked for, with the types that the questions need."""
    files = "[" + ", ".join(f"'{path}'" for path in task["files"]) + "]"
    select = ", ".join(f'"{name}"' for name in columns)
    if formulation == "parquet":
        return f"(SELECT {select} FROM read_parquet({files}) WHERE log_status = 'OK')"
    if formulation == "lines":
        lines = f"""read_csv({files}, delim = '\x01', quote = '', escape = '', header = false,
            auto_detect = false, compression = 'gzip', columns = {{'line': 'VARCHAR'}})"""
        holds = f"WHERE contains(line, '{literal}')" if literal else ""

        def field(name):
            text = f"f[{tasks.place(task, name) + 1}]"
            return f'{text}::BIGINT AS "{name}"' if tasks.number_type(name) else f'{text} AS "{name}"'

        fields = ", ".join(field(name) for name in columns)
        status = f"f[{tasks.place(task, 'log_status') + 1}] = 'OK'"
        return f"(SELECT {fields} FROM (SELECT string_split(line, ' ') AS f FROM {lines} {holds}) WHERE {status})"
    structure = ", ".join(
        f"'{name}': '{'BIGINT' if tasks.number_type(name) else 'VARCHAR'}'" for name in task["columns"]
    )
    return f"""(SELECT {select} FROM read_csv({files}, delim = ' ', quote = '', escape = '', header = true,
        auto_detect = false, compression = 'gzip', nullstr = '-', columns = {{{structure}}})
        WHERE log_status = 'OK')"""


def remotes(connection, task, formulation):
    columns = ["interface_id", "srcaddr", "dstaddr", "bytes", "start", "end", "action"]
    if task["directed"]:
        out, columns = "flow_direction = 'egress'", columns + ["flow_direction"]
    else:
        out = "srcaddr IN (" + ", ".join(f"'{address}'" for address in task["addresses"]) + ")"
    return connection.sql(f"""
        SELECT CASE WHEN out THEN dstaddr ELSE srcaddr END AS remote, start // 3600 * 3600 AS hour,
            sum(CASE WHEN out THEN 0 ELSE bytes END)::BIGINT, sum(CASE WHEN out THEN bytes ELSE 0 END)::BIGINT
        FROM (SELECT *, {out} AS out FROM {source(task, formulation, columns, task['interface'])})
        WHERE interface_id = '{task['interface']}' AND action = 'ACCEPT'
            AND start < {task['to']} AND "end" >= {task['from']}
        GROUP BY remote, hour""").fetchall()


def totals(connection, task, formulation):
    columns = ["interface_id", "bytes", "start", "action"]
    if task["directed"]:
        rows = source(task, formulation, columns + ["flow_direction"])
        rows = f"(SELECT *, flow_direction = 'egress' AS out FROM {rows})"
    else:
        connection.execute(f"CREATE TABLE own AS FROM read_csv('{task['own']}', header = true, all_varchar = true)")
        rows = source(task, formulation, columns + ["srcaddr"])
        rows = f"""(SELECT r.*, own.address IS NOT NULL AS out FROM {rows} r
            LEFT JOIN own ON r.interface_id = own.interface AND r.srcaddr = own.address)"""
    return connection.sql(f"""
        SELECT interface_id, start // 3600 * 3600 AS hour,
            sum(CASE WHEN out THEN 0 ELSE bytes END)::BIGINT, sum(CASE WHEN out THEN bytes ELSE 0 END)::BIGINT
        FROM {rows} WHERE action = 'ACCEPT' GROUP BY interface_id, hour""").fetchall()


def listed(connection, task, formulation):
    ranges = f"""CREATE TABLE ranges AS FROM read_csv('{task['ranges']}', header = true,
        columns = {{'low': 'BIGINT', 'high': 'BIGINT', 'entry': 'VARCHAR'}})"""
    connection.execute(ranges)
    rows = source(task, formulation, ["interface_id", "srcaddr", "dstaddr", "bytes"])
    if formulation == "joined":
        connection.execute(f"CREATE TABLE met AS SELECT *, 1 AS flows FROM {rows}")
    else:
        connection.execute(f"""CREATE TABLE met AS SELECT interface_id, srcaddr, dstaddr,
            sum(bytes)::BIGINT AS bytes, count(*) AS flows FROM {rows} GROUP BY ALL""")
    connection.execute("CREATE TABLE addresses AS SELECT srcaddr AS address FROM met UNION SELECT dstaddr FROM met")
    connection.execute(f"""CREATE TABLE hits AS SELECT a.address, r.entry FROM
        (SELECT address, {V4.format('address')} AS number FROM addresses WHERE NOT contains(address, ':')) a
        ASOF JOIN ranges r ON a.number >= r.low WHERE a.number <= r.high""")
    networks = tasks.Networks(task["networks"])
    six = connection.sql("SELECT address FROM addresses WHERE contains(address, ':')").fetchall()
    six = [(address, networks.entry(address)) for (address,) in six]
    six = [pair for pair in six if pair[1] is not None]
    if six:
        connection.executemany("INSERT INTO hits VALUES (?, ?)", six)
    return connection.sql("""
        SELECT interface_id, coalesce(s.entry, d.entry) AS entry, sum(bytes)::BIGINT, sum(flows)::BIGINT
        FROM met LEFT JOIN hits s ON met.srcaddr = s.address LEFT JOIN hits d ON met.dstaddr = d.address
        WHERE coalesce(s.entry, d.entry) IS NOT NULL GROUP BY ALL""").fetchall()


def main():
    task, formulation = tasks.read()
    connection = duckdb.connect(config={"threads": task["threads"], "preserve_insertion_order": False})
    question = {"remotes": remotes, "listed": listed, "totals": totals}[task["question"]]
    tasks.answer(question(connection, task, formulation))


main()
