"""Patterns of files: what each matches, and what is no pattern."""

import pytest

from workc.kernel.failure import Refusal
from workc.stages.file_pattern import folder_of, parse_pattern


@pytest.mark.parametrize(
    ("pattern", "folder", "matched", "unmatched"),
    [
        ("src/*.py", "src", ["a.py", "é.py"], ["a.pyc", "x/a.py", ".a.py", "a"]),
        ("src/a?", "src", ["ab", "a?"], ["a", "abc", "a/b"]),
        ("src/**", "src", ["a", "x/a", "x/y/z"], [".a", "x/.a", ".x/a"]),
        ("src/**/*.py", "src", ["a.py", "x/a.py", "x/y/a.py"], ["a", "x/.a.py"]),
        ("src/x/**/y/*", "src/x", ["y/a", "z/y/a", "y/y/a"], ["a", "y", "z/a"]),
        ("src/**/**/a*", "src", ["a", "x/ab"], ["b"]),
        ("src/.*", "src", [".a", "."], ["a"]),
        ("src/.x*/a", "src", [".x/a", ".xy/a"], ["x/a"]),
        ("src/[ab]*", "src", ["[ab]c"], ["a", "b"]),
        ("src/*-*-*-*-*-*-*-*-*-*", "src", ["-" * 9], ["a" * 200]),
        ("src/a/b/*", "src/a/b", ["c"], ["c/d"]),
    ],
)
def test_a_pattern_matches_below_its_folder(pattern, folder, matched, unmatched):
    found = parse_pattern(pattern)
    assert (str(found.folder), folder_of(pattern)) == (folder, folder)
    assert [path for path in matched if not found.matches(path)] == []
    assert [path for path in unmatched if found.matches(path)] == []


def test_a_pattern_says_how_deep_it_looks_and_whether_at_hidden_names():
    assert [parse_pattern(text).depth for text in ("s/*", "s/*/*", "s/a/*", "s/**")] == [
        1,
        2,
        1,
        None,
    ]
    assert [parse_pattern(text).names_dots for text in ("s/*", "s/**/.x*")] == [False, True]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("src/a.py", r"it holds no \* and no \?"),
        ("src", "names a root and nothing below it"),
        ("*/a", "the name of its root is no pattern"),
        ("s*/a", "the name of its root is no pattern"),
        ("src/a**/b", "stands alone between two slashes"),
        ("src/../*", "a segment of it is"),
        ("src//*", "a segment of it is empty"),
        ("/src/*", "does not begin with the name of a root"),
        ("src/*\\a", "it holds U"),
        ("src/" + "*/" * 32 + "*", "more than 32 segments"),
        ("", "does not begin with the name of a root"),
    ],
)
def test_what_is_no_pattern_is_refused(text, why):
    with pytest.raises(Refusal, match=why) as refused:
        parse_pattern(text)
    assert refused.value.failure.code == "INVALID_INPUT"
