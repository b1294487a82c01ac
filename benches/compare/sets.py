"""The sets that are measured: made by `flowproof sample`, with a Parquet twin, and what peers need beside."""

import csv
import gzip
import ipaddress
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
#: Records of an object: about 14 MB of text in the default format.
RECORDS_OF_AN_OBJECT = 125_000
LIST_ENTRIES = 100_000


@dataclass
class Set:
    """One set on the disk."""

    name: str
    folder: Path
    #: `v2` or `v5`.
    format: str

    @property
    def logs(self):
        return self.folder / "logs"

    def root(self, encoding):
        """The folder above all objects: the text, its Parquet twin, or what `collect` made of the text."""
        if encoding == "text":
            return self.logs
        return self.folder.with_name(f"{self.name}-{encoding}")

    @property
    def threats(self):
        return self.folder / "threats.txt"

    @property
    def inventory(self):
        return self.folder / "inventory.json"

    def beside(self, name):
        """A file that is made of the set's own for the peers."""
        return self.folder / "beside" / name

    def answer(self):
        return json.loads((self.folder / "answer.json").read_text())

    def interfaces(self):
        """All interfaces, each with its own addresses."""
        described = json.loads(self.inventory.read_text())["NetworkInterfaces"]
        return [
            (
                one["NetworkInterfaceId"],
                [one["PrivateIpAddress"], *(v6["Ipv6Address"] for v6 in one["Ipv6Addresses"])],
            )
            for one in described
        ]

    def objects(self, encoding):
        """The paths of all objects, in the order of their stamps."""
        pattern = "*.log.gz" if encoding == "text" else "*.parquet"
        return sorted(str(path) for path in self.root(encoding).rglob(pattern))

    def columns(self):
        """The columns of the objects, with underscores."""
        with gzip.open(self.objects("text")[0]) as text:
            return text.readline().decode().replace("-", "_").split()


def prepare(folder, format_name, records, encoding, generator, flowproof, say):
    """The set of so many records in a format, with what the encoding needs; made if it is not there."""
    name = f"{format_name}-{short(records)}"
    made = Set(name, folder / name, format_name)
    options = ["--formats", format_name, "--list-entries", str(LIST_ENTRIES)]
    sample(made, records, files_of(records), options, generator, say)
    if not made.beside("whole").is_file():
        say(f"{name}: making what the peers need beside")
        write_beside(made)
    if encoding != "text":
        twin = made.root("parquet")
        make(made, twin, [sys.executable, str(HERE / "twin.py"), str(made.logs), str(twin)], say)
    if encoding == "collected":
        collected = made.root("collected")
        make(made, collected, [flowproof, "collect", "--logs", str(made.logs), "--to", str(collected)], say)
    return made


def make(made, target, command, say):
    """Makes a folder out of a set by a command, once. If it cannot be made, whoever reads it has no answer."""
    done = made.beside(f"{target.name}-is-whole")
    if done.is_file():
        return
    say(f"{made.name}: making {target.name}")
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0:
        done.touch()


def sample(made, records, files, options, flowproof, say):
    """Makes a set's text objects if they are not there."""
    if (made.folder / "answer.json").is_file():
        return
    say(f"{made.name}: making it")
    command = [flowproof, "sample", str(made.folder), "--records", str(records), "--files", str(files)]
    subprocess.run([*command, "--peers", "internet", *options], check=True, stdout=sys.stderr)


def files_of(records):
    return max(1, records // RECORDS_OF_AN_OBJECT)


def short(records):
    """A number of records as sets are called."""
    return f"{records // 1_000_000}m" if records % 1_000_000 == 0 else f"{records // 1000}k"


def write_beside(made):
    """The inventory and the list in the shapes that the peers' formulations want."""
    made.beside("").mkdir(exist_ok=True)
    own = [(interface, address) for interface, addresses in made.interfaces() for address in addresses]
    write_csv(made.beside("own.csv"), ["interface", "address"], own)
    lines = made.threats.read_text().splitlines()
    entries = [(ipaddress.ip_network(line), line) for line in lines if not line.startswith("#")]
    prefixes = [(str(network), entry) for network, entry in entries]
    write_csv(made.beside("entries.csv"), ["prefix", "entry"], prefixes)
    for name, version in [("ranges.csv", 4), ("networks.csv", 6)]:
        family = [(network, entry) for network, entry in entries if network.version == version]
        write_csv(made.beside(name), ["low", "high", "entry"], flattened(family))
    made.beside("whole").touch()


def write_csv(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def flattened(entries):
    """Ranges that do not overlap, each with the most specific entry that holds it.

    Prefixes are nested or apart, so the entries that hold an address are a stack.
    """
    ranges, stack, at = [], [], 0

    def up_to(end):
        """Closes the range that runs up to `end` (not included), if it is not empty."""
        nonlocal at
        if stack and at < end:
            ranges.append((at, end - 1, stack[-1][1]))
        at = max(at, end)

    for network, entry in sorted(entries, key=lambda pair: (int(pair[0].network_address), pair[0].prefixlen)):
        low, high = int(network.network_address), int(network.broadcast_address)
        while stack and stack[-1][0] < low:
            up_to(stack[-1][0] + 1)
            stack.pop()
        up_to(low)
        at = low
        stack.append((high, entry))
    while stack:
        up_to(stack[-1][0] + 1)
        stack.pop()
    return ranges
