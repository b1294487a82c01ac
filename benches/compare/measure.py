"""Runs commands and tells what they cost."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).resolve().parent / "launch.py"


@dataclass
class Cost:
    """What one run cost."""

    #: User and system CPU seconds of all processes.
    cpu: float
    wall: float
    #: Peak resident memory in bytes; of a pipeline, the sum over its processes.
    memory: int


class Failed(Exception):
    """A command ended with an error."""


def run(stages, cores, output, errors):
    """Runs a pipeline on the first `cores` cores; its output goes to a file, and what it complains of
    to another. Returns the cost."""
    asked = {"stages": stages, "cores": cores, "output": str(output), "errors": str(errors)}
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
    done = subprocess.run(launcher, input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{stages[0][0]} could not be started: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    if any(told["codes"]):
        complaint = errors.read_text(errors="replace").strip().splitlines()[-5:]
        raise Failed(f"{stages[-1][0]} ended with {told['codes']}: " + "\n".join(complaint))
    return Cost(told["cpu"], told["wall"], told["memory"])


def best_formulations(costs, contestants, slack):
    """Of each peer's formulations, those within `slack` of its best one's CPU time."""
    best = {}
    for one in contestants:
        if one.name in costs:
            best[one.who] = min(best.get(one.who, float("inf")), costs[one.name].cpu)
    return [
        one
        for one in contestants
        if one.name in costs and (not one.answers or costs[one.name].cpu <= slack * best[one.who])
    ]
