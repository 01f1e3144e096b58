"""The page and the code name the same kinds, codes, limits and steps."""

import re
from pathlib import Path

from workc.bundle.layout import LIMITS, MAX_PATH_BYTES
from workc.kernel.catalog import CATALOG
from workc.kernel.digest import sha256_hex
from workc.kernel.events import MAX_PATH_LENGTH
from workc.kernel.kinds import KINDS
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.verify.signatures import ed25519
from workc.verify.signatures.dsse import PAYLOAD_TYPE
from workc.verify.signatures.rules import MAX_ENVELOPE_BYTES, MAX_SIGNATURE_FILES, MAX_SIGNATURES
from workc.verify.signatures.statement import PREDICATE_TYPE, STATEMENT_TYPE
from workc.verify.signatures.trust import MAX_KEYS, MAX_NAME, MAX_TRUST_BYTES, SCHEMA, VERSIONS
from workc.verify.v02.examination import STEPS
from workc.verify.v02.payload_rules import MAX_DECLARED, MAX_SEED, STATUS_CODES
from workc.verify.v02.payload_rules import MAX_NAME as MAX_RUN_NAME
from workc.verify.verdict import MAX_FINDINGS, VERIFY_FAIL_CODES

PAGE = (Path(__file__).parents[3] / "docs" / "spec" / "bundle-0.2.md").read_text()


def test_every_code_that_can_be_given_stands_on_the_page():
    roots = {code for code in VERIFY_FAIL_CODES if code.startswith("MERKLE_MISMATCH_")}
    assert all(f"`{code}`" in PAGE for code in set(VERIFY_FAIL_CODES) - roots)
    suffixes = re.findall(r"\| ([A-Z, ]+) \|$", PAGE.partition("**Roots**")[2], re.M)
    named = {name for group in suffixes for name in group.split(", ")}
    assert {f"MERKLE_MISMATCH_{name}" for name in named} == roots


def test_every_code_of_the_page_can_be_given():
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE)) - {"MERKLE_MISMATCH_"}
    assert named - CATALOG.keys() <= set(VERIFY_FAIL_CODES)


def test_every_kind_stands_on_the_page_in_its_phase():
    rows = dict(
        re.findall(
            r"^\| (\w+) \| (\w+) \| .+ \|$", PAGE.partition("## 6.")[2].partition("## 7.")[0], re.M
        )
    )
    rows.pop("kind")
    assert rows == {kind: rule.phase for kind, rule in KINDS.items()}


def test_answers_are_those_of_the_page():
    named = PAGE.partition("Answers are ")[2].partition(", and\n")[0].split(", ")
    assert set(named) == {kind for kind, rule in KINDS.items() if rule.answer == "yes"}


SENTENCES = {
    "names": "More than {:,} names: `LIMIT_EXCEEDED`",
    "file_bytes": "A file larger than {:,} bytes is `LIMIT_EXCEEDED`",
    "document_bytes": "at most {:,}\nbytes: `bundle_version`",
    "line_bytes": "a line is at most {:,} bytes",
    "events": "there are at most\n{:,} (`LIMIT_EXCEEDED`)",
}


def test_each_limit_stands_on_the_page_where_it_belongs():
    assert set(SENTENCES) == set(LIMITS.__struct_fields__)
    for name, sentence in SENTENCES.items():
        assert sentence.format(getattr(LIMITS, name)) in PAGE


def test_bounds_that_are_no_limits_stand_on_the_page_too():
    assert f"joined by `/`, at most {MAX_PATH_BYTES} bytes" in PAGE
    assert f"| `at` | list of 1 to {MAX_PATH_LENGTH} counts |" in PAGE
    assert f"`name` is 1 to {MAX_RUN_NAME} characters" in PAGE
    assert f"`effects` are at most {MAX_DECLARED}, each" in PAGE
    assert f"at most {MAX_FINDINGS} findings in all" in PAGE
    assert (MAX_SEED, MAX_SAFE_INTEGER) == (2**64 - 1, 2**53 - 1)
    assert "from 0 to 2^64-1" in PAGE
    assert "from 0 to 2^53-1" in PAGE
    assert f"`status` is from {STATUS_CODES[0]} to {STATUS_CODES[-1]}" in PAGE


def test_limits_of_signatures_stand_on_the_page():
    of_signatures = (MAX_SIGNATURE_FILES, MAX_ENVELOPE_BYTES, MAX_SIGNATURES)
    for limit in (*of_signatures, MAX_TRUST_BYTES, MAX_KEYS, MAX_NAME):
        assert f"{limit:,}" in PAGE


def test_steps_stand_on_the_page_in_order():
    text = PAGE.partition("Steps, in order: ")[2].partition("expectations.")[0]
    places = [(text + "expectations").index(step) for step in STEPS]
    assert places == sorted(places)


def test_what_signatures_are_made_of_stands_on_the_page():
    section = PAGE.partition("## 12. Signatures")[2]
    for text in (PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, SCHEMA, *VERSIONS):
        assert f"`{text}`" in section
    (y,) = re.findall(r"0x([0-9a-f]{64})", section)
    p = ed25519.PRIME
    assert {0, 1, p - 1, int(y, 16), p - int(y, 16)} == ed25519.LOW_ORDER_Y
    (head,) = re.findall(r"0x([0-9a-f]{24}) ", section)
    assert ed25519.keyid_of(bytes(32)) == sha256_hex(bytes.fromhex(head) + bytes(32))
