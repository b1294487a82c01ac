"""The code on the guide page runs, in the order in which it stands."""

import re

from conftest import ROOT, TESTDATA


def blocks(page):
    return re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_the_code_of_the_guide_page_runs(tmp_path, monkeypatch):
    (tmp_path / "testdata").symlink_to(TESTDATA)
    monkeypatch.chdir(tmp_path)
    code = blocks((ROOT / "docs/python.md").read_text())
    assert len(code) > 5
    names = {"__name__": "guide"}
    for block in code:
        exec(compile(block, "docs/python.md", "exec"), names)


def test_the_code_of_the_readme_runs(tmp_path, monkeypatch):
    (tmp_path / "testdata").symlink_to(TESTDATA)
    monkeypatch.chdir(tmp_path)
    code = blocks((ROOT / "crates/python/README.md").read_text())
    assert code
    for block in code:
        exec(compile(block, "README.md", "exec"), {})
