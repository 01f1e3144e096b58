"""Selectors: one spelling each, what each covers, and what is no selector."""

import pytest

from workc.kernel.selectors import (
    Effect,
    SelectorError,
    ancestors,
    common,
    covers,
    declared,
    normalise,
    uncovered,
)


@pytest.mark.parametrize(
    ("op", "given", "expected"),
    [
        ("ReadFS", "fs:src/main.py", "fs:src/main.py"),
        ("WriteFS", "fs:./src//./main.py", "fs:src/main.py"),
        ("WriteFS", "fs:src/", "fs:src/"),
        ("WriteFS", "fs:src//", "fs:src/"),
        ("WriteFS", "fs:src/.", "fs:src/"),
        ("WriteFS", "fs:/src", "fs:/src"),
        ("WriteFS", "fs:///src/", "fs:/src/"),
        ("WriteFS", "fs:/", "fs:/"),
        ("WriteFS", "fs:/./", "fs:/"),
        ("WriteFS", "fs:a:b/Ünïcode ...", "fs:a:b/Ünïcode ..."),
        ("Network", "net:HTTPS://API.Example.com", "net:https://api.example.com/"),
        ("Network", "net:https://h:443/a/", "net:https://h/a"),
        ("Network", "net:http://h:443/A//b", "net:http://h:443/A/b"),
        ("Network", "net:http://[::1]:80/", "net:http://[::1]/"),
        ("Network", "net:ws://H:80/", "net:ws://h:80/"),
        ("Network", "net:https://\u212aERNEL.example/", "net:https://\u212aernel.example/"),
        ("Network", "net:https://h/a%2Eb/%2e/..%2ec", "net:https://h/a%2Eb/%2e/..%2ec"),
        ("WriteFS", "fs:a/%2e%2e\\...\\b..", "fs:a/%2e%2e\\...\\b.."),
        ("Exec", "exec:/usr/bin/../bin/git", "exec:/usr/bin/../bin/git"),
        ("Publish", "pub:prod/site/", "pub:prod/site/"),
    ],
)
def test_a_selector_has_one_spelling(op, given, expected):
    assert normalise(op, given) == Effect(op, expected)
    assert normalise(op, expected) == Effect(op, expected)


@pytest.mark.parametrize(
    ("op", "given", "reason"),
    [
        ("ReadFS", "", "begins with fs:"),
        ("ReadFS", "fs", "is empty"),
        ("ReadFS", "fs:", "is empty"),
        ("ReadFS", "net:https://h/", "begins with fs:"),
        ("Network", "fs:a", "begins with net:"),
        ("Exec", "pub:a", "begins with exec:"),
        ("Publish", "exec:a", "begins with pub:"),
        ("WriteFS", "fs:.", "names no file"),
        ("WriteFS", "fs:./", "names no file"),
        ("WriteFS", "fs:a/../b", "leads upwards"),
        ("WriteFS", "fs:..", "leads upwards"),
        ("WriteFS", "fs:a\x00b", "control character"),
        ("Exec", "exec:git\n", "control character"),
        ("Network", "net:example.com/a", "not scheme://host/path"),
        ("Network", "net:https:///a", "not scheme://host/path"),
        ("Network", "net:https://:443/a", "not scheme://host/path"),
        ("Network", "net:https://user@h/a", "not scheme://host/path"),
        ("Network", "net:https://h\\@evil/a", "not scheme://host/path"),
        ("Network", "net:https://h/a?b", "not scheme://host/path"),
        ("Network", "net:https://h/a#b", "not scheme://host/path"),
        ("WriteFS", "fs:a/b\\..\\..\\c", "leads upwards"),
        ("WriteFS", "fs:..\\c", "leads upwards"),
        ("Network", "net:https://h/a/../b", "leads upwards"),
        ("Network", "net:https://h/a/%2e%2E/b", "leads upwards"),
        ("Network", "net:https://h/a/.%2e", "leads upwards"),
        ("Network", "net:https://h/a/..%2fb", "leads upwards"),
        ("Network", "net:https://h/a/b%5C..%5C..%5Cc", "leads upwards"),
        ("Network", "net:https://h/a/b\\..\\c", "leads upwards"),
    ],
)
def test_what_is_no_selector_is_refused(op, given, reason):
    with pytest.raises(SelectorError, match=reason):
        normalise(op, given)


