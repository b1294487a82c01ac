"""Calls share the process with the rest of the program: signals, threads, forks."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import flowproof
import pytest
from conftest import ENDLESS, LOGS, TESTDATA, command, rows, script

INTERRUPTED = f"""
import flowproof, threading, time

counted = 0

def count():
    global counted
    while True:
        counted += 1
        time.sleep(0.001)

threading.Thread(target=count, daemon=True).start()
print("asking", flush=True)
try:
    flowproof.query({str(LOGS)!r}, {ENDLESS!r})
except KeyboardInterrupt:
    print(counted > 100, flush=True)
    before = time.process_time()
    time.sleep(1)
    print(time.process_time() - before < 0.5, flush=True)
    print(flowproof.volumes({str(LOGS)!r}, by="interface"), flush=True)
"""


def test_a_signal_ends_a_call_within_a_second_and_its_work_too():
    program = script(INTERRUPTED)
    time.sleep(2)
    program.send_signal(signal.SIGINT)
    began = time.monotonic()
    # Other threads of Python went on meanwhile.
    assert program.stdout.readline() == "True\n"
    assert time.monotonic() - began < 1
    out, err = program.communicate(timeout=30)
    assert out == "True\n<flowproof.Answer: 2 rows, complete>\n", err
    assert program.returncode == 0


def test_calls_go_on_however_many_were_given_up_while_a_file_did_not_come(tmp_path):
    os.mkfifo(tmp_path / "list")
    text = f"""
import flowproof, os, signal
def stop(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, stop)
print("asking", flush=True)
for _ in range(os.cpu_count() + 2):
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        flowproof.scan({str(LOGS)!r}, lists={str(tmp_path / "list")!r})
    except TimeoutError:
        print("given up", flush=True)
print(flowproof.volumes({str(LOGS)!r}, by="interface"), flush=True)
os._exit(0)
"""
    out, err = script(text).communicate(timeout=60)
    assert out.splitlines()[-1] == "<flowproof.Answer: 2 rows, complete>", err
    assert out.count("given up") > os.cpu_count(), err


def test_a_handler_that_does_not_raise_ends_nothing():
    text = f"""
import flowproof, signal, threading
told = []
signal.signal(signal.SIGALRM, lambda *_: told.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.01)
print("asking", flush=True)
answer = flowproof.query({str(LOGS)!r}, "select count(*) from flow_logs a, flow_logs b, flow_logs c")
print(told, answer)
"""
    out, err = script(text).communicate(timeout=60)
    assert out == "[1] <flowproof.Answer: 1 row, complete>\n", err


def test_many_threads_have_the_same_answer():
    expected = command("volumes", "--logs", LOGS, "--by", "interface,remote", "--format", "json").json()
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: flowproof.volumes(LOGS, by=["interface", "remote"]), range(24))
        assert all(rows(answer) == expected for answer in answers)


ASK = f"flowproof.volumes({str(LOGS)!r}, by='interface')"
FORK = f"""
if os.fork() == 0:
    try:
        print({ASK}, flush=True)
    except flowproof.FlowproofError as error:
        print(type(error).__name__, error, flush=True)
    os._exit(0)
os.wait()
print({ASK}, flush=True)
"""
BEGIN = "import flowproof, os\nprint('asking', flush=True)\n"
WHOLE = "<flowproof.Answer: 2 rows, complete>\n"


def test_a_fork_after_a_call_is_refused_and_says_what_to_do():
    out, err = script(BEGIN + ASK + FORK).communicate(timeout=60)
    refused, parents = out.splitlines(keepends=True)
    assert refused.startswith("FlowproofError this process was forked"), err
    assert "spawn" in refused
    assert parents == WHOLE


def test_a_fork_before_the_first_call_does_no_harm():
    out, err = script(BEGIN + FORK).communicate(timeout=60)
    assert out == WHOLE * 2, err


def rows_of_a_file(name):
    return flowproof.volumes(TESTDATA / name, by="interface").num_rows


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_that_are_started_anew_can_ask(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(rows_of_a_file, ["v2_default.log", "ipv6.log"]) == [1, 1]


def test_a_call_costs_less_than_starting_the_command_and_50_ms():
    def fastest(ask):
        def seconds(_):
            began = time.perf_counter()
            ask()
            return time.perf_counter() - began

        return min(map(seconds, range(10)))

    tiny = TESTDATA / "v2_default.log"
    whole = fastest(lambda: command("volumes", "--logs", tiny, "--by", "interface"))
    call = fastest(lambda: flowproof.volumes(tiny, by="interface"))
    print(f"\na call {call * 1000:.1f} ms, the command {whole * 1000:.1f} ms")
    assert call < whole + 0.05
