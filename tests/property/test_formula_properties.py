"""The framework's formulas against naive second versions: fractions, recursion, brute force."""

import math
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel import freshness
from workc.kernel.human_approval import LEVELS, Risk, chance, is_required, strain, worth_ms
from workc.kernel.selectors import (
    Effect,
    SelectorError,
    ancestors,
    covers,
    declared,
    normalise,
    uncovered,
)
from workc.kernel.strategy_match import match
from workc.kernel.trie_merge import CompressionError, compress

PERMILLE = st.integers(0, 1000)


def test_freshness_is_the_rounded_line_and_never_rises():
    for days in range(8, 31):
        assert freshness.score(days) == 1000 - math.floor(Fraction(300 * (days - 7), 23))
    for days in range(31, 181):
        assert freshness.score(days) == 700 - math.floor(Fraction(500 * (days - 30), 150))
    scores = [freshness.score(days) for days in range(200)]
    assert scores == sorted(scores, reverse=True)


@given(st.lists(st.tuples(PERMILLE, st.integers(1, 5)), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_a_weighted_median_is_the_lower_median_of_every_score_repeated_by_its_weight(pairs):
    repeated = sorted(score for score, weight in pairs for _ in range(weight))
    assert freshness.median(pairs) == repeated[(len(repeated) - 1) // 2]


RISKS = st.builds(
    Risk,
    lock_level=st.sampled_from(sorted(LEVELS)),
    publishes=st.booleans(),
    uses_network=st.booleans(),
    lens_aggregate=PERMILLE,
    check_failed=st.booleans(),
)


@given(RISKS)
@settings(max_examples=200, deadline=None)
def test_strain_and_chance_are_those_of_exact_fractions(risk):
    z = -3000 + sum(
        math.floor(Fraction(weight * x, 1000))
        for weight, x in [
            (4000, LEVELS[risk.lock_level]),
            (2500, 1000 if risk.publishes else 0),
            (1800, 1000 if risk.uses_network else 0),
            (2000, 1000 - risk.lens_aggregate),
            (2200, 1000 if risk.check_failed else 0),
        ]
    )
    assert strain(risk) == z
    assert chance(z) == min(max(500 + math.floor(Fraction(1000 * z, 4000 + abs(z))), 0), 1000)


@given(st.integers(-20_000, 20_000))
def test_more_strain_is_never_less_chance(z):
    assert 0 <= chance(z) <= chance(z + 1) <= 1000


@given(PERMILLE, st.integers(0, 10**7), st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_a_human_is_asked_exactly_where_the_expected_loss_is_above_the_cost(p, loss, cost):
    assert is_required(p, loss_ms=loss, cost_ms=cost) == (Fraction(p * loss, 1000) > cost)
    worth = worth_ms(p, loss_ms=loss, cost_ms=cost)
    assert worth == math.floor(Fraction(p * loss, 1000)) - cost
    assert (worth > 0) <= is_required(p, loss_ms=loss, cost_ms=cost) <= (worth >= 0)


@given(PERMILLE, PERMILLE, PERMILLE)
@settings(max_examples=200, deadline=None)
def test_a_match_is_a_permille_that_grows_with_confidence(confidence, threshold, weight):
    found = match(confidence, threshold=threshold, weight=weight)
    assert 0 <= found <= weight
    if confidence:
        assert match(confidence - 1, threshold=threshold, weight=weight) <= found


NAMES = st.sampled_from(["a", "b", "c", "ab", ".", "", "é", "a.b"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
HOSTS = st.sampled_from(["https://h", "http://h", "https://H:443", "https://g"])
GIVEN = (
    st.tuples(st.sampled_from(["ReadFS", "WriteFS"]), PATHS.map("fs:{}".format))
    | st.tuples(st.just("Network"), st.builds("net:{}/{}".format, HOSTS, PATHS))
    | st.tuples(st.just("Exec"), st.sampled_from(["exec:a", "exec:a/b"]))
    | st.tuples(st.just("Publish"), st.sampled_from(["pub:a/", "pub:a/b"]))
)


def can_be_spelt(pair):
    try:
        normalise(*pair)
    except SelectorError:
        return False
    return True


SPELT = GIVEN.filter(can_be_spelt)
#: Many files in few folders of two ops: here merges compete, tie, and reach the root.
FILES = st.tuples(
    st.sampled_from(["ReadFS", "WriteFS"]),
    st.builds(
        "fs:{}{}".format,
        st.sampled_from(["", "a/", "b/", "b/c/", "b/d/", "e/f/g/"]),
        st.sampled_from("abcdefghijkl"),
    ),
)
#: Four folders alike: here costs tie, and differ by less than one.
ALIKE = st.builds(
    lambda sizes: [
        (op, f"fs:{folder}/{n}")
        for (op, folder), size in zip(
            [("ReadFS", "a"), ("ReadFS", "b"), ("WriteFS", "a"), ("WriteFS", "b")],
            sizes,
            strict=True,
        )
        for n in range(size)
    ],
    st.tuples(*[st.integers(0, 8)] * 4),
)
SETS = st.lists(SPELT, max_size=24) | st.lists(FILES, max_size=40) | ALIKE


def naive_covers(wide, narrow):
    """Coverage as the table says it, on the text of selectors."""
    one, other = wide.selector, narrow.selector
    if wide.op != narrow.op:
        return False
    if one == other or one == "fs:/":
        return True
    if one.startswith("fs:"):
        return one.endswith("/") and other.startswith(one)
    if one.startswith("net:"):
        return other.startswith(one if one.endswith("/") else one + "/")
    return False


@given(SPELT, SPELT)
@settings(max_examples=300, deadline=None)
def test_coverage_is_what_the_table_says_and_spelling_is_idempotent(one, other):
    wide, narrow = normalise(*one), normalise(*other)
    assert covers(wide, narrow) == naive_covers(wide, narrow)
    assert normalise(wide.op, wide.selector) == wide
    for wider in ancestors(wide):
        assert covers(wider, wide)
        assert not covers(wide, wider)
        assert normalise(wider.op, wider.selector) == wider


@given(st.sampled_from(["ReadFS", "Network", "Exec", "Publish"]), st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_text_has_one_spelling_or_gives_the_one_error(op, text):
    for scheme in ("", "fs:", "net:", "net:https://h", "exec:"):
        try:
            effect = normalise(op, scheme + text)
        except SelectorError:
            continue
        assert normalise(op, effect.selector) == effect


def naive_depth(effect):
    path = effect.selector.partition("://")[2] if effect.op == "Network" else effect.selector[3:]
    parts = [part for part in path.split("/") if part]
    return len(parts) - (effect.op == "Network")


def naive_compress(pairs, cap):
    """Follows the definition with fractions and looks at everything anew before each merge."""
    given = {normalise(op, selector) for op, selector in pairs}
    if len(given) <= cap:
        return sorted(given)
    selected = {e for e in given if not any(naive_covers(o, e) and o != e for o in given)}
    nodes = {node for effect in given for node in ancestors(effect)}
    while len(selected) > cap:
        choices = []
        for node in nodes:
            below = {e for e in selected if e != node and naive_covers(node, e)}
            if len(below) < 2:
                continue
            d = len(below) - 1
            loss = sum(naive_depth(e) - naive_depth(node) for e in given if naive_covers(node, e))
            is_root = node.selector == "fs:/"
            choices.append((is_root, Fraction(10 * loss + d, d), node.selector, node.op, below))
        if not choices:
            return None
        *_, selector, op, below = min(choices, key=lambda choice: choice[:4])
        selected = (selected - below) | {Effect(op, selector)}
    return sorted(selected)


@given(SETS, st.integers(1, 24))
@settings(max_examples=400, deadline=None)
def test_compression_is_that_of_the_naive_definition(pairs, too_many):
    cap = max(len(declared(pairs)) - too_many, 0)
    expected = naive_compress(pairs, cap)
    try:
        found = compress(pairs, cap)
    except CompressionError:
        assert expected is None
    else:
        assert list(found.effects) == expected


@given(SETS, st.integers(0, 12), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_compression_covers_all_meets_its_cap_and_does_not_depend_on_order(pairs, cap, random):
    try:
        found = compress(pairs, cap)
    except CompressionError:
        return
    assert len(found.effects) <= cap
    assert uncovered(found.effects, declared(pairs)) == []
    assert list(found.effects) == sorted(set(found.effects))
    again = [*pairs, *pairs[:3]]
    random.shuffle(again)
    assert compress(again, cap) == found
    # What was compressed can be declared, and compressing it again changes nothing.
    assert compress([(e.op, e.selector) for e in found.effects], cap) == (found.effects, 0)
