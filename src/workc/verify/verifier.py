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

from workc.bundle.documents import read_version
from workc.bundle.layout import (
    BUNDLE_VERSION,
    LIMITS,
    RECEIPT,
    Limits,
    path_danger,
    path_problem,
)
from workc.verify.case import Case
from workc.verify.documents import Documents, read_documents
from workc.verify.expectations import Expectations, Proven
from workc.verify.names import Grammar, Names, collect
from workc.verify.reader import Item, MemoryReader, Reader
from workc.verify.rules import VERSION_IS_KNOWN
from workc.verify.signatures.presence import Judge, NobodyTrusted, check_limits
from workc.verify.v01.documents import MANIFEST_VERSION as MANIFEST_VERSION_01
from workc.verify.v01.documents import RECEIPT_VERSION as VERSION_01
from workc.verify.v01.examination import STEPS as STEPS_01
from workc.verify.v01.examination import examine as examine_01
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

_VERSIONS: Mapping[str, _Version] = {
    VERSION_01: _Version(STEPS_01, path_danger, examine_01),
    BUNDLE_VERSION: _Version(STEPS_02, path_problem, examine_02),
}
#: What the manifest of each version calls it: it is asked if the receipt says nothing.
_MANIFEST_VERSIONS = {MANIFEST_VERSION_01: VERSION_01, BUNDLE_VERSION: BUNDLE_VERSION}


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
    beyond = (TRUTH, *kin, *judge.open_points(found, signed=signed), *ALWAYS_OPEN)
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
    assumed = _VERSIONS[BUNDLE_VERSION]
    if names is None:
        return assumed, None
    given = read_documents(reader, names.files, limits)
    name = _version_of(given)
    version = assumed if name is None else _VERSIONS.get(name)
    if version is None:
        known = ", ".join(sorted(_VERSIONS))
        case.fail(VERSION_IS_KNOWN, RECEIPT, f"this verifier knows: {known}", actual=name)
        return assumed, None
    found = names.files if name is None else names.obeying(version.grammar)
    return version, version.examine(reader, found, given, wanted, case, limits)


def _version_of(given: Documents) -> str | None:
    """Returns the version that the receipt names, or, if it names none, that of the manifest."""
    receipt, manifest = given.receipt.data, given.manifest.data
    named = None if receipt is None else read_version(receipt)
    if named is not None or manifest is None:
        return named
    return _MANIFEST_VERSIONS.get(read_version(manifest) or "")
