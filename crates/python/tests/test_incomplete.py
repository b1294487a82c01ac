"""A partial answer is never mistaken for a whole one."""

import flowproof
import pytest
from conftest import LOGS, TESTDATA, command

PARTIAL = ["truncated.log.gz", "wrong_checksum.log.gz", "malformed.log", "bad_time.log"]


def test_a_whole_answer_says_so():
    answer = flowproof.volumes(LOGS, by="interface")
    assert answer.complete is True
    assert answer.raise_if_incomplete() is answer
    assert repr(answer) == "<flowproof.Answer: 2 rows, complete>"
    assert answer.warnings == []


@pytest.mark.parametrize("name", PARTIAL)
def test_a_partial_answer_says_so_everywhere(name):
    assert command("volumes", "--logs", TESTDATA / name, "--by", "interface").code == 3
    answer = flowproof.volumes(TESTDATA / name, by="interface")
    assert answer.complete is False
    assert "INCOMPLETE" in repr(answer)
    assert answer.warnings
    with pytest.raises(flowproof.IncompleteError):
        answer.raise_if_incomplete()


def test_the_words_tell_what_lacks():
    answer = flowproof.scan(TESTDATA / "truncated.log.gz", lists="testdata/worked/tor-exits.txt")
    assert repr(answer).startswith("<flowproof.ScanAnswer: ")
    assert repr(answer).endswith(", INCOMPLETE: 1 object could not be read>")
    with pytest.raises(flowproof.IncompleteError, match="^1 object could not be read$"):
        answer.raise_if_incomplete()


def test_nothing_to_read_is_no_whole_answer():
    answer = flowproof.query(TESTDATA / "html_page.log", "select * from flow_logs")
    assert answer.complete is False
    assert repr(answer) == "<flowproof.Answer: 0 rows, INCOMPLETE: no flow log object was there to read>"
    assert answer.objects[0]["outcome"] == "not_a_flow_log"
