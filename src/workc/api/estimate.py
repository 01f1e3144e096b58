"""A simulated plan: what it may cost and how long it may wait at most, and what it may not do.

Nothing runs and no address is asked: the numbers are those of the audit behind ``workc check``, with
the waits of all retries added. A bound that depends on what only the run will know is None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from workc.api.audit import Audit, Planned, audit, passes_of
from workc.api.bounds import STANDARD_ATTEMPTS, known_params
from workc.api.contract_account import ContractAccount
from workc.api.cost_remarks import Remark
from workc.api.known_requests import ADDRESS, address_failure
from workc.api.programs import FileProgram
from workc.api.settings import Settings
from workc.api.skill_metadata import own_timeout
from workc.api.workflows import Workflow
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.retry import longest_delay_ms, policy_for
from workc.runtime.workflow.facts import CHILD_PREFIX
from workc.runtime.workflow.inputs import bind_inputs
from workc.runtime.workflow.model import StepSpec, uses_of
from workc.runtime.workflow.problems import InvalidWorkflow
from workc.stages.skill import Skill

SCHEMA = "workc.simulation/1"


class StepBound(msgspec.Struct, frozen=True, kw_only=True):
    """What all attempts of one step together may cost, and wait for, at most.

    Those of a skill that may run instead of its own (``on_failure``) are among them.
    """

    step: str
    skill: str
    on_failure: str
    wave: int
    attempts: int
    effects: tuple[str, ...]
    target: str
    cost_micro_cents: int | None
    waiting_ms: int | None


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a plan. ``remarks`` say what is wrong with it and what may be.

    ``waiting_ms`` is how long it may wait for answers and between attempts, steps at the same time
    counted once; what code computes, and what a server demands by Retry-After, comes on top.
    ``declared`` are the effects that it declares, None for none.
    ``missing`` are the codes of the permissions that it lacks, each with its remark.
    """

    name: str
    ok: bool
    steps: tuple[StepBound, ...] = ()
    effects: tuple[str, ...] = ()
    declared: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    cost_micro_cents: int | None = None
    ceiling_micro_cents: int = 0
    waiting_ms: int | None = None
    remarks: tuple[Remark, ...] = ()

    def to_json(self) -> JsonObject:
        """Returns it as JSON, schema ``workc.simulation/1``."""
        members: JsonObject = msgspec.json.decode(msgspec.json.encode(self))
        return {"schema": SCHEMA, **members}


def refused_plan(name: str, refusal: Refusal) -> Simulation:
    """Returns the simulation of what is no plan, with every problem that was found."""
    failure = refusal.failure
    found = [(failure.code, failure.message)]
    if isinstance(refusal, InvalidWorkflow):
        found = [(problem.code, problem.message) for problem in refusal.problems]
    remarks = (Remark(level="problem", code=code, message=message) for code, message in found)
    return Simulation(name=name, ok=False, remarks=tuple(remarks))


def simulate(
    found: FileProgram | Workflow[..., object],
    given: Mapping[str, Json],
    settings: Settings,
    account: ContractAccount | None,
) -> Simulation:
    """Returns what may become of a plan under these settings and this contract.

    Raises:
        Refusal: ``INVALID_INPUT`` if an input that is given does not fit.
    """
    audited = audit(found, given, settings)
    now_ms = settings.clock(0).now_ms()
    steps: dict[str, StepSpec] = {}
    skills: Mapping[str, Skill[..., object]] = {}
    inputs: JsonObject = {}
    passes = 1
    if isinstance(found, FileProgram):
        passes = passes_of(found)
        steps = {step.id: step for step in found.program.known_steps}
        skills = found.program.skills
        specs = [s for s in found.workflow.inputs if s.name in given or s.has_default]
        inputs = bind_inputs(msgspec.structs.replace(found.workflow, inputs=tuple(specs)), given)
    bounds = {each.step: _bound(each, steps[each.step], skills, inputs) for each in audited.plan}
    remarks = [
        *audited.remarks,
        *_contract_remarks(audited.plan, account, now_ms),
        *(
            each
            for use in uses_of(steps.values())
            for each in _network_remarks(use, inputs, settings)
        ),
    ]
    problems = [remark for remark in remarks if remark.level == "problem"]
    codes = {remark.code for remark in problems if remark.code is not None}
    timeout = found.program.timeout_ms if isinstance(found, FileProgram) else found.timeout_ms
    return Simulation(
        name=audited.name,
        ok=not problems,
        steps=tuple(bounds.values()),
        effects=tuple(sorted({effect for each in audited.plan for effect in each.all_effects})),
        declared=audited.declared,
        missing=tuple(sorted(code for code in codes if CATALOG[code].category == "PERMISSION")),
        cost_micro_cents=_cost(audited, passes),
        ceiling_micro_cents=audited.ceiling_micro_cents,
        waiting_ms=_waiting(audited, bounds, passes, timeout),
        remarks=tuple(remarks),
    )


