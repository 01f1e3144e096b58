"""Rules of a policy that speak of effects, and those that do not: read once more, or not at all."""

import hashlib

import pytest
from attacks.policy import ALLOWED, ITEMS, OPEN, put_policy, speak
from bundles import bundle
from odd_reader import OddReader
from reseal import canonical, reseal, second

from workc.bundle.documents import FileEntry
from workc.bundle.layout import MAX_LINE_BYTES
from workc.kernel.payloads import Body, Policy
from workc.verify.case import Case
from workc.verify.reader import MemoryReader
from workc.verify.v02.effect_rules import check_effect_rules
from workc.verify.v02.policy_text import rules_of
from workc.verify.verifier import verify

ASKED = {(ITEMS["op"], ITEMS["selector"])}


def found(text, asked, entry=None, reader=None):
    """Returns what is found of rules that stand inline, or in the file of ``entry``."""
    case = Case()
    body = Body(form="json", inline=text) if entry is None else Body(
        form="json", path=entry.path, sha256=entry.sha256, size=entry.size
    )  # fmt: skip
    policy = Policy(id="custom-0", rules=body, rules_sha256="0" * 64)
    entries = {} if entry is None else {entry.path: entry}
    rules = rules_of(reader or MemoryReader({}), entries, policy, case)
    check_effect_rules(rules, asked, case)
    return [finding.code for finding in case.findings()]


def said(**effects):
    return canonical({"effects": {**ALLOWED, "unknown": "deny", **effects}}).decode()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a":1}', said() + " ", '{"effects":1.5}', "\ud800", '{"effects": {}}']
)
def test_what_does_not_speak_of_effects_allows_all(text):
    assert found(text, ASKED) == []
    assert found(text, None) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"effects":{}}',
        '{"effects":[]}',
        said(unknown="perhaps"),
        said(more=1),
        said(allow=[ITEMS, {"op": "Network", "selector": "net:http://A/"}]),
        said(deny=[{"op": "Exec", "selector": "exec:"}]),
    ],
)
def test_rules_of_another_form_allow_nothing(text):
    assert found(text, ASKED) == ["POLICY_VIOLATION"]
    assert found(text, set()) == []
    assert found(text, None) == ["POLICY_VIOLATION"]


def test_what_is_asked_for_is_allowed_and_not_denied():
    assert found(said(), ASKED) == []
    assert (
        found(said(deny=[{"op": "Network", "selector": "net:http://93.184.216.34/a"}]), ASKED) == []
    )
    assert found(said(deny=[ITEMS]), ASKED) == ["POLICY_VIOLATION"]
    assert found(said(allow=[]), ASKED) == ["POLICY_VIOLATION"]


def test_a_bundle_under_a_policy_that_allows_what_it_does_verifies():
    edited = reseal(bundle("bounded"), speak, project=True)
    assert verify(MemoryReader(edited)).codes() == ()
    assert second.verify(dict(edited)) == []


def padded(size):
    """Returns rules of so many bytes that allow nothing of what is asked for."""
    rest = said(deny=[ITEMS])[1:]
    return b'{"a":"' + b"x" * (size - len(rest) - 8) + b'",' + rest.encode()


def in_file(d, text):
    """Puts rules into the run as a file, as a run does."""
    put_policy(d, {"network": OPEN}, None)
    policy = d.payload("RunStarted")["policy"]
    path = "evidence/policy.json"
    d.files[path] = text
    digest = hashlib.sha256(text).hexdigest()
    policy.update(id=f"custom-{digest[:12]}", rules_sha256=digest)
    policy["rules"] = {"form": "json", "path": path, "sha256": digest, "size": len(text)}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (said().encode(), ()),
        (said(deny=[ITEMS]).encode(), ("POLICY_VIOLATION",)),
        (b"\xff", ()),
        (padded(MAX_LINE_BYTES), ("POLICY_VIOLATION",)),
        (padded(MAX_LINE_BYTES + 1), ()),
    ],
    ids=["allowed", "denied", "no text", "as long as may be", "too long"],
)
def test_rules_in_a_file_are_read_if_they_are_not_too_long(text, codes):
    edited = reseal(bundle("bounded"), lambda d: in_file(d, text), project=True)
    assert verify(MemoryReader(edited)).codes() == codes
    assert tuple(second.verify(dict(edited))) == codes


def test_a_file_of_rules_that_cannot_be_read_again_is_told():
    entry = FileEntry(path="evidence/policy.json", sha256="0" * 64, size=3)
    reader = OddReader({entry.path: b"{}\n"}, fails=(entry.path,))
    assert found("", ASKED, entry, reader) == ["FILE_UNREADABLE"]


def test_rules_that_are_known_are_not_read_again():
    reader = OddReader(bundle("bounded"))
    assert verify(reader).codes() == ()
    assert len(reader.read) == len(set(reader.read))
