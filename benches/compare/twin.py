"""The Parquet twin of a set of text objects: the same records as AWS writes them in Parquet.

Names with underscores, INT32, INT64 and STRING, gzip, dictionaries, one row group an object; what is
missing is null in a column of numbers and `-` in one of texts.

Usage: python twin.py LOGS TWIN
"""

import concurrent.futures
import gzip
import sys
from pathlib import Path

import pyarrow
import pyarrow.csv
import pyarrow.parquet

INT32 = {"version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path"}
INT64 = {"packets", "bytes", "start", "end"}
#: parquet-mr, which AWS uses, ends a page here if it is not full before.
ROWS_OF_A_PAGE = 20_000


def type_of(name):
    """The type that AWS gives the column of a field."""
    if name in INT32:
        return pyarrow.int32()
    return pyarrow.int64() if name in INT64 else pyarrow.string()


def read_text(path):
    """One text object as a table; missing numbers are nulls."""
    with gzip.open(path) as text:
        names = text.readline().decode().split()
    with pyarrow.input_stream(str(path), compression="gzip") as stream:
        table = pyarrow.csv.read_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(delimiter=" ", quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: type_of(name) for name in names},
                null_values=["-"],
                strings_can_be_null=False,
            ),
        )
    return table.rename_columns([name.replace("-", "_") for name in table.column_names])


def write_twin(path, twin):
    """Rewrites one object; returns how many records it has."""
    table = read_text(path)
    twin.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(
        table,
        twin,
        compression="gzip",
        row_group_size=max(1, table.num_rows),
        data_page_version="1.0",
        max_rows_per_page=ROWS_OF_A_PAGE,
        write_page_index=True,
        store_schema=False,
    )
    return table.num_rows


def write_twins(logs, twins):
    """Rewrites all objects below `logs` to `twins`, under the same keys; returns the records."""
    paths = sorted(logs.rglob("*.log.gz"))
    targets = [
        twins / path.relative_to(logs).with_name(path.name.removesuffix(".gz") + ".parquet")
        for path in paths
    ]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        return sum(pool.map(write_twin, paths, targets))


if __name__ == "__main__":
    print(write_twins(Path(sys.argv[1]), Path(sys.argv[2])))
