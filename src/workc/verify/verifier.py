"""The oracle: ``verify`` decides whether a bundle is good. Everybody asks it; nobody else judges.

Its steps, in the order in which findings are reported (docs/spec/bundle-0.2.md, section 10):

 1. names: every name obeys the grammar, is a regular file or a folder that holds one.
 2. manifest: canonical, sorted, lists what may be listed.
 3. files: the closed world, then sizes and hashes, each file read once (a request twice).
 4. receipt: canonical, of a version that is known.
 5. events: every line canonical and of its kind, the chain whole, the times right, the end there.
 6. table: phases, lanes and pairs as the tables say.
 7. policy: what was done is what the policy allowed (format 0.1).
 8. money: every move of the ledger follows from those before.
 9. references: files and events refer to each other, both ways.
10. roots: the nine Merkle roots.
11. projection: the receipt says what the events say, the outcome is borne out.
12. digest: the proof digest is that of the receipt.
13. signatures: who signed the digest, if a trust file is given.
14. expectations: what the caller demands, such as a certain digest.
15. children: the bundles of the children, if they are asked for.

Each version of the format has a verifier of its own that is not changed any more; this module only
finds out the version and calls it. A version that is not listed here fails.

It is a pure function of the bytes: no clock, no network, no state between two calls. PASS needs
every step taken and no finding: a step whose input could not be had is "not checked". It does not
say that the producer told the truth, nor that a bundle was not sealed anew, nor that it is the
newest: see ``not_checked``.

>>> verify(MemoryReader({})).codes()
('BUNDLE_MALFORMED', 'BUNDLE_MALFORMED')
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from workc.bundle.documents import Named, VersionField, read_version
from workc.bundle.layout import (
    BUNDLE_VERSION,
    LIMITS,
    RECEIPT,
    Limits,
    path_danger,
    path_problem,
)
from workc.verify.case import Case
from workc.verify.documents import Document, Documents, read_documents
from workc.verify.expectations import Expectations, Proven
from workc.verify.names import Grammar, Names, collect
from workc.verify.reader import Item, MemoryReader, Reader
from workc.verify.rules import VERSION_IS_KNOWN
from workc.verify.signatures.presence import Judge, NobodyTrusted, check_limits
from workc.verify.v01.version import MANIFEST_VERSION as MANIFEST_VERSION_01
from workc.verify.v01.version import RECEIPT_VERSION as VERSION_01
from workc.verify.v01.version import STEPS as STEPS_01
from workc.verify.v02.examination import STEPS as STEPS_02
from workc.verify.v02.examination import examine as examine_02
from workc.verify.verdict import Signer, Step, Verdict

__all__ = ["Expectations", "MemoryReader", "verify"]

#: What no bundle proves by itself.
TRUTH = "truth: that the producer recorded what really happened"
ALWAYS_OPEN = (
    "freshness: that this is the newest bundle of its work",
    "log: that the digest was published anywhere",
)
RESEAL = "origin: without an expected digest, a bundle sealed wholly anew cannot be told apart"


class _Examine(Protocol):
    def __call__(
        self,
        reader: Reader,
        found: Mapping[str, Item],
        given: Documents,
        wanted: Expectations,
        case: Case,
        limits: Limits,
    ) -> Proven | None: ...


class _Version(NamedTuple):
    """The verifier of one version: its steps, all of which PASS needs, its names, its function."""

    steps: tuple[Step, ...]
    grammar: Grammar
    examine: _Examine


#: Without a trust file.
NOBODY_TRUSTED = NobodyTrusted()


def _examine_01(
    reader: Reader,
    found: Mapping[str, Item],
    given: Documents,
    wanted: Expectations,
    case: Case,
    limits: Limits,
) -> Proven | None:
    from workc.verify.v01.examination import examine  # noqa: PLC0415 - see LAZY in tests/meta

    return examine(reader, found, given, wanted, case, limits)


_V01 = _Version(STEPS_01, path_danger, _examine_01)
_V02 = _Version(STEPS_02, path_problem, examine_02)
#: By the field of the receipt that names it, and the name.
_VERSIONS: Mapping[tuple[str, str], _Version] = {
    ("receipt_version", VERSION_01): _V01,
    ("bundle_version", BUNDLE_VERSION): _V02,
}
#: Which it is if the field holds no text: the version itself says what is wrong.
_BY_FIELD: Mapping[VersionField, _Version] = {"receipt_version": _V01, "bundle_version": _V02}
#: What the manifest of each version calls it: it is asked if the receipt says nothing.
_BY_MANIFEST: Mapping[str, _Version] = {MANIFEST_VERSION_01: _V01, BUNDLE_VERSION: _V02}


def verify(
    reader: Reader,
    expect: Expectations | None = None,
    judge: Judge = NOBODY_TRUSTED,
    *,
    limits: Limits = LIMITS,
    without: Collection[str] = (),
) -> Verdict:
    """Returns the verdict on the bundle that ``reader`` gives. It raises for nothing in it.

    Signatures are judged by ``judge``: without one nobody's are, and the verdict says so.

    ``without`` are numbers of rules to leave out, so that tests can show that each is needed.
    """
    return verify_proven(reader, expect, judge, limits=limits, without=without)[0]


def verify_proven(
    reader: Reader,
    expect: Expectations | None = None,
    judge: Judge = NOBODY_TRUSTED,
    *,
    limits: Limits = LIMITS,
    without: Collection[str] = (),
) -> tuple[Verdict, Proven | None]:
    """Returns what :func:`verify` does, and what the bundle says of itself if that could be had."""
    case = Case(without=without)
    wanted = expect or Expectations()
    names = collect(reader, case, limits)
    found = {} if names is None else names.files
    version, said = _examined(reader, names, wanted, case, limits)
    signers = () if names is None else _signers(reader, found, said, judge, case)
    failures, skipped = case.findings(), case.open_steps((*version.steps, "signatures"))
    reasons = tuple(f"{step}: what it needs could not be had" for step in skipped)
    proven = None if failures or skipped else said
    signed = bool(signers) and proven is not None
    kin = _children_open(proven)
    beyond = (
        TRUTH,
        *kin,
        *_earlier_open(proven),
        *judge.open_points(found, signed=signed),
        *ALWAYS_OPEN,
    )
    reseal = () if signed or wanted.proof_digest is not None else (RESEAL,)
    verdict = Verdict(
        verdict="FAIL" if proven is None else "PASS",
        bundle_version=None if proven is None else proven.bundle_version,
        run_id=None if proven is None else proven.run_id,
        proof_digest=None if proven is None else proven.proof_digest or None,
        failures=failures,
        not_checked=(*reasons, *beyond, *reseal),
        notes=case.notes(),
        signers=signers if signed else (),
    )
    return verdict, said


def _children_open(proven: Proven | None) -> tuple[str, ...]:
    count = len(proven.children) if proven is not None else 0
    return (f"children: {count} bundles of children were not looked at",) if count else ()


def _earlier_open(proven: Proven | None) -> tuple[str, ...]:
    before = None if proven is None else proven.continues
    return (
        (f"earlier: the bundle {before} that it goes on from was not looked at",) if before else ()
    )


def _signers(
    reader: Reader,
    found: Mapping[str, Item],
    said: Proven | None,
    judge: Judge,
    case: Case,
) -> tuple[Signer, ...]:
    return judge.judge(reader, found, check_limits(found, case), said, case)


def _examined(
    reader: Reader,
    names: Names | None,
    wanted: Expectations,
    case: Case,
    limits: Limits,
) -> tuple[_Version, Proven | None]:
    """Returns the version that was assumed, and what the bundle says it proves."""
    if names is None:
        return _V02, None
    given = read_documents(reader, names.files, limits)
    named = _named(given.receipt)
    version = _by_manifest(given) if named is None else _by_receipt(named)
    if named is not None and version is None:
        known = ", ".join(f"{name} in {field}" for field, name in _VERSIONS)
        case.fail(
            VERSION_IS_KNOWN,
            RECEIPT,
            f"this verifier knows: {known}",
            pointer=f"/{named.field}",
            actual=named.version,
        )
        return _V02, None
    found = names.files if version is None else names.obeying(version.grammar)
    assumed = version or _V02
    return assumed, assumed.examine(reader, found, given, wanted, case, limits)


def _named(document: Document) -> Named | None:
    return None if document.data is None else read_version(document.data)


def _by_receipt(named: Named) -> _Version | None:
    """Returns the version that the receipt names, or None if it is not known."""
    if named.version is None:
        return _BY_FIELD[named.field]
    return _VERSIONS.get((named.field, named.version))


def _by_manifest(given: Documents) -> _Version | None:
    """Returns the version that the manifest names, or None if it names none that is known."""
    named = _named(given.manifest)
    if named is None or named.field != "bundle_version" or named.version is None:
        return None
    return _BY_MANIFEST.get(named.version)
