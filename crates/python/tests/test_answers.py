"""Answers are those of the command."""

import json
from datetime import datetime, timedelta, timezone

import flowproof
import pytest
from conftest import LOGS, ROOT, TESTDATA, TOR_EXITS, WORKED, command, rows, same

FILES = sorted(path.relative_to(ROOT) for path in TESTDATA.glob("*.log*"))
KEYS = [
    ["interface"],
    ["interface", "remote"],
    ["account", "region", "local", "action", "protocol"],
    ["hour", "service"],
    ["day", "local_port", "remote_port"],
]


@pytest.mark.parametrize("by", KEYS, ids=",".join)
def test_volumes_are_those_of_the_command(by):
    told = command("volumes", "--logs", LOGS, "--by", ",".join(by), "--format", "json")
    answer = flowproof.volumes(LOGS, by=by)
    assert rows(answer) == told.json()
    assert answer.num_rows == len(told.json()) > 0
    same(answer, told)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_with_a_trait_is_read_as_by_the_command(path):
    told = command("volumes", "--logs", path, "--by", "interface,remote,hour", "--format", "json")
    if told.code == 1:
        with pytest.raises(flowproof.FlowproofError) as raised:
            flowproof.volumes(path, by=["interface", "remote", "hour"])
        assert str(raised.value).startswith(told.told("error")[0])
        return
    answer = flowproof.volumes(path, by=["interface", "remote", "hour"])
    assert rows(answer) == told.json()
    same(answer, told)


def test_the_options_of_volumes_are_those_of_the_command():
    eni = "eni-0a1b2c3d4e5f60001"
    told = command(
        "volumes", "--logs", LOGS, "--by", "remote", "--from", "2025-06-01T09:00:00Z", "--to", "2025-06-01T10:00:00Z",
        "--interface", eni, "--duplicates", "drop", "--threads", "1", "--account", "123456789012",
        "--region", "us-east-1", "--format", "json",
    )  # fmt: skip
    begin = datetime(2025, 6, 1, 11, tzinfo=timezone(timedelta(hours=2)))
    answer = flowproof.volumes(
        str(LOGS), by="remote", from_=begin, to="2025-06-01T10:00:00Z", interface=eni, duplicates="drop", threads=1,
        account=["123456789012"], region="us-east-1", memory="64MiB",
    )  # fmt: skip
    assert rows(answer) == told.json()
    assert 0 < answer.num_rows < flowproof.volumes(LOGS, by="remote").num_rows
    same(answer, told)


def test_another_account_leaves_nothing_to_answer_from():
    told = command("volumes", "--logs", LOGS, "--by", "interface", "--account", "210987654321", "--format", "json")
    answer = flowproof.volumes(LOGS, by="interface", account="210987654321")
    assert told.code == 4
    assert answer.num_rows == 0
    same(answer, told)


def test_formats_and_hidden_files_can_be_told(tmp_path):
    (tmp_path / "AWSLogs.md").write_text("eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 8400 1748736000 1748736060\n")
    text = "${interface-id} ${srcaddr} ${dstaddr} ${bytes} ${start} ${end}"
    told = command(
        "volumes", "--logs", tmp_path, "--include-all", "--format-string", text, "--by", "interface", "--format", "json"
    )
    answer = flowproof.volumes(tmp_path, by="interface", include_all=True, format_string=text)
    assert rows(answer) == told.json()
    assert len(told.json()) == 1
    same(answer, told)


def test_an_inventory_tells_whose_interfaces_are_whose(tmp_path):
    command("sample", tmp_path / "demo", "--records", "2000", "--seed", "7")
    logs, inventory = tmp_path / "demo/logs", tmp_path / "demo/inventory.json"
    told = command("volumes", "--logs", logs, "--inventory", inventory, "--by", "instance", "--format", "json")
    answer = flowproof.volumes(logs, by="instance", inventory=inventory)
    assert rows(answer) == told.json()
    same(answer, told)


def test_scans_are_those_of_the_command():
    lists, trusted = TOR_EXITS, WORKED / "internal-trusted.txt"
    told = command("scan", "--logs", LOGS, "--list", lists, "--trusted", trusted, "--format", "json")
    answer = flowproof.scan(LOGS, lists=lists, trusted=trusted)
    same_scan(answer, told)
    assert answer.num_rows > 0


@pytest.mark.parametrize("internal", [False, True])
def test_doubtful_lists_are_told_of_as_by_the_command(internal):
    lists = ["testdata/lists/doubtful.txt", "testdata/lists/hosting.txt"]
    flags = ["--include-internal"] * internal
    told = command("scan", "--logs", LOGS, "--list", lists[0], "--list", lists[1], "--format", "json", *flags)
    answer = flowproof.scan(LOGS, lists=lists, include_internal=internal)
    same_scan(answer, told)
    assert answer.warnings


def test_lists_can_be_read_in_a_format_that_is_named(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("id,where\n1,203.0.113.9\n2,203.0.0.0/7\n")
    told = command(
        "scan", "--logs", LOGS, "--list", path, "--list-format", "csv", "--list-column", "where", "--allow-wide",
        "--format", "json",
    )  # fmt: skip
    answer = flowproof.scan(LOGS, lists=[path], list_format="csv", list_column="where", allow_wide=True)
    same_scan(answer, told)
    assert answer.lists[0]["entries"] == 2


def same_scan(answer, told):
    document = told.json()
    assert rows(answer) == document["rows"]
    assert answer.coverage == document["coverage"]
    assert answer.total == document["total"]
    assert answer.suppressed == document["suppressed"]
    assert answer.internal == document["internal"]
    assert answer.lists == document["lists"]
    same(answer, told)


QUERIES = [
    "select * from flow_logs",
    "select * from traffic",
    "select count(*) as n, sum(bytes) as bytes from traffic where direction = 'egress'",
    "select remote, list_matches(remote) as entries, sum(bytes) as bytes from traffic group by remote",
    "select date_trunc('hour', start) as hour, avg(bytes) as mean from traffic group by 1 order by 1 desc",
    "select 1 as one where false",
]


@pytest.mark.parametrize("sql", QUERIES)
def test_queries_are_answered_as_by_the_command(sql):
    told = command("query", "--logs", LOGS, "--list", TOR_EXITS, "--format", "json", sql)
    answer = flowproof.query(LOGS, sql, lists=TOR_EXITS)
    assert rows(answer) == told.json()
    same(answer, told)


def test_all_columns_of_all_versions_are_those_of_the_command():
    for name in ["v11_all_fields.log", "ecs_v7.log", "ipv6.log"]:
        told = command("query", "--logs", TESTDATA / name, "--format", "json", "select * from flow_logs")
        assert rows(flowproof.query(TESTDATA / name, "select * from flow_logs")) == told.json()


def test_objects_and_coverage_are_those_of_an_investigation():
    told = command("investigate", "--logs", LOGS, "--interface", "eni-0a1b2c3d4e5f60001", "--format", "json").json()
    answer = flowproof.volumes(LOGS, by="interface")
    assert [each["object"] for each in answer.objects] == [each["object"] for each in told["evidence"]]
    assert {each["outcome"] for each in answer.objects} == {"read"}
    assert answer.coverage["objects"] == told["coverage"]["objects"]
    assert json.dumps(answer.coverage)


def test_several_places_are_one_selection():
    places = [TESTDATA / "v2_default.log", str(TESTDATA / "ipv6.log")]
    told = command("volumes", "--logs", *places, "--by", "interface,remote", "--format", "json")
    assert rows(flowproof.volumes(places, by=("interface", "remote"))) == told.json()
