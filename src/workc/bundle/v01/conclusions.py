"""What a run must be so that a bundle of format 0.1 can be made of it: checks, children, humans.

The numbers go on from :mod:`workc.bundle.v01.legality`.

7. A check's attempt is ``name`` or ``name@n``, n from 1; each is made once. ``on_fail`` stands
   only where a check failed, and leads to a phase that may follow Verify, but not to Lock.
8. A child is spawned once, in Decide or Act, and joined once, later; it is not the run itself.
9. A decision answers a prompt that waits. A prompt whose own numbers require it says so.
10. The outcome is no better than the children allow. Success needs every required check passed
    at its last attempt, every required prompt answered, and the last of them approved.

Rules 7 to 9 and the last one are stricter than a verifier, so that what is written leaves no
question.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator

from msgspec import UNSET

from workc.bundle.v01.records import CheckResult
from workc.bundle.v01.run import (
    ChildJoined,
    ChildSpawned,
    HitlDecision,
    HitlPrompt,
    Locked,
    Run,
    VerificationRun,
)
from workc.kernel.human_approval import is_required
from workc.kernel.phases import LAST, Outcome, may_follow
from workc.kernel.rollup import rollup

_ATTEMPT = re.compile(r"([^@]+)(?:@([1-9][0-9]{0,8}))?")

Rule = Callable[[Run], Iterator[str]]


def problems(run: Run) -> Iterator[str]:
    """Yields in a sentence each rule about outcomes that a run breaks.

    Each rule presumes those before it, so only the first problem is sure.
    """
    for rule in _RULES:
        yield from rule(run)


def _results(run: Run) -> list[CheckResult]:
    runs = [each.what for each in run.happenings if isinstance(each.what, VerificationRun)]
    return [result for what in runs for result in what.results]


def _checks(run: Run) -> Iterator[str]:
    counts = Counter(result.check_id for result in _results(run))
    for check_id, count in sorted(counts.items()):
        if not _ATTEMPT.fullmatch(check_id):
            yield f"{check_id!a} is not the name of a check, or name@n with n from 1"
        if count > 1:
            yield f"the check {check_id!a} was made twice: retried checks are name@n"
    for name in run.checks.checks_required:
        if "@" in name:
            yield f"{name!a} names an attempt, where a check is required"


def _on_fail(run: Run) -> Iterator[str]:
    for number, happening in enumerate(run.happenings):
        what = happening.what
        if not isinstance(what, VerificationRun) or what.on_fail is UNSET:
            continue
        if all(result.passed for result in what.results):
            yield f"event {number} says what happens on failure, but nothing failed"
        to_phase = what.on_fail.to_phase
        if to_phase == LAST or not may_follow("Verify", to_phase):
            yield f"event {number} leads back to {to_phase}"


def _children(run: Run) -> Iterator[str]:
    spawned: set[str] = set()
    joined: set[str] = set()
    for number, happening in enumerate(run.happenings):
        what = happening.what
        if isinstance(what, ChildSpawned):
            if what.child_loop_id in spawned | {run.loop_id}:
                yield f"event {number} spawns {what.child_loop_id!a} again, or itself"
            if happening.phase not in {"Decide", "Act"}:
                yield f"event {number} spawns in {happening.phase}: only Decide and Act may"
            spawned.add(what.child_loop_id)
        elif isinstance(what, ChildJoined):
            if what.child_loop_id not in spawned - joined:
                yield f"event {number} joins {what.child_loop_id!a}, which is not at work"
            joined.add(what.child_loop_id)
    for child in sorted(spawned - joined):
        yield f"the child {child!a} is never joined"


def _humans(run: Run) -> Iterator[str]:
    waiting = 0
    for number, happening in enumerate(run.happenings):
        what = happening.what
        if isinstance(what, HitlPrompt):
            waiting += 1
            p, loss, cost = what.p_override_permille, what.loss_ms, what.cost_ms
            if is_required(p, loss_ms=loss, cost_ms=cost) and not what.required:
                yield f"event {number} asks a human as if it were not required"
        elif isinstance(what, HitlDecision):
            if not waiting:
                yield f"event {number} answers what nobody asked"
            waiting -= 1


def _outcome(run: Run) -> Iterator[str]:
    whats = [happening.what for happening in run.happenings]
    (locked,) = [each for each in whats if isinstance(each, Locked)]
    own: Outcome = locked.outcome.status
    critical = {
        each.child_loop_id for each in whats if isinstance(each, ChildSpawned) and each.critical
    }
    joined = [each for each in whats if isinstance(each, ChildJoined)]
    allowed = rollup(
        own, [(child.outcome_status, child.child_loop_id in critical) for child in joined]
    )
    if allowed != own:
        yield f"the outcome is {own}, but the children allow no better than {allowed}"
    if own == "success":
        yield from _missing_checks(run)
        yield from _missing_approvals(run)


def _missing_checks(run: Run) -> Iterator[str]:
    last: dict[str, tuple[int, bool]] = {}
    for result in _results(run):
        name, _, number = result.check_id.partition("@")
        attempt = (int(number or 0), result.passed)
        last[name] = max(last.get(name, attempt), attempt)
    for name in run.checks.checks_required:
        if not last.get(name, (0, False))[1]:
            yield f"success, but the required check {name!a} did not pass at its last attempt"


def _missing_approvals(run: Run) -> Iterator[str]:
    waiting: deque[bool] = deque()
    approved = True
    for happening in run.happenings:
        what = happening.what
        if isinstance(what, HitlPrompt):
            waiting.append(what.required)
        elif isinstance(what, HitlDecision) and waiting.popleft():
            approved = what.approved
    if any(waiting):
        yield "success, but a required prompt was never answered"
    if not approved:
        yield "success, but the last human who had to be asked did not approve"


_RULES: tuple[Rule, ...] = (_checks, _on_fail, _children, _humans, _outcome)
