"""The strict reader against JSONTestSuite: what it must accept, refuse, and may do either way."""

import json
from pathlib import Path

import pytest

from workc.kernel import canonical, jcs
from workc.kernel.canonical import CanonicalError

DATA = Path(__file__).parent / "jsontestsuite"
PARSING = sorted((DATA / "test_parsing").glob("*.json"))
TRANSFORM = sorted((DATA / "test_transform").glob("*.json"))

# Files that RFC 8259 lets a reader accept and I-JSON (RFC 7493, section 2.3) does not.
REFUSED_BY_CHOICE = {
    "y_object_duplicated_key.json": "twice",
    "y_object_duplicated_key_and_value.json": "twice",
}

# The files left open that we read: each number becomes the nearest double.
ACCEPTED_BY_CHOICE = {
    "i_number_double_huge_neg_exp.json": [0],
    "i_number_real_underflow.json": [0],
    "i_number_too_big_pos_int.json": [1e20],
}


def of_kind(letter):
    return [path for path in PARSING if path.name.startswith(letter)]


def name_of(path):
    return path.stem


def test_all_files_are_here():
    assert [len(of_kind(letter)) for letter in "yni"] == [95, 188, 35]
    assert len(TRANSFORM) == 22


@pytest.mark.parametrize("path", of_kind("y"), ids=name_of)
def test_what_must_be_accepted_is_read_as_the_standard_reader_does(path):
    data = path.read_bytes()
    if path.name in REFUSED_BY_CHOICE:
        with pytest.raises(CanonicalError, match=REFUSED_BY_CHOICE[path.name]):
            jcs.parse(data)
    else:
        assert jcs.parse(data) == json.loads(data)


@pytest.mark.parametrize("path", of_kind("n"), ids=name_of)
def test_what_must_be_refused_is_refused_by_both_readers(path):
    with pytest.raises(CanonicalError):
        jcs.parse(path.read_bytes())
    with pytest.raises(CanonicalError):
        canonical.decode(path.read_bytes())


@pytest.mark.parametrize("path", of_kind("i"), ids=name_of)
def test_what_is_left_open_is_read_only_where_named(path):
    if path.name in ACCEPTED_BY_CHOICE:
        assert jcs.parse(path.read_bytes()) == ACCEPTED_BY_CHOICE[path.name]
    else:
        with pytest.raises(CanonicalError):
            jcs.parse(path.read_bytes())


@pytest.mark.parametrize("path", TRANSFORM, ids=name_of)
def test_what_readers_disagree_on_is_refused_or_has_one_normal_form(path):
    try:
        value = jcs.parse(path.read_bytes())
    except CanonicalError:
        return
    assert jcs.parse(jcs.encode(value)) == value


def test_numbers_beyond_the_safe_range_are_refused_and_close_ones_are_rounded():
    refused = {p.name for p in TRANSFORM if not is_read(p)}
    assert {name for name in refused if name.startswith("number_")} == {
        "number_-9223372036854775808.json",
        "number_-9223372036854775809.json",
        "number_10000000000000000999.json",
        "number_9223372036854775807.json",
        "number_9223372036854775808.json",
    }


def is_read(path):
    try:
        jcs.parse(path.read_bytes())
    except CanonicalError:
        return False
    return True
