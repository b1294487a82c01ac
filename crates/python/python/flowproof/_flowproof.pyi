"""The extension module. People import what is in it from flowproof."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from os import PathLike
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, final

_Value = TypeVar("_Value")
_Default = TypeVar("_Default")
_Self = TypeVar("_Self", bound="Answer")
_Place: TypeAlias = str | PathLike[str]
_Places: TypeAlias = _Place | Iterable[_Place]
_Texts: TypeAlias = str | Iterable[str]
_Time: TypeAlias = str | datetime
_Address: TypeAlias = str | IPv4Address | IPv6Address
_Prefix: TypeAlias = _Address | IPv4Network | IPv6Network
_Counts: TypeAlias = dict[str, Any]

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

__version__: str

class Answer:
    """Rows, which any library takes as Arrow, and what they stand on.

    `pyarrow.table(answer)`, `polars.DataFrame(answer)`, `pandas.DataFrame.from_arrow(answer)` and DuckDB's
    `FROM answer` take the rows by the Arrow PyCapsule interface, as often as wanted.
    """

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    @property
    def num_rows(self) -> int:
        """How many rows there are."""
    @property
    def complete(self) -> bool:
        """Whether the answer stands on all the data that was asked for.

        True only where the command would end with exit code 0: there were flow logs to read, and every object
        and line of them could be read.
        """
    @property
    def coverage(self) -> dict[str, Any]:
        """What was read for the answer and what could not be, with the names of the command's JSON."""
    @property
    def objects(self) -> list[dict[str, Any]]:
        """Each object that was listed, and what became of it."""
    @property
    def warnings(self) -> list[str]:
        """What people should know and can act on, as the command warns of it."""
    @property
    def notes(self) -> list[str]:
        """What people may want to know, as the command notes it."""
    def raise_if_incomplete(self: _Self) -> _Self:
        """Raise IncompleteError unless the answer is complete; else return the answer itself."""

@final
class ScanAnswer(Answer):
    """The rows of a scan, and what its records add up to.

    A record that matches several entries is in the row of each, so that rows must not be added up.
    """

    @property
    def total(self) -> _Counts:
        """What all records in the rows add up to, each once."""
    @property
    def suppressed(self) -> _Counts:
        """What records add up to of which trusted lists left no match."""
    @property
    def internal(self) -> _Counts:
        """What records add up to of which only internal addresses match, if these were not asked for."""
    @property
    def lists(self) -> list[dict[str, Any]]:
        """The lists: path, sha256, entries in use, lines that were rejected."""

@final
class Investigation:
    """A verdict on a finding, or the figures of a subject, and all that it stands on."""

    @property
    def status(self) -> str:
        """corroborated, contradicted, inconclusive or not_observable."""
    @property
    def reasons(self) -> list[str]:
        """Why the status is what it is."""
    @property
    def remotes(self) -> list[dict[str, Any]]:
        """The remotes that the subject had traffic with, as in the JSON."""
    @property
    def timeline(self) -> list[dict[str, Any]]:
        """The traffic of each hour, as in the JSON."""
    @property
    def coverage(self) -> dict[str, Any]:
        """What was read for the answer and what could not be, as in the JSON."""
    @property
    def complete(self) -> bool:
        """Whether the answer stands on all the data that was asked for: the command would end with exit code 0."""
    @property
    def warnings(self) -> list[str]:
        """What people should know and can act on, as the command warns of it. What could not be read is in the coverage."""
    @property
    def notes(self) -> list[str]:
        """What people may want to know, as the command notes it."""
    def raise_if_incomplete(self) -> Investigation:
        """Raise IncompleteError unless the answer is complete; else return the answer itself."""
    def to_dict(self) -> dict[str, Any]:
        """All of it, as the command's JSON has it."""
    def text(self) -> str:
        """The report that an analyst reads in a terminal."""
    def markdown(self) -> str:
        """The report for a ticket, as Markdown."""
    def html(self) -> str:
        """The report as a page that stands for itself."""

@final
class Column:
    """A column of true, false or null, which any library takes as Arrow.

    `pyarrow.array(column)` and `polars.Series(column)` take it by the Arrow PyCapsule interface.
    """

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    def __len__(self) -> int: ...
    def to_list(self) -> list[bool | None]:
        """The values as a list of True, False and None."""

@final
class PrefixMap(Generic[_Value]):
    """A map from IP prefixes to values: which of these prefixes hold this address?

    It is built once, of a dict or of pairs, and only read after. Prefixes are text like `203.0.113.0/24`, single
    addresses, or networks of the module ipaddress; host bits are masked; a later value of a prefix replaces an
    earlier one. An IPv4-mapped IPv6 address is the IPv4 address. Values are any objects. What is no prefix or
    address raises UsageError.
    """

    def __init__(self, pairs: Mapping[_Prefix, _Value] | Iterable[tuple[_Prefix, _Value]]) -> None: ...
    def __len__(self) -> int: ...
    def __contains__(self, address: _Address) -> bool: ...
    def lookup(self, address: _Address, default: _Default | None = None) -> _Value | _Default | None:
        """The value of the most specific prefix that holds the address, or the default."""
    def longest_match(self, address: _Address) -> tuple[str, _Value] | None:
        """The most specific prefix that holds the address, and its value; None if there is none."""
    def matches(self, address: _Address) -> list[tuple[str, _Value]]:
        """All prefixes that hold the address, and their values, the most specific first."""
    def contains(self, address: _Address) -> bool:
        """Whether any prefix holds the address. `address in map` is the same."""
    def contains_many(self, addresses: _ArrowArray | _ArrowStream | Iterable[_Address | None]) -> Column:
        """Whether any prefix holds each of many addresses; null for null.

        They are an Arrow array of text (or of IPv4 addresses as uint32) of any library, or any iterable of text
        and addresses of the module ipaddress.
        """

