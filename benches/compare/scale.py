"""Prints the tables of docs/scale.md that are computed: what a question costs on how much, by the constants
below. Nothing is measured here. `python3 benches/compare/scale.py --write` puts them into the page."""

import argparse
import pathlib

# Compressed bytes a second that one vCPU reads, inflates, decodes and adds up, with all vCPUs at work.
R = 36e6
# Mean bytes of an object.
OBJECT = 10e6
# Keys a second that a client lists.
LISTED = 10_000
# Seconds to plan, to hand out the first parts and to ask for the last.
START = 10
# Bytes of a row of partial aggregates on its way, and rows a second that a client adds up.
ROW, MERGED = 150, 5e6
# Bytes that the scheduler's store keeps for an object, and has room for; bytes that a client remembers of one.
TOLD, STORE, REMEMBERED = 200, 4 << 30, 300
# Bytes of a part, the most parts, and how many each slot (a vCPU) gets at least.
PART, PARTS, OF_A_SLOT = 64 << 20, 1024, 4
# vCPUs, bytes a second that last, dollars an hour: an executor's machine (c7i.2xlarge), and a large one
# (c7i.48xlarge).
VCPUS, NETWORK, HOUR = 8, 3.125e9 / 8, 0.36
LARGE_VCPUS, LARGE_NETWORK, LARGE_HOUR = 192, 50e9 / 8, 8.57
# Dollars for a thousand GETs, for a thousand LISTs, and for 10^12 bytes that Athena scans.
GET, LIST, ATHENA = 0.0004, 0.005, 5.0

TB = 1e12
SIZES = {"10 TB": 10 * TB, "100 TB": 100 * TB, "1 PB": 1000 * TB}
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/scale.md"


def parts(size, machines):
    return max(min(-(-size // PART), PARTS), machines * VCPUS * OF_A_SLOT)


def duration(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def amount(count):
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:.0f} "


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def seconds(size, machines, vcpus=VCPUS, network=NETWORK):
    """Reading alone: whichever is slower, processors or network."""
    return max(size / (machines * vcpus * R), size / (machines * network))


def reading():
    rows = []
    for name, size in SIZES.items():
        objects = size / OBJECT
        rows.append([
            name,
            f"{amount(objects).strip()}",
            duration(objects / LISTED),
            f"{parts(size, 64):.0f}",
            f"{amount(size / parts(size, 64))}B",
            f"{size / R / 3600:,.0f}",
            *(duration(START + objects / LISTED + seconds(size, machines)) for machines in (8, 64)),
            *(f"{machines * HOUR / 3600 * (START + objects / LISTED + seconds(size, machines)):,.2f}" for machines in (8, 64)),
            f"{objects * GET / 1000 + objects / 1000 * LIST / 1000:,.2f}",
        ])
    head = ["stored", "objects", "listing", "parts of 64", "bytes a part", "vCPU hours", "8 executors", "64 executors"]
    return table([*head, "8: $", "64: $", "S3 requests, $"], rows)


def merging():
    rows = []
    for groups in (4_000, 100_000, 1_000_000):
        count = groups * PARTS
        sent = count * ROW
        rows.append([
            f"{groups:,}",
            amount(count).strip(),
            f"{amount(sent)}B",
            duration(sent / NETWORK),
            duration(count / MERGED),
        ])
    return table(["groups in each part", "rows", "bytes", "to fetch", "to add up"], rows)


def limits():
    rows = []
    for name, size in SIZES.items():
        objects = size / OBJECT
        told = objects * TOLD
        fits = "yes" if told <= STORE else f"no: objects of {size / (STORE / TOLD) / 1e6:.0f} MB would"
        rows.append([name, f"{amount(told)}B", fits, f"{amount(objects * REMEMBERED)}B"])
    return table(["stored", "names in the store", "has it room?", "client's memory for objects"], rows)


def others():
    rows = []
    for name, size in SIZES.items():
        alone = START + seconds(size, 1, LARGE_VCPUS, LARGE_NETWORK)
        cluster = START + size / OBJECT / LISTED + seconds(size, 64)
        rows.append([
            name,
            duration(cluster),
            f"{64 * HOUR / 3600 * cluster:,.0f}",
            duration(alone),
            f"{LARGE_HOUR / 3600 * alone:,.0f}",
            f"{size / TB * ATHENA:,.0f}",
        ])
    return table(["stored", "64 executors", "$", "one large machine", "$", "Athena, $"], rows)


TABLES = {"reading": reading, "merging": merging, "limits": limits, "others": others}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into the page")
    if not parser.parse_args().write:
        print("\n\n".join(make() for make in TABLES.values()))
        return
    text = PAGE.read_text()
    for name, make in TABLES.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{make()}\n<!-- /{name} -->{after}"
    before, rest = text.split("<!-- R -->")
    PAGE.write_text(f"{before}<!-- R -->{R / 1e6:.0f} MB<!-- /R -->{rest.split('<!-- /R -->')[1]}")


main()
