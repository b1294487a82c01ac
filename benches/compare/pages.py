"""The parts of docs/BENCHMARKS.md that a program of its own writes, each between two marks."""

from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "BENCHMARKS.md"


def publish(part, text):
    """Puts the text, which begins and ends with the marks of the part, in the place of what was there."""
    whole = PAGE.read_text()
    begin, end = f"<!-- {part} -->", f"<!-- /{part} -->"
    if begin in whole:
        before, rest = whole.split(begin, 1)
        whole = before + text + rest.split(end, 1)[1]
    else:
        whole = whole.rstrip() + "\n\n" + text + "\n"
    PAGE.write_text(whole)
