"""Paths into JSON: the small part of RFC 9535, and dotted paths."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.failure import Refusal
from workc.skills.json_path import MAX_PATH_LENGTH, Missing, find, parse_path

DATA = {
    "a": {"b": [10, {"c": "x"}, [1, 2]], "x y": 1, "it's": 2, 'q"': 3, "0": "zero", "\\": 4},
    "ü": 5,
    "": 6,
    "n": None,
    "\U0001f600": 7,
    "\ue000": 8,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", DATA),
        ("$.a.b[0]", 10),
        ("$.a.b[-1][-2]", 1),
        ("$['a']['b'][1].c", "x"),
        ('$["a"]["x y"]', 1),
        ("$.a['it\\'s']", 2),
        ('$.a["it\'s"]', 2),
        ("$.a['q\"']", 3),
        ('$.a["q\\""]', 3),
        ("$.a['\\\\']", 4),
        ("$.ü", 5),
        ("$['\\u00fc']", 5),
        ("$['\\ud83d\\ude00']", 7),
        ("$.\U0001f600", 7),
        ("$['']", 6),
        ("$.n", None),
        ("$.a['0']", "zero"),
        ("$ .a [ 'b' ]\n[ 0 ]", 10),
        ("$.a.b[*]", [10, {"c": "x"}, [1, 2]]),
        ("$.a.b[*].c", ["x"]),
        ("$.a.b.*[0]", [1]),
        ("$.a.nothing[*]", []),
        ("$.n[*]", []),
        # Members come by UTF-16 code units, in which the emoji stands before U+E000.
        ("$.*", [6, DATA["a"], None, 5, 7, 8]),
        ("a.b.0", 10),
        ("a.b.1.c", "x"),
        ("a.0", "zero"),
        ("a.x y", 1),
        ("ü", 5),
        ("n", None),
    ],
)
def test_a_path_finds_its_value(path, expected):
    assert find(parse_path(path), DATA) == expected


@pytest.mark.parametrize(
    ("path", "place", "expected"),
    [
        ("$.x", "$", "member 'x'"),
        ("$.a.b[3]", "$['a']['b']", "item 3"),
        ("$.a.b[-4]", "$['a']['b']", "item -4"),
        ("$.a[0]", "$['a']", "item 0"),
        ("$.a.b['0']", "$['a']['b']", "member '0'"),
        ("$.n.x", "$['n']", "member 'x'"),
        ("a.b.3", "$['a']['b']", "item or member 3"),
        ("a.b.0.z", "$['a']['b'][0]", "member 'z'"),
    ],
)
def test_a_path_that_leads_nowhere_says_how_far_it_led(path, place, expected):
    with pytest.raises(Missing) as caught:
        find(parse_path(path), DATA)
    assert (caught.value.place, caught.value.expected) == (place, expected)


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("$x", 1),
        ("$.", 1),
        ("$.a.", 3),
        ("$..a", 1),
        ("$.0", 1),
        ("$.a-b", 3),
        ("$[", 1),
        ("$[01]", 1),
        ("$[-0]", 1),
        ("$[1:2]", 1),
        ("$[0,1]", 1),
        ("$[?@.a]", 1),
        ("$['a\"]", 1),
        ("$['\\\"']", 1),
        ('$["\\\'"]', 1),
        ("$['\\ud800']", 1),
        ("$['\\u00']", 1),
        ("$['\\x']", 1),
        ("$['\n']", 1),
        ("$.a ", 3),
        (f"$[{2**53}]", 1),
        (f"$[-{2**53}]", 1),
        (f"$[{'9' * 4000}]", 1),
        (" $", 0),
        ("a ", 0),
        ("", 0),
        (".a", 0),
        ("a..b", 2),
        ("a.", 2),
    ],
)
def test_what_is_no_path_is_refused_with_its_position(path, position):
    with pytest.raises(Refusal, match="INVALID_EXPRESSION") as caught:
        parse_path(path)
    assert caught.value.failure.details["position"] == position


def test_a_path_may_have_its_limit_of_characters_and_no_more():
    assert len(parse_path("$" + ".a" * ((MAX_PATH_LENGTH - 1) // 2)).steps) == 2047
    assert parse_path("a" * MAX_PATH_LENGTH)
    with pytest.raises(Refusal, match="INVALID_EXPRESSION"):
        parse_path("a" * (MAX_PATH_LENGTH + 1))


@pytest.mark.parametrize("index", [2**53 - 1, -(2**53) + 1])
def test_the_largest_indices_are_those_that_are_exact_everywhere(index):
    with pytest.raises(Missing):
        find(parse_path(f"$[{index}]"), [])


_json = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.text(max_size=12) | st.text("$.[]'\"*-01a\\u ", max_size=12), _json)
def test_any_text_on_any_data_finds_something_or_is_refused(code_of, text, data):
    def call():
        with contextlib.suppress(Missing):
            find(parse_path(text), data)

    assert code_of(call) in {None, "INVALID_EXPRESSION"}


def places(value, path="$"):
    yield path, value
    children = enumerate(value) if isinstance(value, list) else ()
    children = value.items() if isinstance(value, dict) else children
    for key, child in children:
        quoted = str(key) if isinstance(key, int) else "'" + escaped(key) + "'"
        yield from places(child, f"{path}[{quoted}]")


def escaped(name):
    name = name.replace("\\", "\\\\").replace("'", "\\'")
    return "".join(f"\\u{ord(c):04x}" if c < " " else c for c in name)


@given(_json)
def test_every_place_is_found_by_its_normalized_path(data):
    for path, value in places(data):
        assert find(parse_path(path), data) == value
