"""The code on the guide page runs, in the order in which it stands."""

import re

from conftest import ROOT, TESTDATA


def blocks(path):
    """The blocks of Python on a page, each below as many empty lines as stand before it there."""
    page = (ROOT / path).read_text()
    found = re.finditer(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [compile("\n" * page.count("\n", 0, each.start(1)) + each[1], ROOT / path, "exec") for each in found]


def test_the_code_of_the_guide_page_runs(tmp_path, monkeypatch):
    (tmp_path / "testdata").symlink_to(TESTDATA)
    monkeypatch.chdir(tmp_path)
    code = blocks("docs/python.md")
    assert len(code) > 5
    names = {}
    for block in code:
        exec(block, names)


def test_the_code_of_the_readme_runs(tmp_path, monkeypatch):
    (tmp_path / "testdata").symlink_to(TESTDATA)
    monkeypatch.chdir(tmp_path)
    code = blocks("crates/python/README.md")
    assert code
    for block in code:
        exec(block, {})