def _cost(audited: Audit, passes: int) -> int | None:
    """Returns the bound of all steps in all passes; a run never spends more than its ceiling."""
    worst = _sum([use.worst_micro_cents for each in audited.plan for use in each.uses])
    if audited.kind == "function" or worst is None or audited.total_micro_cents is None:
        return None
    return min(worst * passes, audited.ceiling_micro_cents)


def _sum(numbers: list[int | None]) -> int | None:
    """Returns the sum, or None if one of the numbers is not known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _bound(
    planned: Planned, step: StepSpec, skills: Mapping[str, Skill[..., object]], inputs: JsonObject
) -> StepBound:
    uses = list(uses_of([step]))
    return StepBound(
        step=planned.step,
        skill=planned.skill,
        on_failure=planned.on_failure,
        wave=planned.wave,
        attempts=sum(_attempts(use) for use in uses),
        effects=planned.all_effects,
        target=planned.target,
        cost_micro_cents=_sum([use.worst_micro_cents for use in planned.uses]),
        waiting_ms=_sum([_step_waiting(use, skills[use.skill], inputs) for use in uses]),
    )


def _attempts(step: StepSpec) -> int:
    if step.child is not None:
        return 1
    return step.retry.max_attempts or STANDARD_ATTEMPTS


def _step_waiting(step: StepSpec, skill: Skill[..., object], inputs: JsonObject) -> int | None:
    attempts = _attempts(step)
    if skill.pure:
        return 0
    limits = [step.timeout_ms, _asked_timeout(step, skill, inputs)]
    one = min((limit for limit in limits if limit is not None), default=None)
    if one is None:
        return None
    return attempts * one + sum(_longest_wait(step, attempt) for attempt in range(1, attempts))


def _asked_timeout(step: StepSpec, skill: Skill[..., object], inputs: JsonObject) -> int | None:
    if "timeout_ms" not in step.params or step.skill not in ADDRESS:
        return own_timeout(skill)
    asked = known_params(step.params, inputs).get("timeout_ms")
    return asked if type(asked) is int else None


def _longest_wait(step: StepSpec, attempt: int) -> int:
    """Returns the longest wait behind an attempt, whichever code it failed with."""
    codes = (code for code, entry in CATALOG.items() if entry.retryable)
    policies = (policy_for(Failure(code=code, message=""), step.retry) for code in codes)
    return max(
        (longest_delay_ms(each, attempt) for each in policies if attempt < each.max_attempts),
        default=0,
    )


def _waiting(
    audited: Audit, bounds: Mapping[str, StepBound], passes: int, timeout: int | None
) -> int | None:
    """Returns the longest way through the graph of the steps, once in each pass."""
    ends: dict[str, int | None] = {}
    for each in audited.plan:
        own, needed = bounds[each.step].waiting_ms, [ends[need] for need in each.needs]
        known = [end for end in needed if end is not None]
        open_ = own is None or len(known) < len(needed)
        ends[each.step] = None if open_ else (own or 0) + max(known, default=0)
    found = [end for end in ends.values() if end is not None]
    if audited.kind == "function" or len(found) < len(ends):
        return timeout
    longest = max(found, default=0) * passes
    return longest if timeout is None else min(longest, timeout)


def _contract_remarks(
    plan: tuple[Planned, ...], account: ContractAccount | None, now_ms: int
) -> Iterator[Remark]:
    if account is None:
        return
    ended = account.contract.expired(now_ms)
    if ended is not None:
        yield Remark(level="problem", code=ended.code, message=ended.message)
    left = account.uses_left(now_ms)
    for each, use in ((step, use) for step in plan for use in step.uses):
        if use.skill.startswith(CHILD_PREFIX):
            # What a child does is judged when it does it.
            continue
        denied = account.contract.not_allowed([use.skill])
        if denied is not None:
            yield Remark(level="problem", step=each.step, code=denied.code, message=denied.message)
        elif left.get(use.skill) == 0 and use.effects:
            message = f"no use of {use.skill} is left in this period"
            yield Remark(level="problem", step=each.step, code="QUOTA_EXCEEDED", message=message)


def _network_remarks(step: StepSpec, inputs: JsonObject, settings: Settings) -> Iterator[Remark]:
    """Yields why the policy will not let a built-in skill reach its address, as far as it is known."""
    port = ADDRESS[step.skill][1] if step.skill in ADDRESS else ""
    if not port or getattr(settings.stubs, port) is not None or settings.ports is not None:
        return
    failure = address_failure(step, inputs, settings.policy)
    if failure is not None:
        yield Remark(level="problem", step=step.id, code=failure.code, message=failure.message)
