"""The questions that all contestants are asked."""

import datetime
import json
import re
from dataclasses import dataclass

#: The interface of J1: one of the busier ones, with IPv4 and IPv6 addresses.
PLACE_OF_THE_INTERFACE = 19
STAMP = re.compile(r"_(\d{8}T\d{4})Z_")
#: A record's end can lie so long after the window that its start is in: an aggregation interval and
#: a minute of delay. Objects are named after the ends.
LATEST_END = datetime.timedelta(minutes=11)
FIVE_MINUTES = datetime.timedelta(minutes=5)


@dataclass
class Question:
    """One job over one set in one encoding."""

    #: `j1`, `j2`, `j3`, `j3-learned` or `hour`.
    job: str
    title: str
    made: object
    #: `text`, `parquet` or `collected`.
    encoding: str
    interface: str
    addresses: list
    begin: datetime.datetime
    end: datetime.datetime

    @property
    def kind(self):
        """What rows the answer has."""
        return {"j1": "remotes", "hour": "remotes", "j2": "listed"}.get(self.job, "totals")

    @property
    def directed(self):
        """Whether records tell their direction themselves."""
        return self.made.format == "v5"

    @property
    def name(self):
        return f"{self.made.format}-{self.encoding}-{self.job}"

    def files(self):
        """The objects that have to be read. Only `hour` can leave any out."""
        files = self.made.objects(self.encoding)
        if self.job != "hour":
            return files
        first = floor(self.begin)
        return [file for file in files if first <= stamp(file) < self.end + LATEST_END]

    def task(self, threads):
        """For the peers' programs; see `peers/task.py`."""
        beside = self.made.beside
        return {
            "question": self.kind,
            "encoding": self.encoding,
            "directed": self.directed,
            "columns": self.made.columns(),
            "files": self.files(),
            "root": str(self.made.root(self.encoding)),
            "interface": self.interface,
            "addresses": self.addresses,
            "from": int(self.begin.timestamp()),
            "to": int(self.end.timestamp()),
            **{name: str(beside(f"{name}.csv")) for name in ("own", "entries", "ranges", "networks")},
            "threads": threads,
        }

    def write_task(self, folder, threads):
        path = folder / f"{self.name}-{threads}.json"
        path.write_text(json.dumps(self.task(threads)))
        return str(path)


def stamp(path):
    """The beginning of the five minutes that an object is named after."""
    text = STAMP.search(path).group(1)
    return datetime.datetime.strptime(text, "%Y%m%dT%H%M").replace(tzinfo=datetime.UTC)


def floor(time):
    return time - datetime.timedelta(minutes=time.minute % 5, seconds=time.second)


TITLES = {
    "j1": "J1: one interface in a window, bytes each way per remote and hour",
    "j2": "J2: every address against a list of 100,000 entries, bytes and flows per interface and most specific entry",
    "j3": "J3: bytes each way per interface and hour",
    "j3-learned": "J3 without an inventory: the sides are learned from the records",
    "hour": "One hour: J1 in a window of an hour, objects pruned by their names",
}


def question(job, made, encoding):
    """A job over a set. The window of J1 reaches into the first and the last object, so that nothing
    can be pruned by name."""
    interface, addresses = made.interfaces()[PLACE_OF_THE_INTERFACE]
    stamps = [stamp(file) for file in made.objects("text")]
    begin = stamps[0] + datetime.timedelta(minutes=2)
    end = stamps[-1] + datetime.timedelta(minutes=3)
    if job == "hour":
        begin = floor(begin + (end - begin) / 3)
        end = min(end, begin + datetime.timedelta(hours=1))
    return Question(job, TITLES[job], made, encoding, interface, addresses, begin, end)
