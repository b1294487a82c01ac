"""Investigations are those of the command."""

import json
from datetime import timedelta

import flowproof
import pytest
from conftest import LOGS, TESTDATA, TOR_EXITS, WORKED, command, same

FINDING = WORKED / "finding.json"
ENI = "eni-0a1b2c3d4e5f60001"


def told_as(format, *args):
    return command("investigate", "--logs", LOGS, "--format", format, *args)


@pytest.fixture(scope="module")
def worked():
    return flowproof.investigate(LOGS, finding=FINDING, lists=TOR_EXITS)


def test_the_worked_investigation_has_the_answer_worked_out_by_hand(worked):
    assert worked.status == "corroborated"
    assert worked.complete is True
    assert worked.raise_if_incomplete() is worked
    assert repr(worked) == "<flowproof.Investigation: corroborated, complete>"
    traffic = worked.to_dict()["claimed_traffic"]
    assert (traffic["bytes_in"], traffic["bytes_out"], traffic["flows"]) == (2369832, 33499988, 24)


def test_all_formats_are_those_of_the_command(worked):
    options = ["--finding", FINDING, "--list", TOR_EXITS]
    told = told_as("json", *options)
    document = told.json()
    assert worked.to_dict() == document
    assert worked.reasons == document["verdict"]["reasons"]
    assert worked.remotes == document["remotes"]
    assert worked.timeline == document["timeline"]
    assert worked.coverage == document["coverage"]
    assert worked.text() == told_as("text", *options).out
    assert worked.markdown() == told_as("markdown", *options).out
    assert worked.html() == told_as("html", *options).out
    same(worked, told)


def test_a_finding_may_be_a_file_bytes_or_a_dict(worked):
    for finding in [str(FINDING), FINDING.read_bytes(), json.loads(FINDING.read_bytes())]:
        assert flowproof.investigate(LOGS, finding=finding, lists=TOR_EXITS).to_dict() == worked.to_dict()


def test_the_options_are_those_of_the_command():
    told = told_as(
        "json", "--finding", FINDING, "--trusted", WORKED / "internal-trusted.txt", "--list", TOR_EXITS, "--peers",
        "--baseline", "1h", "--slack", "30m", "--named", "198.51.100.7", "--from", "2025-06-01T10:00:00Z",
        "--to", "2025-06-01T12:00:00Z",
    )  # fmt: skip
    asked = flowproof.investigate(
        LOGS, finding=FINDING, trusted=WORKED / "internal-trusted.txt", lists=[TOR_EXITS], peers=True,
        baseline=timedelta(hours=1), slack="30m", named="198.51.100.7", from_="2025-06-01T10:00:00Z",
        to="2025-06-01T12:00:00Z",
    )  # fmt: skip
    assert asked.to_dict() == told.json()
    assert asked.to_dict()["baseline"] and asked.to_dict()["peers"]
    same(asked, told)


@pytest.mark.parametrize(
    "options, keywords",
    [
        (["--interface", ENI], {"interface": ENI}),
        (["--instance", "i-0aaaabbbbcccc0001"], {"instance": "i-0aaaabbbbcccc0001"}),
        (["--address", "10.0.1.5"], {"address": ["10.0.1.5"]}),
        (["--interface", ENI, "--baseline", "1h", "--peers"], {"interface": ENI, "baseline": "1h", "peers": True}),
    ],
    ids=str,
)
def test_a_subject_may_be_named_without_a_finding(options, keywords):
    told = told_as("json", *options)
    asked = flowproof.investigate(LOGS, **keywords)
    assert asked.to_dict() == told.json()
    same(asked, told)


@pytest.mark.parametrize("path", sorted((TESTDATA / "findings").glob("*.json*")), ids=lambda path: path.name)
def test_findings_of_every_envelope_are_judged_as_by_the_command(path):
    told = told_as("jsonl", "--finding", path)
    documents = [json.loads(line) for line in told.out.splitlines()]
    if len(documents) == 1:
        asked = flowproof.investigate(LOGS, finding=path)
        assert asked.to_dict() == documents[0]
        same(asked, told)
    else:
        with pytest.raises(flowproof.UsageError, match=f"{len(documents)} findings are there"):
            flowproof.investigate(LOGS, finding=path)


def test_logs_that_are_damaged_make_it_incomplete():
    path = TESTDATA / "truncated.log.gz"
    told = command("investigate", "--logs", path, "--interface", ENI, "--format", "json")
    asked = flowproof.investigate(path, interface=ENI)
    assert told.code == 3
    assert asked.to_dict() == told.json()
    assert repr(asked) == "<flowproof.Investigation: inconclusive, INCOMPLETE: 1 object could not be read>"
    with pytest.raises(flowproof.IncompleteError, match="1 object could not be read"):
        asked.raise_if_incomplete()


@pytest.mark.parametrize(
    "keywords, text",
    [
        ({}, "name a finding, an instance, an interface or an address"),
        ({"finding": b"{}"}, "there is no finding to judge in finding"),
        ({"finding": TOR_EXITS}, "tor-exits.txt: "),
        ({"interface": ENI, "slack": "soon"}, "slack: `soon` is no span"),
        ({"interface": ENI, "slack": timedelta(minutes=-1)}, "slack"),
        ({"interface": ENI, "baseline": "-1h"}, "baseline"),
        ({"address": "10.0.1"}, "`10.0.1` is no IP address"),
    ],
)
def test_what_cannot_be_used_is_a_usage_error(keywords, text):
    with pytest.raises(flowproof.UsageError) as raised:
        flowproof.investigate(LOGS, **keywords)
    assert text in str(raised.value)


@pytest.mark.parametrize("asked, said", [
    ({"instance": "i-0aaaabbbbcccc0002"}, "the finding is about i-0aaaabbbbcccc0001"),
    ({"to": "2025-06-01T08:50:00Z"}, "end at 2025-06-01T08:50:00Z"),
    ({"from_": "2025-06-02T00:00:00Z"}, "begin at 2025-06-02T00:00:00Z"),
], ids=str)
def test_what_makes_a_question_about_something_else_than_the_finding_is_refused(asked, said):
    with pytest.raises(flowproof.UsageError, match=said):
        flowproof.investigate(LOGS, finding=FINDING, **asked)
