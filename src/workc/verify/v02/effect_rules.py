"""Whether what was asked for is what the policy allows, where its rules speak of effects.

The rules are read once more, when the events have said which effects were asked for. Rules that are
no canonical JSON object, or longer than a line of the log may be, do not speak of effects: whoever
demands a policy compares the digest of its rules. Rules that speak of effects in another form than
:class:`_Effects` allow none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from workc.bundle.documents import FileEntry
from workc.bundle.layout import EVENTS, MAX_LINE_BYTES
from workc.bundle.policies import DEFAULT, OFFLINE, policy_name
from workc.kernel.canonical import CanonicalError, decode
from workc.kernel.payloads import Body, EffectBound, Part, Policy, given
from workc.kernel.selectors import EffectOp
from workc.kernel.values import Json
from workc.verify.case import Case
from workc.verify.effect_bounds import Bounds
from workc.verify.reader import Reader, ReadError
from workc.verify.v02 import rules
from workc.verify.v02.payload_rules import is_spelled
from workc.verify.verdict import MAX_FINDINGS

#: Names of rules that are known: of nearly all bundles they need not be read again.
SPEAK_OF_NONE = frozenset({DEFAULT, OFFLINE})


class _Effects(Part, frozen=True, kw_only=True):
    """What rules say of effects; ``unknown`` is of functions, which ask for none."""

    allow: list[EffectBound]
    deny: list[EffectBound]
    unknown: Literal["allow", "deny"]


_NOTHING = _Effects(allow=[], deny=[], unknown="deny")


def check_effect_rules(
    reader: Reader,
    entries: Mapping[str, FileEntry],
    policy: Policy,
    asked: Iterable[tuple[EffectOp, str]] | None,
    case: Case,
) -> None:
    """Compares the effects that were ``asked`` for with the rules; None if a plan declares none."""
    if policy_name(policy.rules_sha256) in SPEAK_OF_NONE:
        return
    said = _effects_of(_text_of(reader, entries, policy.rules, case))
    if said is None:
        return
    if asked is None:
        message = "the policy says which effects are allowed, and a plan declares none"
        case.fail(rules.EFFECT_IS_ALLOWED, EVENTS, message)
        return
    allow, deny = (_bounds(effects) for effects in (said.allow, said.deny))
    beyond = [each for each in asked if not allow.cover(*each) or deny.cover(*each)]
    for op, selector in sorted(beyond)[:MAX_FINDINGS]:
        case.fail(rules.EFFECT_IS_ALLOWED, EVENTS, f"the policy does not allow {op} {selector}")


def _bounds(effects: Iterable[EffectBound]) -> Bounds:
    return Bounds((effect.op, effect.selector) for effect in effects)


def _text_of(
    reader: Reader, entries: Mapping[str, FileEntry], policy: Body, case: Case
) -> bytes | None:
    inline = given(policy.inline)
    if inline is not None:
        return inline.encode("utf-8", "surrogatepass")
    entry = entries.get(given(policy.path) or "")
    if entry is None or entry.size > MAX_LINE_BYTES:
        return None
    try:
        return b"".join(reader.chunks(entry.path, entry.size))
    except ReadError as error:
        case.fail(rules.FILE_READABLE, entry.path, str(error))
        return None


def _effects_of(text: bytes | None) -> _Effects | None:
    """Returns what rules say of effects, None if they do not speak of them."""
    try:
        found: Json = decode(text or b"{}")
    except CanonicalError:
        return None
    if not isinstance(found, dict) or "effects" not in found:
        return None
    try:
        said = msgspec.convert(found["effects"], _Effects)
    except msgspec.ValidationError:
        return _NOTHING
    return said if all(map(is_spelled, [*said.allow, *said.deny])) else _NOTHING
