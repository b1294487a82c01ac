"""The stub tells people and type checkers what the module is."""

import ast
import inspect
from pathlib import Path

import flowproof
import pytest
from flowproof import _flowproof

STUB = ast.parse((Path(__file__).parents[1] / "python/flowproof/_flowproof.pyi").read_text())
SPECIAL = {"__init__", "__arrow_c_stream__", "__arrow_c_array__", "__len__", "__contains__", "__version__"}
FUNCTIONS = ["investigate", "query", "scan", "volumes"]


def members(of):
    """The functions, classes and values of a module or class in the stub, by name."""
    found = {}
    for node in of.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = node
    return {name: node for name, node in found.items() if not name.startswith("_") or name in SPECIAL}


def public(of):
    """The names that a module or class shows itself."""
    return {name for name in vars(of) if not name.startswith("_") or name in SPECIAL - {"__init__"}}


def parameters(node):
    """Names and defaults of a function in the stub, as inspect tells them."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    pairs = [*zip(positional, defaults), *zip(arguments.kwonlyargs, arguments.kw_defaults)]
    return [(each.arg, None if default is None else ast.unparse(default)) for each, default in pairs]


def real_parameters(function):
    found = inspect.signature(function).parameters.values()
    missing = inspect.Parameter.empty
    return [(each.name, None if each.default is missing else repr(each.default)) for each in found]


def is_property(node):
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(each) == "property" for each in node.decorator_list)


def same(node, real, name):
    """A function or class of the stub is the real one: names, defaults, words."""
    if isinstance(node, ast.AnnAssign):
        return
    if not name.endswith("__"):
        assert inspect.cleandoc(ast.get_docstring(node) or "") == inspect.getdoc(real), name
    if isinstance(node, ast.ClassDef):
        stubbed = members(node)
        constructor = stubbed.pop("__init__", None)
        assert set(stubbed) == public(real), name
        for each, of in stubbed.items():
            same(of, vars(real)[each], f"{name}.{each}")
        if constructor is not None:
            assert parameters(constructor)[1:] == real_parameters(real), name
    elif not is_property(node) and not name.endswith(("__len__", "__contains__")):
        assert parameters(node) == real_parameters(real), name


def test_the_stub_is_the_module():
    stubbed = members(STUB)
    assert set(stubbed) == public(_flowproof)
    for name, node in stubbed.items():
        same(node, getattr(_flowproof, name), name)


def test_the_package_shows_all_of_the_module():
    assert public(_flowproof) <= set(flowproof.__all__)
    for name in flowproof.__all__:
        assert inspect.getdoc(getattr(flowproof, name)), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_keyword_of_a_signature_is_taken_and_no_other(name, tmp_path):
    """What is taken is not refused as unexpected, whatever else is wrong."""
    function = getattr(flowproof, name)
    keywords = [each.name for each in inspect.signature(function).parameters.values() if each.name not in ("logs", "sql")]
    given = {"logs": tmp_path / "none", **({"sql": "select 1"} if name == "query" else {})}
    lists = str(tmp_path / "none")
    required = {"volumes": {"by": "hour"}, "scan": {"lists": lists}, "investigate": {"interface": "eni-1"}}.get(name, {})
    nothing = {keyword: None for keyword in keywords if keyword not in required}
    with pytest.raises(flowproof.SourceError):
        function(**given, **required, **nothing)
    with pytest.raises(TypeError, match=rf"{name}\(\) got an unexpected keyword argument 'colour'"):
        function(**given, **required, **nothing, colour="blue")
