"""Bytes of format 0.1 against naive second implementations, and hostile documents."""

import hashlib
import json
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from workc.bundle.v01.canonical import MAX_DEPTH, decode, encode
from workc.bundle.v01.leaves import RECEIPT_TREES, LeafError, manifest_leaves, receipt_leaves
from workc.bundle.v01.merkle import RootBuilder, Tree, root
from workc.kernel.canonical import CanonicalError

SUITE = Path(__file__).parent.parent / "vectors" / "jsontestsuite"

WHOLE = st.integers(-(2**63), 2**64 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PROFILE = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=25,
)
OUTSIDE = st.floats() | st.integers() | st.binary() | st.tuples(st.integers()) | st.text()
ANYTHING = st.recursive(
    PROFILE | OUTSIDE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def is_text(value):
    return type(value) is str and all(not 0xD800 <= ord(char) < 0xE000 for char in value)


def in_profile(value, room=MAX_DEPTH):
    """Says by plain recursion whether a value is in the profile: the naive second check."""
    if type(value) is int:
        return -(2**63) <= value < 2**64
    if type(value) is list:
        return room > 0 and all(in_profile(item, room - 1) for item in value)
    if type(value) is dict:
        inner = value.values()
        return room > 0 and all(map(is_text, value)) and all(in_profile(v, room - 1) for v in inner)
    return value is None or type(value) is bool or is_text(value)


def naive_spelling(value):
    """The standard library's encoder sorts keys by code points and escapes as CJ-0.1 does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(PROFILE)
@settings(max_examples=200, deadline=None)
def test_a_spelling_is_that_of_the_naive_encoder_and_reads_back(value):
    data = encode(value)
    assert data == naive_spelling(value)
    assert decode(data) == value
    assert encode(decode(data)) == data


@given(st.dictionaries(TEXT, st.none(), max_size=8))
@settings(max_examples=200, deadline=None)
def test_keys_ascend_by_their_utf_8_bytes(value):
    keys = list(json.loads(encode(value)))
    assert keys == sorted(value, key=str.encode)


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_a_value_is_refused_if_and_only_if_it_is_outside_the_profile(value):
    try:
        encode(value)
    except CanonicalError as error:
        assert not in_profile(value)
        str(error).encode()
    else:
        assert in_profile(value)


def is_accepted_or_refused(data):
    """Reads ``data``; any exception but the one error goes through and fails the test."""
    try:
        value = decode(data)
    except CanonicalError as error:
        str(error).encode()
        return
    assert encode(value) == data == naive_spelling(value)
    assert in_profile(value)


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
@example(b"[" * 3000)
@example(b"-" + b"1" * 4301)
@example(b'{"a":1e309}')
def test_any_bytes_are_one_spelling_or_the_one_error(data):
    is_accepted_or_refused(data)


@given(st.text(alphabet='0123456789.-+eE[]{}:,"\\untrfalse \ufeff\x00é', max_size=24))
@settings(max_examples=300, deadline=None)
def test_any_text_that_looks_like_json_is_one_spelling_or_the_one_error(text):
    is_accepted_or_refused(text.encode())


@given(PROFILE, st.integers(0, 400), st.binary(max_size=3), st.integers(0, 3))
@settings(max_examples=300, deadline=None)
def test_a_damaged_spelling_is_another_spelling_or_the_one_error(value, at, new, cut):
    data = encode(value)
    is_accepted_or_refused(data[:at] + new + data[at + cut :])


def test_every_file_of_the_json_test_suite_is_one_spelling_or_the_one_error():
    files = sorted(SUITE.glob("test_*/*.json"))
    assert len(files) > 300
    for path in files:
        is_accepted_or_refused(path.read_bytes())


def naive_root(tree, leaves):
    """The definition level by level, with all hashes in memory."""

    def sha(part, data):
        return hashlib.sha256(f"MOTUS|MRKL|{tree.value}|{part}|0.1|".encode() + data).digest()

    if not leaves:
        return sha("EMPTY", b"").hex()
    level = [sha("LEAF", leaf) for leaf in leaves]
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        level = [sha("NODE", level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0].hex()


def test_roots_are_those_of_the_definition_for_all_small_trees():
    leaves = [b"%d" % n for n in range(140)]
    builder = RootBuilder(Tree.EVENT_LOG)
    for size in range(140):
        expected = naive_root(Tree.EVENT_LOG, leaves[:size])
        assert root(Tree.EVENT_LOG, leaves[:size]) == builder.root() == expected
        builder.add(leaves[size])


@given(st.sampled_from(list(Tree)), st.lists(st.binary(max_size=4), max_size=40))
@settings(max_examples=100, deadline=None)
def test_a_root_of_any_leaves_is_that_of_the_definition(tree, leaves):
    assert root(tree, iter(leaves)) == naive_root(tree, leaves)


FIELDS = [
    "artifacts inputs outputs path sha256 lens items kind uri provenance ts_utc effects declared",
    "op selector gates phase gate_id passed evidence verification results level check_id",
    "children loop_id spawn_index child_loop_id critical child_proof_digest files",
]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(" ".join(FIELDS).split()), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(st.sampled_from(RECEIPT_TREES), st.dictionaries(TEXT, DOCUMENTS) | DOCUMENTS)
@settings(max_examples=300, deadline=None)
def test_any_document_has_leaves_or_gives_the_one_error(tree, document):
    if not isinstance(document, dict):
        document = {"artifacts": document, "gates": document, "children": document, "loop_id": ""}
    for make in (lambda: receipt_leaves(tree, document), lambda: manifest_leaves(document)):
        try:
            leaves = make()
        except LeafError:
            continue
        assert all(encode(decode(leaf)) == leaf for leaf in leaves)
