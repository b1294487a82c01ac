"""Asks Polars. Formulations:

csv      scan_csv with the columns that are needed
lines    scan_lines: each line as one string, filtered whole and split late
parquet  scan_parquet
"""

import os

import task as tasks

TASK, FORMULATION = tasks.read()
os.environ["POLARS_MAX_THREADS"] = str(TASK["threads"])  # Read when polars is imported.

import polars as pl  # noqa: E402

OK = pl.col("log_status") == "OK"


def source(task, formulation, columns, literal=None):
    """A lazy frame of the columns asked for, with the types that the questions need."""
    files = task["files"]
    if formulation == "parquet":
        return pl.scan_parquet(files, glob=False).filter(OK).select(columns)
    if formulation == "csv":
        dashed = {name: name.replace("_", "-") for name in task["columns"]}
        schema = {dashed[name]: pl.Int64 if tasks.number_type(name) else pl.String for name in task["columns"]}
        frame = pl.scan_csv(
            files, has_header=True, separator=" ", quote_char=None, schema=schema, null_values="-", glob=False
        )
        frame = frame.filter(pl.col("log-status") == "OK")
        return frame.select(pl.col(dashed[name]).alias(name) for name in columns)
    lines = pl.scan_lines(files, glob=False)
    if literal:
        lines = lines.filter(pl.col("line").str.contains(literal, literal=True))
    wanted = sorted({tasks.place(task, name) for name in [*columns, "log_status"]})
    parts = pl.col("line").str.splitn(" ", wanted[-1] + 2)
    frame = lines.select(parts.alias("f"))

    def field(name):
        text = pl.col("f").struct.field(f"field_{tasks.place(task, name)}")
        return (text.cast(pl.Int64, strict=False) if tasks.number_type(name) else text).alias(name)

    return frame.select([field(name) for name in {*columns, "log_status"}]).filter(OK).select(columns)


def summed(out):
    """Bytes in and out."""
    return [
        pl.when(out).then(0).otherwise(pl.col("bytes")).sum().alias("bytes_in"),
        pl.when(out).then(pl.col("bytes")).otherwise(0).sum().alias("bytes_out"),
    ]


def hour():
    return (pl.col("start") // 3600 * 3600).alias("hour")


def remotes(task, formulation):
    columns = ["interface_id", "srcaddr", "dstaddr", "bytes", "start", "end", "action"]
    if task["directed"]:
        columns.append("flow_direction")
        out = pl.col("flow_direction") == "egress"
    else:
        out = pl.col("srcaddr").is_in(task["addresses"])
    frame = source(task, formulation, columns, task["interface"]).filter(
        pl.col("interface_id") == task["interface"],
        pl.col("action") == "ACCEPT",
        pl.col("start") < task["to"],
        pl.col("end") >= task["from"],
    )
    remote = pl.when(out).then(pl.col("dstaddr")).otherwise(pl.col("srcaddr")).alias("remote")
    return frame.group_by(remote, hour()).agg(summed(out)).collect(engine="streaming")


def totals(task, formulation):
    columns = ["interface_id", "bytes", "start", "action"]
    if task["directed"]:
        frame = source(task, formulation, [*columns, "flow_direction"])
        out = pl.col("flow_direction") == "egress"
    else:
        own = pl.scan_csv(task["own"]).with_columns(out=pl.lit(True))
        frame = source(task, formulation, [*columns, "srcaddr"]).join(
            own, left_on=["interface_id", "srcaddr"], right_on=["interface", "address"], how="left"
        )
        out = pl.col("out").fill_null(False)
    frame = frame.filter(pl.col("action") == "ACCEPT")
    return frame.group_by("interface_id", hour()).agg(summed(out)).collect(engine="streaming")


def entries_of(task, addresses):
    """A frame of the addresses that are listed and their most specific entries."""
    four = addresses.filter(~pl.col("address").str.contains(":", literal=True))
    octets = pl.col("address").str.split_exact(".", 3)
    number = sum(octets.struct.field(f"field_{i}").cast(pl.Int64) * 256 ** (3 - i) for i in range(4))
    four = four.with_columns(number=number).sort("number")
    ranges = pl.read_csv(task["ranges"], schema={"low": pl.Int64, "high": pl.Int64, "entry": pl.String})
    hits = four.join_asof(ranges, left_on="number", right_on="low").filter(pl.col("number") <= pl.col("high"))
    networks = tasks.Networks(task["networks"])
    six = addresses.filter(pl.col("address").str.contains(":", literal=True))["address"].to_list()
    six = pl.DataFrame(
        [(address, networks.entry(address)) for address in six],
        schema={"address": pl.String, "entry": pl.String}, orient="row",
    ).drop_nulls()
    return pl.concat([hits.select("address", "entry"), six])


def listed(task, formulation):
    frame = source(task, formulation, ["interface_id", "srcaddr", "dstaddr", "bytes"])
    met = frame.group_by("interface_id", "srcaddr", "dstaddr").agg(pl.col("bytes").sum(), flows=pl.len())
    met = met.collect(engine="streaming")
    addresses = pl.concat([met["srcaddr"], met["dstaddr"]]).unique().alias("address").to_frame()
    hits = entries_of(task, addresses)
    met = met.join(hits, left_on="srcaddr", right_on="address", how="left")
    met = met.join(hits, left_on="dstaddr", right_on="address", how="left", suffix="_of_destination")
    entry = pl.coalesce("entry", "entry_of_destination").alias("entry")
    met = met.select("interface_id", entry, "bytes", "flows").drop_nulls("entry")
    return met.group_by("interface_id", "entry").agg(pl.col("bytes").sum(), pl.col("flows").sum())


def main():
    question = {"remotes": remotes, "listed": listed, "totals": totals}[TASK["question"]]
    print(question(TASK, FORMULATION).write_csv(include_header=False), end="")


main()
