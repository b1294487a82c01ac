"""What can go wrong, by what the caller can do about it."""


class FlowproofError(Exception):
    """Why there is no answer. The classes below say what to do; this one itself tells in words."""


class UsageError(FlowproofError, ValueError):
    """What was given cannot be used: correct it."""


class SourceError(FlowproofError, OSError):
    """Data could not be reached: do what the text says."""


class QueryError(FlowproofError):
    """The SQL is wrong, or the query failed: correct it."""


class IncompleteError(FlowproofError):
    """There is an answer, but not on all the data that was asked for."""
