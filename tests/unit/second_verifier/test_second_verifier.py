"""The second verifier passes what the page allows and gives the page's code for all else."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

TESTS = Path(__file__).parents[2]


def load(name):
    path = TESTS / "second_verifier" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"second_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load("build")
verifier = load("verifier")
PAGE = (TESTS.parent / "docs" / "spec" / "bundle-0.2.md").read_text(encoding="utf-8")
MAKERS = [build.minimal, build.eventful, build.halted, build.widened]
MINIMAL = build.minimal().files()


MALFORMED = "BUNDLE_MALFORMED"
UNSAFE = "UNSAFE_PATH"
UNLISTED = "UNLISTED_FILE"
MISSING = "MANIFEST_MISSING_FILE"
HASH = "HASH_MISMATCH"
LIMIT = "LIMIT_EXCEEDED"
DIGEST = "PROOF_DIGEST_MISMATCH"


@pytest.mark.parametrize("make", MAKERS)
def test_a_built_bundle_passes(make):
    assert verifier.verify(make().files()) == []


def test_the_tables_of_the_verifier_are_those_of_the_page():
    lanes = re.findall(r"^\| after \| may come \|\n\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    tables = []
    for lane in lanes:
        table = {}
        for row in lane.splitlines():
            before, after = (cell.strip() for cell in row.strip("|").split("|"))
            table |= {kind: set(after.split()) for kind in before.split(", ")}
        tables.append(table)
    ours = [verifier.STEP_LANE, verifier.ROOT_LANE]
    assert tables == [{kind: set(may.split()) for kind, may in table.items()} for table in ours]


def test_the_kinds_of_the_verifier_are_those_of_the_page():
    rows = re.findall(
        r"^\| (\w+) \| (Observe|Orient|Decide|Act|Verify|Lock) \| ", PAGE, re.MULTILINE
    )
    assert dict(rows) == verifier.PHASE
    assert len(rows) == len(verifier.PAYLOADS)


# ------------------------------------------------------------------------- edits of sealed files


def put(**files):
    return lambda sealed: sealed.update(
        {name.replace("__", "/"): raw for name, raw in files.items()}
    )


def drop(name):
    return lambda sealed: sealed.pop(name)


def add(name, raw=b"x"):
    return lambda sealed: sealed.update({name: raw})


def swap(name, old, new):
    def edit(sealed):
        assert old in sealed[name]
        sealed[name] = sealed[name].replace(old, new, 1)

    return edit


SEALED_EDITS = {
    "no manifest": (drop("manifest.json"), [MALFORMED]),
    "no receipt": (drop("receipt.json"), [MALFORMED]),
    "no events": (drop("events.jsonl"), [MISSING]),
    "no program": (drop("evidence/program.json"), [MISSING]),
    "a file that is not listed": (add("artifacts/more"), [UNLISTED]),
    "a signature": (add("signatures/a.sig"), [UNLISTED]),
    "a file at the top": (add("README.md"), [UNLISTED]),
    "a file of another size": (add("artifacts/answer.bin", b""), [HASH]),
    "a file of other bytes": (swap("evidence/program.json", b"tidy", b"ugly"), [HASH]),
    "a manifest with a newline": (swap("manifest.json", b'"}', b'"}\n'), [MALFORMED, "RECEIPT_HASH_MISMATCH"]),
    "a receipt with a newline": (swap("receipt.json", b'"0.2",', b'"0.2",\n'), [MALFORMED]),
    "a receipt of another version": (swap("receipt.json", b'"0.2"', b'"0.3"'), ["VERSION_UNSUPPORTED"]),
    "a receipt of 0.1": (
        put(**{"receipt.json": b'{ "receipt_version": "0.1", "x": 1.5 }\n', "manifest.json": b"[]"}),
        ["VERSION_UNSUPPORTED"],
    ),
    "a receipt of 0.1 of another version": (add("receipt.json", b'{"receipt_version":"0.2"}'), ["VERSION_UNSUPPORTED"]),
    "a receipt whose version is a number": (add("receipt.json", b'{"bundle_version":3}'), [MALFORMED]),
    "a receipt that is no object": (add("receipt.json", b'"0.3"'), [MALFORMED]),
    "another digest": (swap("receipt.json", b'"proof_digest":"', b'"proof_digest":"0'), [DIGEST]),
}  # fmt: skip


@pytest.mark.parametrize("name", SEALED_EDITS)
def test_an_edit_of_sealed_files_gives_its_codes(name):
    edit, codes = SEALED_EDITS[name]
    sealed = dict(MINIMAL)
    edit(sealed)
    assert verifier.verify(sealed) == codes


BAD_NAMES = ["", "/", "a/", "/a", "a//b", "..", "a/../b", ".", "a./b", "a b", "a\\b", "é", "a\n", "con",
             "CON.txt", "x/Nul", "lpt0", "com9.a.b", "a" * 129, "\udc80", "b/" * 255 + "bbb"]  # fmt: skip
GOOD_NAMES = [
    ".a",
    "...a",
    "con-",
    "com",
    "com10",
    "xcon",
    "a" * 128,
    "b/" * 255 + "bb",
    "-",
    "_.con",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_breaks_the_rule_is_unsafe(name):
    assert verifier.verify({**MINIMAL, name: b""}) == [UNSAFE, UNLISTED]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_name_at_the_edge_of_the_rule_is_safe(name):
    assert verifier.verify({**MINIMAL, name: b""}) == [UNLISTED]


@pytest.mark.parametrize("name", ["Evidence/x", "evidence/Program.json", "artifacts/answer.bin/x"])
def test_names_that_clash_are_unsafe(name):
    assert verifier.verify({**MINIMAL, name: b""}) == [UNSAFE, UNLISTED]


NOT_CANONICAL = [b"", b" ", b"null", b"[]", b"{", b"\xff", b"\xef\xbb\xbf{}", b"{} ", b"{}{}", b"[" * 100_000,
                 b'{"a":' * 100_000, b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a":1.0}', b'{"a":-0}', b'{"a":1e2}',
                 b'{"a":NaN}', b'{"a":9007199254740992}', b'{"a":' + b"9" * 5000 + b"}", b'{"a":"\\ud800"}',
                 b'{"a":"\\/"}', b'{"a":"\\u0041"}', b'{"a":"\\u001F"}', '{"é":1}'.encode(), b'{"a":"\x00"}',
                 "{}".encode("utf-16"), b'{"a":"\xed\xa0\x80"}']  # fmt: skip


@pytest.mark.parametrize("raw", NOT_CANONICAL, ids=range(len(NOT_CANONICAL)))
@pytest.mark.parametrize("name", ["manifest.json", "receipt.json"])
def test_a_document_that_is_not_canonical_is_malformed(name, raw):
    assert MALFORMED in verifier.verify({**MINIMAL, name: raw})


@pytest.mark.parametrize("raw", NOT_CANONICAL, ids=range(len(NOT_CANONICAL)))
def test_parse_refuses_what_is_not_canonical(raw):
    if raw in (b"null", b"[]"):
        assert verifier.canonical(verifier.parse(raw)) == raw
    else:
        with pytest.raises((ValueError, RecursionError)):
            verifier.parse(raw)


@pytest.mark.parametrize("raw", [b"", b"\n", b"{}\n", b"{}", b"\n\n"])
def test_a_log_without_events_is_malformed(raw):
    assert verifier.verify({**MINIMAL, "events.jsonl": raw}) == [HASH, MALFORMED]


def test_a_log_without_the_last_newline_or_with_a_blank_line_is_malformed():
    raw = MINIMAL["events.jsonl"]
    for changed in (
        raw[:-1],
        raw + b"\n",
        raw.replace(b"\n", b"\r\n"),
        raw.replace(b"\n", b"\n\n", 1),
    ):
        assert verifier.verify({**MINIMAL, "events.jsonl": changed}) == [HASH, MALFORMED]


# ------------------------------------------------------------------------ changes of every place


def places(value, path=()):
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        yield from places(item, (*path, key))


def get(value, path):
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("make", MAKERS)
def test_a_null_anywhere_in_the_log_is_malformed(make):
    for path in places(make().log):
        if path[1:]:
            draft = make()
            get(draft.log, path[:-1])[path[-1]] = None
            if path[1:] not in (("kind",), ("payload",)):
                assert MALFORMED in verifier.verify(draft.files()), path


@pytest.mark.parametrize("make", MAKERS)
def test_one_more_field_in_any_object_of_the_log_is_malformed(make):
    for path in places(make().log):
        draft = make()
        value = get(draft.log, path)
        if isinstance(value, dict) and path[-1] != "code":
            value["zz"] = "zz"
            assert MALFORMED in verifier.verify(draft.files()), path


@pytest.mark.parametrize("make", MAKERS)
def test_a_null_or_one_more_field_anywhere_in_the_receipt_is_malformed(make):
    whole = json.loads(make().files()["receipt.json"])
    for path in places(whole):
        if path and path != ("proof_digest",):
            assert MALFORMED in verifier.verify(with_receipt(make(), path[:-1], path[-1], None)), (
                path
            )
        if isinstance(get(whole, path), dict) and path != ("code",):
            assert MALFORMED in verifier.verify(with_receipt(make(), path, "zz", 1)), path


def with_receipt(draft, path, key, value):
    def edit(receipt):
        get(receipt, path)[key] = value
        return receipt

    draft.edit_receipt = edit
    return draft.files()


def test_every_change_of_one_bit_in_any_file_fails():
    for name, raw in MINIMAL.items():
        for place in range(len(raw)):
            changed = bytearray(raw)
            changed[place] ^= 1
            assert verifier.verify({**MINIMAL, name: bytes(changed)}), (name, place)


def test_every_file_cut_short_anywhere_fails():
    files = build.halted().files()
    for name, raw in files.items():
        for end in range(0, len(raw), 7):
            assert verifier.verify({**files, name: raw[:end]}), (name, end)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.text(max_size=20) | st.sampled_from(sorted(MINIMAL)), st.binary(max_size=60))
)
def test_random_bytes_never_raise_and_never_pass(files):
    assert verifier.verify(files)
    assert verifier.verify({**MINIMAL, **files}) or not files


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**54) | st.text(max_size=3) | st.sampled_from(["Locked", "json"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["form", "inline", "path", "size"]), inner),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MAKERS), st.data())
def test_any_value_anywhere_in_the_log_or_receipt_never_raises(make, data):
    files = make().files()
    lines = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    path = data.draw(st.sampled_from([path for path in places(lines) if path]))
    get(lines, path[:-1])[path[-1]] = data.draw(json_values)
    whole = json.loads(files["receipt.json"])
    spot = data.draw(st.sampled_from([path for path in places(whole) if path]))
    get(whole, spot[:-1])[spot[-1]] = data.draw(json_values)
    try:
        changed = {
            "events.jsonl": b"".join(build.canonical(line) + b"\n" for line in lines),
            "receipt.json": build.canonical(whole),
        }
    except UnicodeEncodeError:
        return
    verifier.verify({**files, **changed})


# ----------------------------------------------------------------------------------------- limits


def test_the_limits_hold_at_the_number_and_not_one_past_it(monkeypatch):
    longest = max(map(len, MINIMAL["events.jsonl"].splitlines()))
    document = max(len(MINIMAL["receipt.json"]), len(MINIMAL["manifest.json"]))
    limits = {"MAX_NAMES": 7, "MAX_LINE": longest, "MAX_LINES": 13, "MAX_DOCUMENT": document}
    limits["MAX_FILE"] = len(MINIMAL["events.jsonl"])
    for name, limit in limits.items():
        monkeypatch.setattr(verifier, name, limit)
        assert verifier.verify(MINIMAL) == [], name
        monkeypatch.setattr(verifier, name, limit - 1)
        assert verifier.verify(MINIMAL) == [LIMIT], name
        monkeypatch.undo()


def test_a_count_ends_at_the_largest_safe_integer():
    for number, codes in ((2**53 - 1, []), (2**53, [MALFORMED])):
        draft = build.minimal()
        draft.payload("LensAssembled")["items"] = number
        assert verifier.verify(draft.files()) == codes
