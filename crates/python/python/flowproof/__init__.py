"""Flowproof: do the flow logs bear this alert out?

Each question is a function, and its answer an Arrow table that knows what it stands on::

    answer = flowproof.volumes("logs/", by=["interface", "hour"])
    answer.complete          # whether all the data could be read
    polars.DataFrame(answer) # or pyarrow.table, pandas.DataFrame.from_arrow, DuckDB
"""

from ._flowproof import (
    Answer,
    Column,
    Investigation,
    PrefixMap,
    ScanAnswer,
    __version__,
    investigate,
    query,
    scan,
    volumes,
)
from .errors import FlowproofError, IncompleteError, QueryError, SourceError, UsageError

__all__ = [
    "Answer",
    "Column",
    "FlowproofError",
    "IncompleteError",
    "Investigation",
    "PrefixMap",
    "QueryError",
    "ScanAnswer",
    "SourceError",
    "UsageError",
    "__version__",
    "investigate",
    "query",
    "scan",
    "volumes",
]
