"""What a peer is asked, and how it answers. Read by each peer's program.

A task is a JSON file with
  question    "remotes" (J1), "listed" (J2) or "totals" (J3)
  encoding    "text" or "parquet"
  directed    whether records tell their direction themselves
  columns     all columns of a record in order, with underscores
  files, root the objects, and the folder above them all
  interface, addresses, from, to   of "remotes": whose records, its own addresses, seconds since 1970
  own         CSV `interface,address`: the own addresses of all interfaces
  entries     CSV `prefix,entry`: the list, each entry as a prefix
  ranges      CSV `low,high,entry`: the IPv4 part as ranges that do not overlap, the most specific entry
              of each, addresses as numbers
  networks    CSV `low,high,entry`: the same of the IPv6 part
  threads     how many may be used
"""

import bisect
import csv
import ipaddress
import json
import sys


def read():
    """The task and the name of the formulation, from the command line."""
    with open(sys.argv[1], encoding="utf-8") as file:
        return json.load(file), sys.argv[2]


def answer(rows):
    """Writes rows to standard output."""
    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)


def number_type(name):
    """Whether a column holds numbers."""
    return name in {
        "version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end",
        "tcp_flags", "traffic_path",
    }


def place(task, name):
    """Where a column stands in a line, from 0."""
    return task["columns"].index(name)


class Networks:
    """The IPv6 part of the list. DuckDB and Polars have no IPv6 addresses; there are few different ones."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            rows = [(int(low), int(high), entry) for low, high, entry in list(csv.reader(file))[1:]]
        self.lows = [low for low, _, _ in rows]
        self.rows = rows

    def entry(self, address):
        """The most specific entry that holds an address; `None` if none does."""
        number = int(ipaddress.IPv6Address(address))
        at = bisect.bisect_right(self.lows, number) - 1
        if at < 0 or number > self.rows[at][1]:
            return None
        return self.rows[at][2]
