"""Changes of code: each operator, and what is left as it is."""

import ast

import pytest

from workc.stages.stage.mutants import mutants
from workc.stages.stage.refinements import StageError


def changes(body, head="", name="f"):
    code = f"{head}def f(x, y=1):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return [mutant.change for mutant in mutants(code, name)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x < y", ["return None", "< is <="]),
        ("return x <= y < 3", ["return None", "<= is <", "< is <=", "3 is 4"]),
        ("return x == y", ["return None", "== is !="]),
        ("return x is y", ["return None", "is is is not"]),
        ("return x not in y", ["return None", "not in is in"]),
        ("return x + y", ["return None", "+ is -"]),
        ("return x // y", ["return None", "// is *"]),
        ("return x @ y", ["return None"]),
        ("return x and y", ["return None", "and is or"]),
        ("return x or y", ["return None", "or is and"]),
        ("return not x", ["return None", "not is left out"]),
        ("return -x", ["return None", "- is left out"]),
        ("return ~x", ["return None"]),
        ("return True", ["return None", "True is False"]),
        ("return ''", ["return None", "'' is 'x'"]),
        ("return 'a'", ["return None", "'a' is ''"]),
        ("return 1.5", ["return None", "1.5 is 2.5"]),
        ("return None", []),
        ("return", []),
        ("x.sort()", ["left out: x.sort()"]),
        ("x = y", ["left out: x = y"]),
        ("x += y", ["left out: x += y"]),
        ("for a in x: break", ["left out: break"]),
        ("raise KeyError('no such key')", ["left out: raise KeyError('no such key')"]),
        (
            "raise refuse('INVALID_INPUT', 'words')",
            ["left out: raise refuse('INVALID_INPUT', 'words')", "'INVALID_INPUT' is ''"],
        ),
        ("'''Is the docstring.'''\nreturn x", ["return None"]),
        ("'''Is the docstring.'''", []),
        ("z: int = x\nreturn z", ["return None"]),
    ],
)
def test_what_can_be_changed(body, expected):
    assert changes(body) == expected


def test_helpers_of_the_file_are_changed_too_and_what_is_decorated_is_not():
    head = (
        "def h(a, b=2):\n    return a\n@cache\ndef g(a):\n    return a\ndef z(a):\n    return a\n"
    )
    lines = {
        (mutant.line, mutant.change)
        for mutant in mutants(head + "def f(x):\n    return h(g(x))\n", "f")
    }
    assert lines == {(1, "2 is 3"), (2, "return None"), (9, "return None")}


def test_each_change_is_one_and_the_code_still_compiles():
    code = "def f(x):\n    if x < 1 and x > -5:\n        return [x + 1, 'a']\n    return f(x - 1)\n"
    whole = ast.unparse(ast.parse(code))
    found = mutants(code, "f")
    texts = {ast.unparse(mutant.tree) for mutant in found}
    assert len(texts) == len(found) == 13
    assert whole not in texts
    for mutant in found:
        compile(mutant.tree, "f.py", "exec")


def test_of_many_changes_some_are_taken_from_all_over():
    code = "def f(x):\n" + "".join(f"    x = x + {n}\n" for n in range(200)) + "    return x\n"
    found = mutants(code, "f", limit=20)
    assert len(found) <= 20
    assert max(mutant.line for mutant in found) > 150


@pytest.mark.parametrize(
    ("code", "name"), [("x = 1", "f"), ("def f(:", "f"), ("class f: ...", "f")]
)
def test_where_there_is_no_function_nothing_is_changed(code, name):
    with pytest.raises(StageError):
        mutants(code, name)
