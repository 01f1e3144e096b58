"""The grammar of paths: what a bundle may name on every system."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.bundle.layout import MAX_PATH_BYTES, is_listed, path_danger, path_problem

GOOD = [
    "a",
    "events.jsonl",
    "evidence/a.b/c-d_E.9",
    ".git",
    "..a",
    "a..b",
    "conx",
    "com10",
    "nul-a",
]
GOOD += ["x" * 128, "/".join(["x" * 127] * 4) + "", "-"]
BAD = {
    "": "a segment is not",
    "/": "a segment is not",
    "a/": "a segment is not",
    "a//b": "a segment is not",
    "a b": "a segment is not",
    "a\n": "a segment is not",
    "a\\b": "a segment is not",
    "a:b": "a segment is not",
    "é": "a segment is not",
    "\u0661": "a segment is not",
    "\udcff": "a segment is not",
    "x" * 129: "a segment is not",
    ".": "a segment is . or ..",
    "..": "a segment is . or ..",
    "a/../b": "a segment is . or ..",
    "a.": "a segment ends in a dot",
    "...": "a segment ends in a dot",
    "con": "a segment is the name of a device",
    "a/PRN.txt": "a segment is the name of a device",
    "Com0.tar.gz": "a segment is the name of a device",
    "lpt9": "a segment is the name of a device",
}


@pytest.mark.parametrize("path", GOOD)
def test_a_path_of_the_grammar_has_no_problem(path):
    assert path_problem(path) is None


@pytest.mark.parametrize("path", BAD, ids=ascii)
def test_any_other_path_has_one(path):
    assert path_problem(path).startswith(BAD[path])


def test_a_path_is_at_most_512_bytes_long():
    longest = "/".join(["x" * 127] * 4)
    assert len(longest) == MAX_PATH_BYTES - 1
    assert path_problem("y" + longest) is None
    assert "longer" in path_problem("yy" + longest)
    assert "longer" in path_problem("é" * 257)


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        ("events.jsonl", True), ("evidence/x", True), ("artifacts/x/y", True), ("evidence", False),
        ("receipt.json", False), ("manifest.json", False), ("signatures/x", False), ("x", False),
    ],
)  # fmt: skip
def test_only_the_events_and_what_they_name_may_be_listed(path, listed):
    assert is_listed(path) == listed


SEGMENTS = st.text(alphabet="aA0.-_ :~\u00e9conprn", max_size=6)


@given(st.lists(SEGMENTS, max_size=4).map("/".join))
def test_what_the_grammar_allows_is_what_is_safe_and_of_short_plain_segments(path):
    is_plain = all(re.fullmatch(r"[A-Za-z0-9._-]{1,128}", name) for name in path.split("/"))
    is_safe = path_danger(path) is None
    assert (path_problem(path) is None) == (is_plain and is_safe)
    dangers = [name in {".", ".."} or name.endswith(".") for name in path.split("/")]
    assert not (is_safe and any(dangers))