def volumes(
    logs: _Places,
    *,
    by: _Texts,
    from_: _Time | None = None,
    to: _Time | None = None,
    interface: _Texts | None = None,
    instance: _Texts | None = None,
    inventory: _Places | None = None,
    account: _Texts | None = None,
    region: _Texts | None = None,
    include_all: bool = False,
    format_string: str | None = None,
    duplicates: Literal["keep", "drop"] = "keep",
    threads: int | None = None,
    memory: int | str = "512MB",
    profile: str | None = None,
    role_arn: str | None = None,
    external_id: str | None = None,
    endpoint_url: str | None = None,
    path_style: bool = False,
    requester_pays: bool = False,
    s3_region: str | None = None,
    s3_attempts: int | None = None,
) -> Answer:
    """Add up bytes, packets and flows each way.

    `by` names one or more of the keys account, region, vpc, subnet, instance, interface, local, remote,
    remote_port, local_port, protocol, action, hour, day, service. The rows are sorted by them.

    `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
    arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
    or a `datetime` with a zone; a `to` is not included.

    Raises UsageError for what cannot be used, SourceError for data that cannot be reached.
    """

def scan(
    logs: _Places,
    *,
    lists: _Places,
    trusted: _Places | None = None,
    allow_wide: bool = False,
    list_format: str | None = None,
    list_column: str | None = None,
    include_internal: bool = False,
    from_: _Time | None = None,
    to: _Time | None = None,
    inventory: _Places | None = None,
    account: _Texts | None = None,
    region: _Texts | None = None,
    include_all: bool = False,
    format_string: str | None = None,
    duplicates: Literal["keep", "drop"] = "keep",
    threads: int | None = None,
    memory: int | str = "512MB",
    profile: str | None = None,
    role_arn: str | None = None,
    external_id: str | None = None,
    endpoint_url: str | None = None,
    path_style: bool = False,
    requester_pays: bool = False,
    s3_region: str | None = None,
    s3_attempts: int | None = None,
) -> ScanAnswer:
    """Find all traffic with addresses on threat lists, by interface and list entry.

    Entries of the `trusted` lists win over those of `lists`. Internal addresses match only with
    `include_internal`.

    `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
    arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
    or a `datetime` with a zone; a `to` is not included.

    Raises UsageError for what cannot be used, SourceError for data that cannot be reached.
    """

def query(
    logs: _Places,
    sql: str,
    *,
    lists: _Places | None = None,
    trusted: _Places | None = None,
    allow_wide: bool = False,
    list_format: str | None = None,
    list_column: str | None = None,
    from_: _Time | None = None,
    to: _Time | None = None,
    inventory: _Places | None = None,
    account: _Texts | None = None,
    region: _Texts | None = None,
    include_all: bool = False,
    format_string: str | None = None,
    duplicates: Literal["keep", "drop"] = "keep",
    threads: int | None = None,
    memory: int | str = "512MB",
    profile: str | None = None,
    role_arn: str | None = None,
    external_id: str | None = None,
    endpoint_url: str | None = None,
    path_style: bool = False,
    requester_pays: bool = False,
    s3_region: str | None = None,
    s3_attempts: int | None = None,
) -> Answer:
    """Answer SQL over the tables flow_logs and traffic.

    `lists` and `trusted` are what the functions on_threat_list, list_matches and the like ask.

    `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
    arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
    or a `datetime` with a zone; a `to` is not included.

    Raises UsageError for what cannot be used, SourceError for data that cannot be reached, QueryError for
    SQL that is wrong.
    """

def investigate(
    logs: _Places,
    *,
    finding: _Place | bytes | Mapping[str, Any] | None = None,
    instance: str | None = None,
    interface: _Texts | None = None,
    address: _Address | Iterable[_Address] | None = None,
    from_: _Time | None = None,
    to: _Time | None = None,
    slack: timedelta | str = "15m",
    baseline: timedelta | str | None = None,
    peers: bool = False,
    named: _Address | Iterable[_Address] | None = None,
    lists: _Places | None = None,
    trusted: _Places | None = None,
    allow_wide: bool = False,
    list_format: str | None = None,
    list_column: str | None = None,
    inventory: _Places | None = None,
    account: _Texts | None = None,
    region: _Texts | None = None,
    include_all: bool = False,
    format_string: str | None = None,
    duplicates: Literal["keep", "drop"] = "keep",
    threads: int | None = None,
    memory: int | str = "512MB",
    profile: str | None = None,
    role_arn: str | None = None,
    external_id: str | None = None,
    endpoint_url: str | None = None,
    path_style: bool = False,
    requester_pays: bool = False,
    s3_region: str | None = None,
    s3_attempts: int | None = None,
) -> Investigation:
    """Judge whether the traffic bears a GuardDuty finding out, or look at a subject without one.

    `finding` is a file, its bytes, or the finding itself as a dict; there must be one finding in it. Without it
    name an `instance`, an `interface` or an `address`. `slack` is how far around the window records are looked
    for, and `baseline` how much time before the window is compared with: a timedelta, or text like `15m` or `7d`.

    `logs` is a file, a folder (walked), a glob or `s3://bucket/prefix`, or several of them. The keyword
    arguments are the options of the command of the same name, with the same meanings. Times are RFC 3339 text
    or a `datetime` with a zone; a `to` is not included.

    Raises UsageError for what cannot be used, SourceError for data that cannot be reached.
    """
