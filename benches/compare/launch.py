"""Runs one pipeline and prints what it cost. A process of its own, and a small one: what a child shows as
its peak memory begins with that of the process that starts it.

Reads a JSON object from standard input: `stages` (commands, each reading what the one before writes),
`cores` (how many), `output`, `errors` (files).
"""

import json
import os
import sys
import time


def start(command, given, out, errors):
    """Starts a command; returns its process id."""
    actions = [
        (os.POSIX_SPAWN_DUP2, given, 0),
        (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_DUP2, errors, 2),
    ]
    return os.posix_spawnp(command[0], command, os.environ, file_actions=actions)


def main():
    asked = json.load(sys.stdin)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked["cores"]])
    output = os.open(asked["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    errors = os.open(asked["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    given = os.open(os.devnull, os.O_RDONLY)
    began = time.perf_counter()
    processes = []
    for place, command in enumerate(asked["stages"]):
        is_last = place == len(asked["stages"]) - 1
        # Neither end is inherited but where it is duplicated to.
        reading, writing = (given, output) if is_last else os.pipe()
        processes.append(start(command, given, writing, errors))
        os.close(given)
        if not is_last:
            os.close(writing)
            given = reading
    cost = {"cpu": 0.0, "wall": 0.0, "memory": 0, "codes": []}
    for process in processes:
        _, status, used = os.wait4(process, 0)
        cost["codes"].append(os.waitstatus_to_exitcode(status))
        cost["cpu"] += used.ru_utime + used.ru_stime
        cost["memory"] += used.ru_maxrss * 1024
    cost["wall"] = time.perf_counter() - began
    print(json.dumps(cost))


main()
