"""Reading: the strict part of YAML, JSON, and where everything stands."""

from __future__ import annotations

import pytest

from workc.runtime.workflow.document import MAX_BYTES, parse_document
from workc.runtime.workflow.place import Mark, dotted
from workc.runtime.workflow.problems import Report
from workc.runtime.workflow.source import MAX_DEPTH


def read(text, name="f.yaml"):
    report = Report(name)
    data = text if isinstance(text, bytes) else text.encode()
    return parse_document(data, name, report), report.problems()


def value(text, name="f.yaml"):
    document, problems = read(text, name)
    assert problems == []
    return document.value


def only_problem(text, name="f.yaml"):
    _, problems = read(text, name)
    assert len(problems) == 1
    return problems[0]


def test_block_and_flow_style_give_json_values():
    text = """\
# a comment
a: 1
b: [true, false, null, -2.5, 1e3, 1.0]
c:
  d: "quoted \\u00e9"
  e: 'single'
  f: |
    two
    lines
  g:
h: {i: j k, "l": []}
"""
    assert value(text) == {
        "a": 1,
        "b": [True, False, None, -2.5, 1000, 1],
        "c": {"d": "quoted é", "e": "single", "f": "two\nlines\n", "g": None},
        "h": {"i": "j k", "l": []},
    }
    assert type(value("1.0")) is int


@pytest.mark.parametrize("word", ["2020-01-01", "12:30", "y", "n", "a-b", "1.2.3", "v1", "nully"])
def test_words_that_only_look_like_something_are_text(word):
    assert value(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    "word",
    ["yes", "No", "on", "OFF", "True", "FALSE", "~", "Null", "010", "0x1F", "0o7", "0b1", "1_000",
     "+1", ".5", "5.", ".inf", "-.INF", ".nan", "1e999", "9007199254740993", "0777", "1" * 5000],
)  # fmt: skip
def test_words_on_which_readers_disagree_are_refused_with_a_fix(word):
    problem = only_problem(f"a:\n  - {word}")
    assert (problem.line, problem.column, problem.path) == (2, 5, "a[0]")
    assert problem.code == "INVALID_WORKFLOW"
    assert "quote it" in problem.fix
    assert value(f"a: '{word}'") == {"a": word}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: &x 1", 1, 4, "anchors"),
        ("a: *x", 1, 4, "aliases"),
        ("a: !!str 1", 1, 4, "tags"),
        ("a: !x [1]", 1, 4, "tags"),
        ("<<: {a: 1}", 1, 1, "merge"),
        ("%YAML 1.1\n---\na: 1", 1, 1, "directive"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("a: 1\nb: 2\na: 3", 3, 1, "already in line 1"),
        ("a: 1\n1: 2", 2, 1, "not text"),
        ("yes: 2", 1, 1, "not text"),
        (": 2", 1, 1, "not valid YAML"),
        ("? [a]\n: 2", 1, 3, "a key must be text"),
        ("*a : 2", 1, 1, "aliases"),
        ("a: b: c", 1, 5, "not valid YAML"),
        ("a:\n\t- b", 2, 1, "not valid YAML"),
        ("a: @b", 1, 4, "not valid YAML"),
        ("a: [1", 1, 6, "not valid YAML"),
        ('a: "\\ud800"', 1, 4, "surrogate"),
        ('a: "\\UFFFFFFFF"', 1, 5, "too large"),
        ("%YAML " + "9" * 5000 + ".1\n---\na: 1", 1, 1, "too large"),
        ("", 1, 1, "empty"),
        ("# nothing\n", 1, 1, "empty"),
        (b"a: 1\nb: \xff", 2, 4, "UTF-8"),
        (b"\xef\xbb\xbfa: 1", 1, 1, "byte order mark"),
        ("a: 1\nb: \x00", 2, 4, "U+0000"),
        ("a: \x85", 1, 4, "U+0085"),
        ("a: \u2028", 1, 4, "U+2028"),
        ("a: 1\rb: 2", 1, 5, "U+000D"),
        ("a: \ufeff", 1, 4, "U+FEFF"),
    ],
)
def test_what_is_not_in_the_strict_part_has_one_problem_with_its_place(text, line, column, words):
    problem = only_problem(text)
    assert (problem.line, problem.column) == (line, column)
    assert words in problem.message
    assert problem.fix


