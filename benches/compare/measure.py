"""Runs commands and tells what they cost."""

import os
import subprocess
import time
from dataclasses import dataclass


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


def run(stages, threads, output, errors):
    """Runs a pipeline on the first `threads` cores; its output goes to a file, and what it
    complains of to another. Returns the cost."""
    cores = set(sorted(os.sched_getaffinity(0))[:threads])
    began = time.perf_counter()
    processes = []
    with open(output, "wb") as out, open(errors, "wb") as err:
        given = subprocess.DEVNULL
        for place, command in enumerate(stages):
            is_last = place == len(stages) - 1
            process = subprocess.Popen(
                command,
                stdin=given,
                stdout=out if is_last else subprocess.PIPE,
                stderr=err,
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )
            if given is not subprocess.DEVNULL:
                given.close()
            given = process.stdout
            processes.append(process)
        cost = Cost(0.0, 0.0, 0)
        codes = []
        for process in processes:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            codes.append(process.returncode)
            cost.cpu += used.ru_utime + used.ru_stime
            cost.memory += used.ru_maxrss * 1024
    cost.wall = time.perf_counter() - began
    if any(codes):
        told = errors.read_text(errors="replace").strip().splitlines()[-5:]
        raise Failed(f"{stages[-1][0]} ended with {codes}: " + "\n".join(told))
    return cost


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
