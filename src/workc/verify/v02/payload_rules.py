"""What a payload must be beyond its fields: grammars, bounds, and fields that depend on others.

Each rule looks at one payload alone (docs/spec/bundle-0.2.md, section 6).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import UNSET

from workc.kernel.children import ChildJoined, ChildSpawned
from workc.kernel.digest import is_hex_digest, sha256_hex
from workc.kernel.gates import (
    NOT_RUN,
    OF_STEP,
    ApprovalAnswered,
    ApprovalAsked,
    GateEvaluated,
    GateKind,
)
from workc.kernel.kinds import Payload
from workc.kernel.lens import ItemObserved, LensAssembled
from workc.kernel.payloads import (
    Body,
    EffectAnswered,
    EffectAsked,
    EffectBound,
    EffectResult,
    Policy,
    RedactionRecord,
    Response,
    RunStarted,
    SkillExecuted,
)
from workc.kernel.plans import PlanAsked, PlanChosen
from workc.kernel.resolving import ConflictResolved
from workc.kernel.selectors import SelectorError, normalise
from workc.verify.rules import Rule
from workc.verify.v02 import rules
from workc.verify.v02.lens_form import (
    RUN_ID,
    item_problems,
    lens_problems,
    resolution_problems,
    script_problems,
)
from workc.verify.v02.stage_form import stage_problems

#: Which rule is broken, and where in the payload (a JSON pointer).
Problem: TypeAlias = tuple[Rule, str]

#: What would move a terminal's cursor or turn its text round (C0, DEL, C1, Unicode's bidi marks).
_UNSAFE_IN_NAME = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_SEED = re.compile(r"0|[1-9][0-9]{0,19}")
SIXTEEN_BYTES = re.compile(r"[0-9a-f]{32}")
MAX_NAME = 256
#: So many effects a plan declares at most.
MAX_DECLARED = 50
MAX_SEED = 2**64 - 1
#: Three digits, the first not 0 (RFC 9110, section 15, and what clients take beyond 599).
STATUS_CODES = range(100, 1000)


def payload_problems(payload: Payload) -> Iterable[Problem]:
    """Returns what is wrong with one payload whose fields are those of its kind."""
    match payload:
        case SkillExecuted():
            return _of_mode(payload)
        case EffectAnswered(response=Response() as response):
            return _of_response(response)
        case EffectAnswered(result=EffectResult() as result):
            return _of_redactions("/result", result.redactions)
        case RunStarted():
            return _of_start(payload)
        case PlanAsked() | PlanChosen() | EffectAsked():
            return _of_effects(payload)
        case _:
            return _of_rare(payload)


def _of_rare(payload: Payload) -> Iterable[Problem]:
    match payload:
        case ApprovalAsked() | ApprovalAnswered() | GateEvaluated():
            return _of_gate(payload)
        case ChildSpawned() | ChildJoined():
            return _of_child(payload)
        case ItemObserved():
            return _of_item(payload)
        case LensAssembled():
            return lens_problems(payload)
        case ConflictResolved():
            return resolution_problems(payload)
        case _:
            return ()


def _of_start(start: RunStarted) -> Iterator[Problem]:
    if not RUN_ID.fullmatch(start.run_id):
        yield rules.RUN_ID_FORM, "/run_id"
    if not _is_name(start.name):
        yield rules.NAME_FORM, "/name"
    if start.continues is not UNSET and not is_hex_digest(start.continues):
        yield rules.CONTINUED_DIGEST_FORM, "/continues"
    if not SIXTEEN_BYTES.fullmatch(start.nonce):
        yield rules.NONCE_FORM, "/nonce"
    if start.parent is not UNSET and not RUN_ID.fullmatch(start.parent.run_id):
        yield rules.RELATIVE_FORM, "/parent/run_id"
    if not _SEED.fullmatch(start.seed) or int(start.seed) > MAX_SEED:
        yield rules.SEED_FORM, "/seed"
    if start.lens_script is not UNSET:
        yield from script_problems(start.lens_script)
    if start.stages is not UNSET:
        yield from stage_problems(start.stages, start.code)
    if start.policy.rules_sha256 != _rules_digest(start.policy):
        yield rules.RULES_DIGEST, "/policy/rules_sha256"


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= MAX_NAME and not _UNSAFE_IN_NAME.search(text)


def _rules_digest(policy: Policy) -> object:
    inline = policy.rules.inline
    return policy.rules.sha256 if inline is UNSET else sha256_hex(inline.encode())


def mode_fits(executed: SkillExecuted) -> bool:
    """Returns whether a call has the fields of its mode and no other, which nearly all have."""
    mode = executed.mode
    has_request, has_params = executed.request is not UNSET, executed.params is not UNSET
    return has_request == (mode != "context") and has_params == (mode == "pure")


def _of_mode(executed: SkillExecuted) -> Iterator[Problem]:
    if (executed.request is UNSET) != (executed.mode == "context"):
        yield rules.REQUEST_FITS_MODE, "/request"
    if (executed.params is UNSET) != (executed.mode != "pure"):
        yield rules.PARAMS_FIT_MODE, "/params"


def _of_response(response: Response) -> Iterator[Problem]:
    if response.status not in STATUS_CODES:
        yield rules.STATUS_RANGE, "/response/status"
    edges = [0, *response.boundaries, _size(response.body)]
    if edges != sorted(edges):
        yield rules.BOUNDARIES_ASCEND, "/response/boundaries"
    yield from _of_redactions("/response", response.redactions)


def _of_redactions(part: str, redactions: list[RedactionRecord]) -> Iterator[Problem]:
    for index, record in enumerate(redactions):
        if not (SIXTEEN_BYTES.fullmatch(record.salt) and is_hex_digest(record.commitment)):
            yield rules.REDACTION_FORM, f"{part}/redactions/{index}"


def _size(body: Body) -> int:
    if body.inline is UNSET:
        return int(body.size or 0)
    if body.form == "bytes":
        return len(base64.b64decode(body.inline))
    return len(body.inline.encode())


def _of_gate(gate: ApprovalAsked | ApprovalAnswered | GateEvaluated) -> Iterator[Problem]:
    if not RUN_ID.fullmatch(gate.gate):
        yield rules.GATE_FORM, "/gate"
    match gate:
        case ApprovalAnswered():
            nobody = gate.decision == "timed_out"
            if (gate.by is UNSET) != nobody or not (gate.by is UNSET or _is_name(gate.by)):
                yield rules.DECIDED_BY_SOMEBODY, "/by"
        case GateEvaluated():
            if (gate.step is UNSET) == (gate.when in OF_STEP):
                yield rules.GATE_OF_STEP, "/step"
            if gate.effect is not UNSET and not _is_of_program(gate.kind, gate.effect):
                yield rules.GATE_EFFECT_FORM, "/effect"
        case _:
            pass


def _is_of_program(kind: GateKind, effect: EffectBound) -> bool:
    return kind == "command" and effect.op == "Exec" and is_spelled(effect)


def _of_child(child: ChildSpawned | ChildJoined) -> Iterator[Problem]:
    if not RUN_ID.fullmatch(child.child_run_id):
        yield rules.RELATIVE_FORM, "/child_run_id"
    if isinstance(child, ChildJoined):
        if not is_hex_digest(child.proof_digest):
            yield rules.CHILD_DIGEST_FORM, "/proof_digest"
    elif not SIXTEEN_BYTES.fullmatch(child.nonce):
        yield rules.CHILD_DIGEST_FORM, "/nonce"


def _of_item(item: ItemObserved) -> Iterator[Problem]:
    yield from item_problems(item)
    if item.effect is not UNSET and not is_spelled(item.effect):
        yield rules.EFFECT_IS_SPELLED, "/effect/selector"
    yield from _of_redactions("", item.redactions or [])


def _of_effects(payload: PlanAsked | PlanChosen | EffectAsked) -> Iterator[Problem]:
    if isinstance(payload, EffectAsked):
        if payload.effect is not UNSET and not is_spelled(payload.effect):
            yield rules.EFFECT_IS_SPELLED, "/effect/selector"
        return
    declared = payload.effects or []
    pairs = [(effect.op, effect.selector) for effect in declared]
    is_sorted = pairs == sorted(set(pairs))
    if len(pairs) > MAX_DECLARED or not is_sorted or not all(map(is_spelled, declared)):
        yield rules.EFFECTS_ARE_SPELLED, "/effects"
    made = payload.compression
    if made is not UNSET:
        is_counted = made.input_count >= made.output_count == len(pairs)
        if payload.effects is UNSET or not is_counted:
            yield rules.COMPRESSION_FITS, "/compression"


def is_spelled(effect: EffectBound) -> bool:
    """Returns whether an effect is in its one spelling."""
    try:
        return normalise(effect.op, effect.selector).selector == effect.selector
    except SelectorError:
        return False


def was_not_run(gate: GateEvaluated) -> bool:
    """Returns whether the program of a gate may not have been run at all."""
    return gate.failure is not UNSET and gate.failure.code in NOT_RUN


def holds(gate: GateEvaluated) -> bool:
    """Returns whether a gate gave what lets it pass."""
    wanted = "0" if gate.kind == "command" else "true"
    return gate.failure is UNSET and gate.value == Body(form="json", inline=wanted)