def test_a_tab_is_answered_with_spaces():
    assert "spaces" in only_problem("a:\n\t- b").fix


def test_several_words_are_refused_at_once_and_aliases_multiply_nothing():
    _, problems = read("a: &a [yes, no]\nb: [*a, *a]\nc: 010")
    assert [(p.line, p.column) for p in problems] == [
        (1, 4),
        (1, 8),
        (1, 13),
        (2, 5),
        (2, 9),
        (3, 4),
    ]


def test_a_repeated_key_is_one_problem_however_alike_its_values_are():
    document, problems = read("s:\n  a: {x: 1, y: 2}\n  a: {x: 3, y: {z: yes}}")
    assert [(p.line, p.column, p.path) for p in problems] == [(3, 3, "s.a"), (3, 20, "s.a.y.z")]
    assert document.value == {"s": {"a": {"x": 1, "y": 2}}}


@pytest.mark.parametrize("name", ["f.yaml", "f.json"])
def test_depth_is_accepted_at_the_limit_and_refused_one_past_it(name):
    value("[" * MAX_DEPTH + "]" * MAX_DEPTH, name)
    assert "nesting" in only_problem("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), name).message
    assert only_problem("[" * 100_000, name).line == 1
    assert "nesting" in only_problem("[" * 100_000 + "]" * 100_000, name).message


def test_size_is_accepted_at_the_limit_and_refused_one_past_it():
    text = "a: 1\n#".ljust(MAX_BYTES, "x")
    assert value(text) == {"a": 1}
    assert str(MAX_BYTES) in only_problem(text + "x").message


def test_every_value_and_key_has_a_place():
    document, _ = read('a:\n  - b: "x"\n    c: [1, 2]\n')
    assert document.key_mark(("a", 0, "c")) == Mark(3, 5)
    assert document.value_mark(("a", 0, "c", 1)) == Mark(3, 12)
    assert document.value_mark(()) == Mark(1, 1)
    assert document.key_mark(("a", 0)) == document.value_mark(("a", 0)) == Mark(2, 5)
    assert document.value_mark(("a", 0, "nothing", "there")) == Mark(2, 5)


def test_json_keeps_the_order_of_the_file_and_has_the_same_places():
    text = '{\n\t"b": [1.0, {"a": "\\ud83d\\ude00"}],\n\t"a": null, "0": "x:,{"\n}'
    document, problems = read(text, "f.json")
    assert problems == []
    assert list(document.value) == ["b", "a", "0"]
    assert document.value == {"b": [1, {"a": "😀"}], "a": None, "0": "x:,{"}
    assert document.key_mark(("a",)) == Mark(3, 2)
    assert document.value_mark(("b", 1, "a")) == Mark(2, 19)
    assert document.value_mark(("0",)) == Mark(3, 18)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1", 1, 1),
        ('{"a": 1,\n "a": 2}', 2, 2),
        ('{"a": NaN}', 1, 1),
        ('{"a": 9007199254740993}', 1, 1),
        ('{"a": ' + "9" * 5000 + "}", 1, 1),
        ('{"a": "\\ud800"}', 1, 1),
        ("{'a': 1}", 1, 2),
        ("", 1, 1),
        ("[1] 2", 1, 5),
    ],
)
def test_a_json_file_obeys_json(text, line, column):
    problem = only_problem(text, "f.json")
    assert "JSON" in problem.message
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ((), ""),
        (("a", "b-c", 0, "d"), "a.b-c[0].d"),
        ((0,), "[0]"),
        (("a", "b c"), 'a["b c"]'),
        (("a\n",), '["a\\u000a"]'),
        (("a", ~5, "b"), "a.b"),
    ],
)
def test_places_are_dotted(place, text):
    assert dotted(place) == text


def test_a_long_key_is_cut_in_a_place():
    assert len(dotted(("k" * 5000,))) < 80
