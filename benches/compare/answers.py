"""Answers in one form, and what differs between them."""

import csv
import datetime


class Disagreement(Exception):
    """Two contestants gave different answers."""


def canonical(question, who, text):
    """The rows of an answer as a sorted list: keys as text, hours as seconds since 1970, then numbers."""
    rows = list(csv.reader(text.splitlines()))
    if who in ("ours", "ours-text"):
        rows = from_ours(question, rows)
    try:
        return sorted(typed(question, row) for row in rows)
    except ValueError as error:
        raise Disagreement(f"{question.name}: {who} gives rows that are none: {error}") from error


def typed(question, row):
    first, second, one, other = row
    if question.kind == "listed":
        return first, second, int(one), int(other)
    return first, int(second), int(one or 0), int(other or 0)


def from_ours(question, rows):
    """Our columns by their names. Rows of nothing but rejected records are not asked for here."""
    if not rows:
        return []
    records = [dict(zip(rows[0], row)) for row in rows[1:]]
    if question.kind == "listed":
        return [(row["interface_id"], row["entry"], row["bytes"], row["flows"]) for row in records]
    key = "remote" if question.kind == "remotes" else "interface"
    if any(int(row.get("bytes_unoriented") or 0) for row in records):
        raise Disagreement(f"{question.name}: ours leaves bytes without a direction")
    return [
        (row[key], seconds(row["hour"]), row["bytes_in"], row["bytes_out"])
        for row in records
        if int(row["flows"]) > 0
    ]


def seconds(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def compare(question, expected, answers):
    """All answers must be the first one. Raises with what differs if one is not."""
    (first, reference), *others = answers.items()
    if expected is not None:
        others, first, reference = list(answers.items()), "the answer before", expected
    if not reference:
        raise Disagreement(f"{question.name}: {first} has no rows: nothing is proved by that")
    for name, rows in others:
        if rows != reference:
            raise Disagreement(difference(question, first, set(reference), name, set(rows)))
    return reference


def difference(question, first, reference, name, rows):
    missing, extra = sorted(reference - rows), sorted(rows - reference)
    lines = [f"{question.name}: {name} gives {len(rows)} rows, {first} {len(reference)}"]
    lines += [f"  only {first}: {row}" for row in missing[:5]]
    lines += [f"  only {name}: {row}" for row in extra[:5]]
    return "\n".join(lines)
