"""Signs stages, and judges their signatures by a trust file.

A signature is Ed25519 over a DSSE envelope's bytes; its payload is the statement about the stage's
evidence (``workc.stages.stage.evidence``). The signature and its key are fields of the stage, so that a
stage can be judged wherever it goes; the envelope stays in the registry and says, when the signature does
not hold any more, what has changed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from workc.adapters.signing_keys import SigningKey
from workc.adapters.stage_index import Row
from workc.api.stages import Registry
from workc.stages.problem import below
from workc.stages.stage.evidence import (
    DEPENDENCIES,
    Difference,
    missing_dependencies,
    stage_statement,
    statement_differences,
)
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.refinements import StageError
from workc.stages.stage.value import Stage
from workc.verify.signatures.dsse import (
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    pae,
    read_envelope,
    write_envelope,
)
from workc.verify.signatures.ed25519 import verifies
from workc.verify.signatures.encoding import from_base64, to_base64
from workc.verify.signatures.rules import BrokenRuleError
from workc.verify.signatures.trust import Trust, TrustedKey

#: PASS; FAIL: proven not to be what was signed; UNDECIDED: nothing to judge, or not all of it.
Judgement: TypeAlias = Literal["PASS", "FAIL", "UNDECIDED"]


class SignedStage(msgspec.Struct, frozen=True, kw_only=True):
    """What came of signing; ``is_new`` is False if this key had signed this before."""

    id: str
    evidence_id: str
    keyid: str
    is_new: bool


class StageVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on the signature of a stage: by whom, and everything that speaks against it."""

    id: str
    evidence_id: str
    verdict: Judgement
    signer: str | None
    findings: tuple[Difference, ...] = ()


def sign_stage(
    registry: Registry, row: Row, key: SigningKey, dependencies: Mapping[str, str]
) -> SignedStage:
    """Signs a stage in its registry, in place of whoever had signed it.

    Raises:
        Refusal: ``STAGE_CHANGED`` if it is not what was added.
    """
    stage = registry.load(row)
    unsigned = Envelope(payload=stage_statement(stage, dependencies), signatures=())
    data = key.sign(unsigned.signed_bytes())
    envelope = msgspec.structs.replace(
        unsigned, signatures=(Signature(keyid=key.keyid, data=data),)
    )
    registry.put_signature(row, to_base64(data), to_base64(key.public), write_envelope(envelope))
    return SignedStage(
        id=row.id,
        evidence_id=evidence_id(stage, dependencies),
        keyid=key.keyid,
        is_new=row.signature != to_base64(data),
    )


def verify_stage_signature(
    registry: Registry, row: Row, trust: Trust, at_ms: int, dependencies: Mapping[str, str]
) -> StageVerdict:
    """Returns the verdict on the signature of a stage; ``at_ms`` is when its key must be valid.

    Raises:
        Refusal: ``STAGE_CHANGED`` if the stage, or its envelope, is not what was added.
    """
    stage = registry.load(row)
    key, found = _signer(stage, trust, at_ms)
    if key is None:
        return _verdict(stage, dependencies, None, found)
    signature = from_base64(stage.ed25519_signature or "") or b""
    payload = stage_statement(stage, dependencies)
    if verifies(key.public_key, signature, pae(PAYLOAD_TYPE, payload)):
        return _verdict(stage, dependencies, key, [])
    envelope = None if row.envelope is None else registry.envelope(row.envelope)
    return _verdict(stage, dependencies, key, _reasons(envelope, key, stage, dependencies))


def _verdict(
    stage: Stage, dependencies: Mapping[str, str], key: TrustedKey | None, found: list[_Finding]
) -> StageVerdict:
    proven = [each for each in found if each.is_proven]
    return StageVerdict(
        id=stage.id,
        evidence_id=evidence_id(stage, dependencies),
        verdict="FAIL" if proven else "UNDECIDED" if found else "PASS",
        signer=None if key is None else key.name,
        findings=tuple(each.difference for each in found),
    )


class _Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks against a signature; what is not proven only could not be judged."""

    difference: Difference
    is_proven: bool = True


def _against(at: str, message: str, *, is_proven: bool = True) -> _Finding:
    return _Finding(difference=Difference(at=at, message=message), is_proven=is_proven)


def _signer(stage: Stage, trust: Trust, at_ms: int) -> tuple[TrustedKey | None, list[_Finding]]:
    """Returns the trusted key that a stage names, or what speaks against that."""
    if stage.ed25519_signature is None or stage.signer_public_key is None:
        return None, [_against("/ed25519_signature", "nobody signed it", is_proven=False)]
    if trust.threshold > 1:
        message = f"a stage has one signature, and the trust file demands {trust.threshold}"
        return None, [_against("/ed25519_signature", message)]
    entries = trust.by_key().get(from_base64(stage.signer_public_key) or b"")
    if entries is None:
        return None, [_against("/signer_public_key", "it is no key of the trust file")]
    valid = [each for each in entries if each.is_valid_at(at_ms)]
    if not valid:
        message = f"the key {entries[0].name} is not valid at this time"
        return None, [_against("/signer_public_key", message)]
    return valid[0], []


def _reasons(
    envelope: bytes | None, key: TrustedKey, stage: Stage, dependencies: Mapping[str, str]
) -> list[_Finding]:
    """Returns what differs from what the key has signed, as far as that is known."""
    signed = None if envelope is None else _signed_by(envelope, key)
    if signed is None:
        message = "it is not over this stage; what was signed is not here to be compared"
        return [_against("/ed25519_signature", message)]
    try:
        missing = missing_dependencies(signed, dependencies)
        found = statement_differences(signed, stage, dependencies)
    except StageError as error:
        return [_against("/ed25519_signature", str(error))]
    open_points = {below(below("", DEPENDENCIES), name) for name in missing}
    reasons = [
        _against(each.at, "it was signed, and is not given: --dependency", is_proven=False)
        if each.at in open_points
        else _Finding(difference=each)
        for each in found
    ]
    return reasons or [_against("/ed25519_signature", "it is not the one that the key has made")]


def _signed_by(data: bytes, key: TrustedKey) -> bytes | None:
    """Returns the payload of an envelope, if the key has signed that."""
    try:
        envelope = read_envelope(data)
    except BrokenRuleError:
        return None
    message = envelope.signed_bytes()
    is_signed = any(verifies(key.public_key, s.data, message) for s in envelope.signatures)
    return envelope.payload if is_signed else None
