"""Errors say what to do, by their class and in words."""

from datetime import date, datetime

import flowproof
import pytest
from conftest import LOGS, TESTDATA, TOR_EXITS

BAD_ARGUMENTS = [
    ({"by": "colour"}, "colour"),
    ({"by": []}, "no key"),
    ({"by": ["hour", "hour"]}, "hour is named twice"),
    ({"from_": "yesterday"}, "from_: `yesterday` is no time with a zone"),
    ({"from_": "2025-06-01T00:00:00"}, "is no time with a zone"),
    ({"to": datetime(2025, 6, 1)}, "to: 2025-06-01 00:00:00 has no zone"),
    ({"from_": "2025-06-02T00:00:00Z", "to": "2025-06-01T00:00:00Z"}, "is not after"),
    ({"threads": 0}, "threads must be from 1 to 1024"),
    ({"threads": 5000}, "threads must be from 1 to 1024"),
    ({"threads": -1}, "threads: "),
    ({"memory": -1}, "memory: "),
    ({"account": "\ud800"}, "account: "),
    ({"memory": "lots"}, "memory: `lots` is no size"),
    ({"format_string": "${colour"}, "format_string"),
    ({"duplicates": "perhaps"}, "neither `keep` nor `drop`"),
    ({"s3_attempts": 0}, "s3_attempts"),
    ({"instance": "i-0aaaabbbbcccc0009"}, "cannot attribute records to an instance"),
    ({"inventory": "README.md"}, "README.md: expected"),
    ({"inventory": "s3://bucket/inventory.json"}, "fetch the file first"),
]  # fmt: skip


@pytest.mark.parametrize("arguments, text", BAD_ARGUMENTS)
def test_what_cannot_be_used_is_a_usage_error(arguments, text):
    with pytest.raises(flowproof.UsageError) as raised:
        flowproof.volumes(TESTDATA / "v2_default.log", **{"by": "interface", **arguments})
    assert text in str(raised.value)
    assert isinstance(raised.value, ValueError)
    assert isinstance(raised.value, flowproof.FlowproofError)


WRONG_TYPES = [
    {"threads": "two"},
    {"threads": 1.5},
    {"memory": []},
    {"account": 123456789012},
    {"from_": 1748736000},
    {"from_": date(2025, 6, 1)},
    {"include_all": "yes"},
    {"colour": "blue"},
]


@pytest.mark.parametrize("arguments", WRONG_TYPES, ids=str)
def test_what_is_of_the_wrong_type_is_a_type_error_that_names_it(arguments):
    with pytest.raises(TypeError, match=next(iter(arguments))):
        flowproof.volumes(LOGS, by="interface", **arguments)


@pytest.mark.parametrize("logs", [[], "-"])
def test_logs_must_be_named(logs):
    with pytest.raises(flowproof.UsageError, match="logs"):
        flowproof.volumes(logs, by="interface")


def test_what_is_not_there_is_a_source_error(tmp_path):
    for ask in [
        lambda: flowproof.volumes(tmp_path / "none", by="interface"),
        lambda: flowproof.scan(LOGS, lists=tmp_path / "none"),
        lambda: flowproof.volumes(LOGS, by="interface", inventory=tmp_path / "none"),
        lambda: flowproof.investigate(LOGS, finding=tmp_path / "none"),
    ]:
        with pytest.raises(flowproof.SourceError, match="none") as raised:
            ask()
        assert isinstance(raised.value, OSError)


def test_a_folder_is_no_file(tmp_path):
    for ask in [
        lambda: flowproof.scan(LOGS, lists=tmp_path),
        lambda: flowproof.volumes(LOGS, by="interface", inventory=tmp_path),
    ]:
        with pytest.raises(flowproof.SourceError, match="directory"):
            ask()


def test_a_store_that_does_not_answer_is_a_source_error(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(flowproof.SourceError, match="bucket"):
        flowproof.volumes(
            "s3://bucket/logs/", by="interface", endpoint_url="http://127.0.0.1:9", path_style=True,
            s3_region="us-east-1", s3_attempts=1,
        )  # fmt: skip


@pytest.mark.parametrize(
    "sql", ["select", "select colour from flow_logs", "drop table flow_logs", "copy flow_logs to 'x.csv'", ""]
)
def test_wrong_sql_is_a_query_error(sql):
    with pytest.raises(flowproof.QueryError):
        flowproof.query(LOGS, sql)


def test_a_query_that_fails_midway_is_a_query_error():
    with pytest.raises(flowproof.QueryError, match="(?i)divide by zero"):
        flowproof.query(LOGS, "select bytes / 0 from flow_logs")


def test_a_total_that_does_not_fit_is_an_error_and_no_wrong_number():
    with pytest.raises(flowproof.FlowproofError, match="(?i)overflow|64 bits"):
        flowproof.volumes(TESTDATA / "counters.log", by="action")


def test_a_total_of_several_rows_that_does_not_fit_is_the_same_error(tmp_path):
    record = "2 123456789012 eni-0a1b2c3d4e5f60001 10.0.1.5 203.0.113.9 49152 443 6 1 {} {} {} ACCEPT OK\n"
    text = record.format(2**64 - 1, 1748736000, 1748736060) + record.format(1000, 1748743200, 1748743260)
    (tmp_path / "a.log").write_text(text)
    with pytest.raises(flowproof.QueryError, match="64 bits"):
        flowproof.investigate(tmp_path, address="10.0.1.5")


def test_lists_that_are_none_are_refused():
    with pytest.raises(flowproof.UsageError, match="page.html looks like HTML"):
        flowproof.scan(LOGS, lists="testdata/lists/page.html")
    with pytest.raises(flowproof.UsageError, match="a list is needed"):
        flowproof.scan(LOGS, lists=[], trusted=TOR_EXITS)
    with pytest.raises(flowproof.UsageError, match="list_format"):
        flowproof.scan(LOGS, lists=TOR_EXITS, list_format="pdf")