def test_effects_are_declared_once_and_sorted_by_op_then_selector():
    given = [("WriteFS", "fs:b"), ("ReadFS", "fs:b"), ("WriteFS", "fs:a"), ("WriteFS", "fs:./b")]
    assert declared(given) == [
        Effect("ReadFS", "fs:b"),
        Effect("WriteFS", "fs:a"),
        Effect("WriteFS", "fs:b"),
    ]


@pytest.mark.parametrize(
    ("op", "wide", "narrow", "expected"),
    [
        ("WriteFS", "fs:a/b", "fs:a/b", True),
        ("WriteFS", "fs:a/", "fs:a/b", True),
        ("WriteFS", "fs:a/", "fs:a/b/c/", True),
        ("WriteFS", "fs:a/", "fs:a", False),
        ("WriteFS", "fs:a", "fs:a/b", False),
        ("WriteFS", "fs:a/", "fs:ab/c", False),
        ("WriteFS", "fs:a/", "fs:/a/b", False),
        ("WriteFS", "fs:/", "fs:/a/b", True),
        ("WriteFS", "fs:/", "fs:a/b", True),
        ("WriteFS", "fs:a/b", "fs:/", False),
        ("Network", "net:https://h/a", "net:https://h/a/b", True),
        ("Network", "net:https://h/a", "net:https://h/ab", False),
        ("Network", "net:https://h/a/b", "net:https://h/a", False),
        ("Network", "net:https://h/", "net:https://h/a", True),
        ("Network", "net:https://h/", "net:http://h/a", False),
        ("Network", "net:https://h/", "net:https://h.evil/a", False),
        ("Network", "net:https://h/", "net:https://h:8443/a", False),
        ("Exec", "exec:git", "exec:git", True),
        ("Exec", "exec:git/", "exec:git/x", False),
        ("Publish", "pub:prod/", "pub:prod/site", False),
    ],
)
def test_a_selector_covers_itself_and_what_is_below_it(op, wide, narrow, expected):
    one, other = normalise(op, wide), normalise(op, narrow)
    assert covers(one, other) is expected
    assert uncovered([one], [other]) == ([] if expected else [other])


def test_nothing_covers_an_effect_of_another_op():
    assert not covers(Effect("ReadFS", "fs:a/"), Effect("WriteFS", "fs:a/b"))
    assert not covers(Effect("ReadFS", "fs:a"), Effect("WriteFS", "fs:a"))


def test_what_is_not_covered_is_named_in_its_order():
    done = [Effect("Exec", "exec:rm"), Effect("ReadFS", "fs:a/b"), Effect("Exec", "exec:git")]
    assert uncovered([Effect("ReadFS", "fs:a/")], done) == [done[0], done[2]]


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Effect("ReadFS", "fs:a/b/c"), ["fs:a/b/", "fs:a/", "fs:/"]),
        (Effect("ReadFS", "fs:a/b/"), ["fs:a/", "fs:/"]),
        (Effect("ReadFS", "fs:/a/b"), ["fs:/a/", "fs:/"]),
        (Effect("ReadFS", "fs:/a/"), ["fs:/"]),
        (Effect("ReadFS", "fs:/"), []),
        (Effect("Network", "net:https://h/a/b"), ["net:https://h/a", "net:https://h/"]),
        (Effect("Network", "net:https://h/"), []),
        (Effect("Exec", "exec:a/b"), []),
        (Effect("Publish", "pub:a/b"), []),
    ],
)
def test_what_is_wider_comes_nearest_first(effect, expected):
    assert ancestors(effect) == [Effect(effect.op, selector) for selector in expected]


def test_what_two_lists_have_in_common_is_what_both_cover():
    wide = declared([("WriteFS", "fs:out/"), ("Network", "net:http://a/v1"), ("Exec", "exec:x")])
    other = declared(
        [
            ("WriteFS", "fs:out/a/"),
            ("Network", "net:http://a/"),
            ("Exec", "exec:y"),
            ("ReadFS", "fs:/"),
        ]
    )
    found = declared([("WriteFS", "fs:out/a/"), ("Network", "net:http://a/v1")])
    assert common(wide, other) == common(other, wide) == found
    assert common(wide, []) == common([], wide) == []
    assert common(wide, wide) == wide
