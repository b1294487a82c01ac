"""Libraries take answers each in its own way, and values stay what they are."""

from datetime import datetime, timezone

import duckdb
import flowproof
import pandas
import polars
import pyarrow
import pytest
from conftest import LOGS, TESTDATA, rows

LARGEST = 2**64 - 1
SQL = "select interface_id, srcaddr, bytes, start from flow_logs where bytes is not null"


@pytest.fixture
def answer():
    """The largest counter there is, in a column of numbers beside texts and times."""
    return flowproof.query(TESTDATA / "counters.log", SQL)


def taken(frame):
    """Rows as (interface, address, bytes, time)."""
    return sorted(tuple(row) for row in frame)


@pytest.fixture
def expected(answer):
    rows = pyarrow.table(answer).to_pydict()
    assert LARGEST in rows["bytes"]
    return taken(zip(rows["interface_id"], rows["srcaddr"], rows["bytes"], rows["start"]))


def test_pyarrow_takes_tables_readers_and_schemas(answer):
    table = pyarrow.table(answer)
    assert pyarrow.RecordBatchReader.from_stream(answer).read_all() == table
    assert table.schema.field("bytes").type == pyarrow.uint64()
    assert table.schema.field("start").type == pyarrow.timestamp("ns", "+00:00")
    assert table.num_rows == answer.num_rows
    table.validate(full=True)


def test_polars_has_the_same_values(answer, expected):
    frame = polars.DataFrame(answer)
    assert frame.schema["bytes"] == polars.UInt64
    assert frame.schema["interface_id"] == polars.String
    assert taken(frame.rows()) == expected


def test_duckdb_has_the_same_values(answer, expected):
    relation = duckdb.sql('select interface_id, srcaddr, bytes, start at time zone \'UTC\' as "start" from answer')
    found = [(*row[:3], row[3].replace(tzinfo=timezone.utc)) for row in relation.fetchall()]
    assert taken(found) == expected
    assert duckdb.sql("select max(bytes) from answer").fetchall() == [(LARGEST,)]


def test_pandas_has_the_same_values(answer, expected):
    frame = pandas.DataFrame.from_arrow(answer)
    assert frame["bytes"].dtype == "uint64"
    assert taken(frame.itertuples(index=False)) == expected
    assert taken(pyarrow.table(answer).to_pandas().itertuples(index=False)) == expected


def test_a_schema_that_is_wished_for_is_had():
    answer = flowproof.volumes(LOGS, by=["interface"])
    schema = pyarrow.table(answer).schema
    at = schema.get_field_index("interface")
    wished = schema.set(at, pyarrow.field("interface", pyarrow.large_string()))
    table = pyarrow.RecordBatchReader.from_stream(answer, schema=wished).read_all()
    assert table.schema.field("interface").type == pyarrow.large_string()
    assert table.column("interface").to_pylist() == [row["interface"] for row in rows(answer)]


def test_an_answer_can_be_taken_often_and_outlives_nothing():
    answer = flowproof.volumes(LOGS, by=["interface", "remote"])
    first, second = pyarrow.table(answer), pyarrow.table(answer)
    del answer
    assert first == second
    first.validate(full=True)


def test_an_answer_without_rows_has_its_columns():
    answer = flowproof.query(LOGS, "select interface_id, bytes from flow_logs where bytes > 1e18")
    assert answer.num_rows == 0
    assert pyarrow.table(answer).column_names == polars.DataFrame(answer).columns == ["interface_id", "bytes"]


def test_times_are_instants():
    first = polars.DataFrame(flowproof.volumes(LOGS, by="interface"))["first_seen"].min()
    assert first == datetime(2025, 6, 1, 8, 36, 30, tzinfo=timezone.utc)


def test_lists_and_structs_pass():
    answer = flowproof.query(LOGS, "select list_matches('203.0.113.9') as entries", lists="testdata/worked/tor-exits.txt")
    assert polars.DataFrame(answer)["entries"].to_list() == [row["entries"] for row in rows(answer)]
