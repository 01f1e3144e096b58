"""What two verifiers that share no code answer, and whether they agree."""

from collections.abc import Mapping
from typing import NamedTuple

from ground import second, second_signatures
from signed_drafts import Asked

from workc.api.verification import verify_bundle
from workc.kernel.failure import Refusal
from workc.verify.reader import MemoryReader
from workc.verify.signatures.timestamps import to_ms
from workc.verify.verdict import Verdict
from workc.verify.verifier import verify

#: Of a trust file, or a time, that is none: nothing is judged then.
REFUSED = ("INVALID_INPUT",)


class Answer(NamedTuple):
    """What was judged, and the codes that both gave; no code of the second is PASS."""

    files: Mapping[str, bytes]
    codes: tuple[str, ...]
    second: tuple[str, ...]
    passed: bool
    agrees: bool


def of_bundle(files: Mapping[str, bytes]) -> Answer:
    """Returns the answers about a bundle: both pass it, or both do not."""
    verdict, other = verify(MemoryReader(files)), second.verify(dict(files))
    return Answer(files, verdict.codes(), (*other,), verdict.ok, verdict.ok == (not other))


def of_signed(asked: Asked) -> Answer:
    """Returns the answers about a signed bundle.

    They agree if both refuse the trust file or the time, or else both pass the bundle or do not;
    of a bundle that is good in itself both must say the same codes of its signatures too.
    """
    verdict, (bare, signatures) = _first(asked), _second(asked)
    if verdict is None or bare is None:
        return Answer(asked.files, REFUSED, signatures, passed=False, agrees=verdict is bare)
    passed = not (bare or signatures)
    same = verdict.ok == passed
    if set(bare) <= {"LIMIT_EXCEEDED"}:
        same = same and {f.code for f in verdict.failures if f.step == "signatures"} == set(
            signatures
        )
    return Answer(asked.files, verdict.codes(), (*bare, *signatures), verdict.ok, same)


def _first(asked: Asked) -> Verdict | None:
    at_ms = None if asked.at is None else to_ms(asked.at)
    if asked.at is not None and at_ms is None:
        return None
    try:
        return verify_bundle(
            asked.files, trust=asked.trust, require_signature=asked.required, at_ms=at_ms
        )
    except Refusal:
        return None


def _second(asked: Asked) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Returns the codes of the bundle, and of its signatures if the rest is good."""
    try:
        trust = None if asked.trust is None else second_signatures.read_trust(asked.trust)
        if asked.at is not None:
            second_signatures.time_of(asked.at)
    except (ValueError, RecursionError):
        return None, REFUSED
    bare = (*second.verify(dict(asked.files)),)
    if not set(bare) <= {"LIMIT_EXCEEDED"}:
        return bare, ()
    judged = second_signatures.judge(asked.files, trust, required=asked.required, at=asked.at)
    return bare, (*judged,)
