"""What the tests share: the command, whose answers are the right ones, and test data."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pyarrow
import pytest

ROOT = Path(__file__).resolve().parents[3]
TESTDATA = ROOT / "testdata"
WORKED = TESTDATA / "worked"
LOGS = WORKED / "logs"
TOR_EXITS = WORKED / "tor-exits.txt"

# A query over the worked investigation that is not through within hours.
ENDLESS = "select count(*) from " + ", ".join(f"flow_logs t{n}" for n in range(9))


@dataclass
class Told:
    """What the command said."""

    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)

    def told(self, kind):
        """The lines of standard error of one kind: warning, note or error."""
        start = f"{kind}: "
        return [line.removeprefix(start) for line in self.err.splitlines() if line.startswith(start)]


def command(*args):
    """Runs the command, which the environment names."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FLOWPROOF_", "AWS_"))}
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    args = [os.environ["FLOWPROOF"], *map(str, args)]
    ran = subprocess.run(args, capture_output=True, text=True, env=environment, cwd=ROOT)
    return Told(ran.returncode, ran.stdout, ran.stderr)


def rows(answer):
    """The rows of an answer as the command's JSON has them."""
    return [{name: plain(value) for name, value in row.items()} for row in pyarrow.table(answer).to_pylist()]


def plain(value):
    """A value as JSON has it: times are text."""
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def same(answer, told):
    """An answer says of itself what the command said of it on standard error and by its exit code."""
    assert answer.warnings == told.told("warning")
    assert answer.notes == told.told("note")
    assert answer.complete == (told.code == 0), told


def script(text):
    """Starts a Python program that has the package, and waits until it says that it is about to ask.

    It is killed after a minute, so that one that never ends is a failure and not a hang.
    """
    program = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    timer = threading.Timer(60, program.kill)
    timer.daemon = True
    timer.start()
    assert program.stdout.readline() == "asking\n", program.communicate()
    return program


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    """Paths are as in the documentation, so that names in messages are the command's."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
