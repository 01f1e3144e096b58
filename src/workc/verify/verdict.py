"""The verdict: PASS, or FAIL with every reason that could be computed."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from workc.kernel.values import Json, JsonObject

#: The seed's ten codes, never renamed, then those that were added.
VerifyFailCode = Literal[
    "HASH_MISMATCH",
    "MANIFEST_MISSING_FILE",
    "MERKLE_MISMATCH_ARTIFACTS",
    "MERKLE_MISMATCH_EVIDENCE",
    "EVENT_CHAIN_MISMATCH",
    "RECEIPT_HASH_MISMATCH",
    "PROOF_DIGEST_MISMATCH",
    "FSM_ILLEGAL_TRANSITION",
    "POLICY_VIOLATION",
    "VERSION_UNSUPPORTED",
    "MERKLE_MISMATCH_EVENTLOG",
    "MERKLE_MISMATCH_LENS",
    "MERKLE_MISMATCH_EFFECTS",
    "MERKLE_MISMATCH_GATES",
    "MERKLE_MISMATCH_VERIFICATION",
    "MERKLE_MISMATCH_WORKGRAPH",
    "MERKLE_MISMATCH_BUDGET",
    "BUNDLE_MALFORMED",
    "LIMIT_EXCEEDED",
    "FILE_UNREADABLE",
    "UNLISTED_FILE",
    "UNSAFE_PATH",
    "RECEIPT_EVENT_MISMATCH",
    "VERIFICATION_INCOMPLETE",
    "BUDGET_INVALID",
    "CAPTURE_MISSING",
    "DIGEST_UNEXPECTED",
    "SIGNATURE_INVALID",
    "SIGNER_UNTRUSTED",
    "SIGNATURE_MISSING",
    "EFFECT_BOUNDS_EXCEEDED",
    "CHILD_MISMATCH",
]
VERIFY_FAIL_CODES: tuple[VerifyFailCode, ...] = get_args(VerifyFailCode)

#: A bundle whose every failure is one of these cannot be judged; it is not proven bad.
UNDECIDED = frozenset({"VERSION_UNSUPPORTED", "LIMIT_EXCEEDED", "FILE_UNREADABLE"})

Step = Literal[
    "names",
    "manifest",
    "files",
    "receipt",
    "events",
    "table",
    "policy",
    "money",
    "references",
    "roots",
    "projection",
    "digest",
    "signatures",
    "expectations",
    "children",
]
STEPS: tuple[Step, ...] = get_args(Step)
#: So many findings a verdict has at most (docs/spec/bundle-0.2.md, section 10).
MAX_FINDINGS = 100


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for FAIL. ``rule`` is the number of the rule that was broken.

    ``line`` counts from 1; ``pointer`` is a JSON pointer (RFC 6901).
    """

    code: VerifyFailCode
    step: Step
    rule: str
    path: str
    message: str
    line: int | None = None
    pointer: str | None = None
    expected: str | None = None
    actual: str | None = None

    def to_json(self) -> JsonObject:
        """Returns the finding as JSON; what is not known is left out."""
        fields: dict[str, Json] = {
            "code": self.code,
            "step": self.step,
            "rule": self.rule,
            "path": self.path,
            "message": self.message,
            "line": self.line,
            "pointer": self.pointer,
            "expected": self.expected,
            "actual": self.actual,
        }
        return {key: value for key, value in fields.items() if value is not None}


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """A trusted key that signed: what the trust file calls it, and the keyid of the key itself."""

    name: str
    keyid: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the oracle says of a bundle.

    ``proof_digest`` is set on PASS only, and ``signers``, the trusted keys that have signed it, on
    PASS with a trust file. ``not_checked`` says what the verdict does not cover:
    steps that could not run, and what a bare bundle cannot prove. ``notes`` are remarks without
    weight. ``children`` are the verdicts on the bundles of children, if those were asked for; their
    ``run_id`` is the one that the parent recorded, on FAIL too.
    """

    verdict: Literal["PASS", "FAIL"]
    bundle_version: str | None = None
    run_id: str | None = None
    proof_digest: str | None = None
    failures: tuple[Finding, ...] = ()
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    signers: tuple[Signer, ...] = ()
    children: tuple[Verdict, ...] = ()

    @property
    def ok(self) -> bool:
        """Returns whether the bundle passed."""
        return self.verdict == "PASS"

    @property
    def undecided(self) -> bool:
        """Returns whether the bundle could not be judged: nothing in it is proven bad."""
        return not self.ok and all(finding.code in UNDECIDED for finding in self.failures)

    def codes(self) -> tuple[str, ...]:
        """Returns the codes of the failures in order."""
        return tuple(finding.code for finding in self.failures)

    def to_json(self) -> JsonObject:
        """Returns the verdict as JSON, schema ``workc.verdict/1``."""
        return {
            "schema": "workc.verdict/1",
            "verdict": self.verdict,
            "bundle_version": self.bundle_version,
            "run_id": self.run_id,
            "proof_digest": self.proof_digest,
            "failures": [finding.to_json() for finding in self.failures],
            "not_checked": list(self.not_checked),
            "notes": list(self.notes),
            "children": [child.to_json() for child in self.children],
            "signers": [{"name": each.name, "keyid": each.keyid} for each in self.signers],
        }
