"""Operations as values and as JSON: each comes back as it went, and what is none is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.sim.json_text import MAX_DEPTH, JsonTextError, check_json, read_json, spell_json
from workc.sim.tamper import operation
from workc.sim.tamper.operation import (
    MAX_SIZE,
    VARIANTS,
    TamperError,
    TamperOp,
    parse_operations,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SIZE = st.integers(0, MAX_SIZE)
POINTER = st.lists(TEXT, max_size=3).map(
    lambda tokens: "".join("/" + t.replace("~", "~0").replace("/", "~1") for t in tokens)
)
SCALAR = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT
JSON = st.recursive(
    SCALAR | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
FIELDS = {
    "rel_path": TEXT,
    "offset": SIZE,
    "xor": st.integers(0, 255),
    "new_len": SIZE,
    "bytes_hex": st.binary(max_size=9).map(bytes.hex),
    "swap_i": SIZE,
    "swap_j": SIZE,
    "json_pointer": POINTER,
    "new_json": JSON,
    "entry_path": TEXT,
    "new_sha256": TEXT,
    "edit": TEXT,
}
OPERATIONS = st.one_of(
    *(
        st.builds(variant, **{name: FIELDS[name] for name in variant.__struct_fields__})
        for variant in VARIANTS.values()
    )
)


@given(OPERATIONS)
def test_every_operation_comes_back_from_its_json(op):
    text = json.dumps(op.to_json())
    assert TamperOp.parse(text) == op
    assert spell_json(TamperOp.parse(text).to_json()) == spell_json(op.to_json())
    assert parse_operations(f"[{text},{text}]") == [op, op]


def test_the_variants_are_the_seven_of_old_and_resealing():
    assert list(VARIANTS) == [
        "FlipByte",
        "DeleteFile",
        "TruncateFile",
        "ReplaceBytes",
        "ReorderEvents",
        "ModifyReceiptField",
        "CorruptManifestHash",
        "Reseal",
    ]
    assert {name: getattr(TamperOp, name) for name in VARIANTS} == dict(VARIANTS)
    assert all(issubclass(variant, TamperOp) for variant in VARIANTS.values())


def test_the_json_is_that_of_an_externally_tagged_enum():
    op = TamperOp.FlipByte(rel_path="receipt.json", offset=3, xor=1)
    assert op.to_json() == {"FlipByte": {"rel_path": "receipt.json", "offset": 3, "xor": 1}}
    assert list(op.to_json()["FlipByte"]) == ["rel_path", "offset", "xor"]


def flip(**fields):
    return {"FlipByte": {"rel_path": "x", "offset": 0, "xor": 1, **fields}}


WRONG = {
    "not_json": [
        b"\xff",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "",
        "{",
        "nul",
        "[1,",
        '{"a":1}{}',
        '{"FlipByte":{"xor":NaN}}',
    ],
    "unknown_op": [{}, [], 1, None, "FlipByte", {"Flip": {}}, {"flipbyte": {}}],
    "missing_field": [{"FlipByte": {}}, {"DeleteFile": {}}, {"Reseal": {}}],
    "unknown_field": [flip(more=1), flip(Offset=1)],
    "wrong_type": [
        {"FlipByte": None},
        {"FlipByte": []},
        flip(rel_path=1),
        flip(offset="0"),
        flip(offset=1.0),
        flip(xor=True),
        flip(offset=None),
        {"CorruptManifestHash": {"entry_path": "x", "new_sha256": 0}},
    ],
    "out_of_range": [
        flip(xor=256),
        flip(xor=-1),
        flip(offset=-1),
        {"TruncateFile": {"rel_path": "x", "new_len": -1}},
        {"ReorderEvents": {"swap_i": 0, "swap_j": -1}},
    ],
    "bad_hex": [
        {"ReplaceBytes": {"rel_path": "x", "offset": 0, "bytes_hex": text}}
        for text in ("0", "0g", "zz", " 00", "0x00", "\u0660\u0660")
    ],
    "bad_pointer": [
        {"ModifyReceiptField": {"json_pointer": text, "new_json": 1}}
        for text in ("outcome", "/~", "/~2", " /a", "#/a")
    ],
}


@pytest.mark.parametrize(
    ("problem", "value"), [(problem, value) for problem, vs in WRONG.items() for value in vs]
)
def test_what_is_no_operation_is_refused_with_its_own_problem(problem, value):
    text = value if isinstance(value, str | bytes) and problem == "not_json" else json.dumps(value)
    with pytest.raises(TamperError) as refused:
        TamperOp.parse(text)
    assert refused.value.problem == problem
    assert str(refused.value)


@pytest.mark.parametrize("xor", [0, 255])
@pytest.mark.parametrize("offset", [0, MAX_SIZE])
def test_numbers_at_their_limits_are_taken(xor, offset):
    assert TamperOp.from_json(flip(xor=xor, offset=offset)).to_json() == flip(
        xor=xor, offset=offset
    )


def test_one_past_a_size_is_out_of_range_and_not_more_than_json_can_say():
    with pytest.raises(TamperError, match="past 64 bits"):
        TamperOp.parse(json.dumps(flip(offset=MAX_SIZE + 1)))
    with pytest.raises(TamperError) as refused:
        TamperOp.FlipByte(rel_path="x", offset=MAX_SIZE + 1, xor=1)
    assert refused.value.problem == "out_of_range"


def test_a_repeated_key_and_a_lone_surrogate_are_no_json():
    for text in (
        '{"DeleteFile":{"rel_path":"x","rel_path":"x"}}',
        '{"DeleteFile":{"rel_path":"\\ud800"}}',
    ):
        with pytest.raises(TamperError) as refused:
            TamperOp.parse(text)
        assert refused.value.problem == "not_json"


def problem_of(read, value):
    """Returns the problem that a value was refused with, or None; any other error is a failure."""
    try:
        read(value)
    except TamperError as error:
        return error.problem
    return None


PROBLEMS = {None, *operation.Problem.__args__}


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_text_is_an_operation_or_one_error(text):
    assert problem_of(parse_operations, text) in PROBLEMS


@given(JSON)
def test_any_json_is_an_operation_or_one_error(value):
    assert problem_of(TamperOp.from_json, value) in PROBLEMS


def test_an_empty_list_of_operations_is_refused():
    with pytest.raises(TamperError, match="empty"):
        parse_operations("[]")


@given(JSON)
def test_json_is_read_as_it_was_spelled(value):
    assert spell_json(read_json(spell_json(value))) == spell_json(value)


def test_one_and_one_point_zero_stay_apart():
    assert spell_json(read_json("[1, 1.0, true]")) == b"[1,1.0,true]"


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def test_containers_nest_as_deep_as_the_limit_and_no_deeper():
    check_json(nested(MAX_DEPTH))
    for value in (nested(MAX_DEPTH + 1), {"a": nested(MAX_DEPTH)}):
        with pytest.raises(JsonTextError, match="deep"):
            check_json(value)
    with pytest.raises(JsonTextError, match="deep"):
        read_json("[" * 100_000)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**64, -(2**63) - 1, (), b"", {1: 2}, "\ud800", {"\ud800": 1}],
)
def test_what_has_no_json_is_refused(value):
    with pytest.raises(JsonTextError):
        check_json(value)
    with pytest.raises(TamperError) as refused:
        TamperOp.ModifyReceiptField(json_pointer="", new_json=[value])
    assert refused.value.problem == "wrong_type"
