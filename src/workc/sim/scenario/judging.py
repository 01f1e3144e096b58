"""What became of a simulated run, by its records alone, and how that compares with what is expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from workc.bundle.layout import EVENTS
from workc.kernel import events
from workc.kernel.children import ChildSpawned
from workc.kernel.kinds import KINDS
from workc.kernel.payloads import Locked, VerificationRun, WorkEnded
from workc.runtime.flow import OUTPUT_PATH
from workc.sim.report import FailureRecord, ScenarioMetrics
from workc.sim.scenario.always import broken_by
from workc.sim.scenario.scenario import Scenario

#: The code of what is no failure of a run: the run is not as its scenario expects.
EXPECTATION = "EXPECTATION"


class Became(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run.

    ``status`` is success, partial or failed; ``codes`` are those of the end of the work, of the lock,
    and of the verdict. ``kinds`` are the kinds of its events in order, ``marks`` what was reached.
    """

    status: str
    verdict: str
    codes: frozenset[str]
    lock_level: str | None
    kinds: tuple[str, ...]
    marks: frozenset[str]
    backtracked_on_verify: bool
    verify_failed: bool
    most_retries: int
    metrics: ScenarioMetrics
    #: What the run gave, as JSON; empty where it gave nothing.
    output: bytes = b""


def became(bundle: Mapping[str, bytes], verdict: str, found: Sequence[str]) -> Became:
    """Returns what became of a run, by its bundle and the codes that a verifier found in it."""
    told = events.decode_lines(bundle.get(EVENTS, b""))
    payloads = [event.payload for event in told]
    kinds = tuple(type(payload).__name__ for payload in payloads)
    locked = next((each for each in reversed(payloads) if isinstance(each, Locked)), None)
    ended = next((each for each in reversed(payloads) if isinstance(each, WorkEnded)), None)
    codes = {*found}
    codes |= {str(locked.code)} if locked is not None and locked.code else set()
    if ended is not None and ended.failure:
        codes.add(ended.failure.code)
    checks = [each for each in payloads if isinstance(each, VerificationRun)]
    broken = [each for each in checks if not all(result.passed for result in each.results)]
    counts = Counter(kinds)
    retried = Counter(
        str(getattr(each, "step", ""))
        for each in payloads
        if type(each).__name__ == "RetryScheduled"
    )
    return Became(
        status="failed" if locked is None else locked.outcome,
        verdict=verdict,
        codes=frozenset(codes),
        lock_level=None if locked is None else locked.lock_level,
        kinds=kinds,
        marks=frozenset(_marks(kinds, codes, payloads)),
        backtracked_on_verify=any(each.backtrack for each in broken),
        verify_failed=bool(broken),
        most_retries=max(retried.values(), default=0),
        metrics=ScenarioMetrics(
            wall_ms=told[-1].ts - told[0].ts if told else 0,
            steps=counts["SkillExecuted"],
            retries=counts["RetryScheduled"],
            backtracks=sum(bool(getattr(each, "backtrack", None)) for each in payloads),
            child_loops=counts["ChildSpawned"],
            verify_checks=sum(len(each.results) for each in checks),
            hitl_prompts=counts["ApprovalAsked"],
        ),
        output=bundle.get(OUTPUT_PATH, b""),
    )


def children_of(bundle: Mapping[str, bytes]) -> dict[str, str]:
    """Returns the runs that a run started, by step; of a step that was done again, the last."""
    told = (event.payload for event in events.decode_lines(bundle.get(EVENTS, b"")))
    return {each.step: each.child_run_id for each in told if isinstance(each, ChildSpawned)}


def not_begun(code: str, status: str = "failed") -> Became:
    """Returns what became of a run that did not begin: it left no bundle."""
    none = ScenarioMetrics(
        wall_ms=0, steps=0, retries=0, backtracks=0, child_loops=0, verify_checks=0, hitl_prompts=0
    )
    return Became(
        status=status,
        verdict="NONE",
        codes=frozenset({code}),
        lock_level=None,
        kinds=(),
        marks=frozenset({f"code {code}"}),
        backtracked_on_verify=False,
        verify_failed=False,
        most_retries=0,
        metrics=none,
    )


def judged(scenario: Scenario, found: Became) -> tuple[FailureRecord, ...]:
    """Returns every way in which a run is not as its scenario expects it."""
    return tuple(_differences(scenario, found))


def _differences(scenario: Scenario, found: Became) -> Iterator[FailureRecord]:
    expect, also = scenario.expect, scenario.also
    yield from _never_false(also.always, found)
    if also.invariants_only:
        if found.verdict not in ("PASS", "NONE"):
            yield _record("another verdict", "PASS", f"{found.verdict}: {_listed(found.codes)}")
        return
    rows = [
        ("another outcome", expect.expect_outcome_status, found.status),
        ("another verdict", expect.expect_bundle_verdict, found.verdict),
        ("other failure codes", _listed(expect.expect_failure_codes), _listed(found.codes)),
    ]
    if also.lock_level is not None:
        rows.append(("another lock level", also.lock_level, str(found.lock_level)))
    for what, expected, actual in rows:
        if expected != actual:
            yield _record(what, expected, actual)
    if expect.max_retries is not None and found.most_retries > expect.max_retries:
        yield _record(
            "a step was tried again too often",
            f"at most {expect.max_retries}",
            str(found.most_retries),
        )
    if expect.must_backtrack_on_verify_fail and not found.backtracked_on_verify:
        why = "went on" if found.verify_failed else "no check failed"
        yield _record("the run did not go back after a failed check", "a backtrack", why)
    if expect.must_require_human_approval and not found.metrics.hitl_prompts:
        yield _record("no human was asked", "an approval", "none")
    missing = _first_missing(also.events, found.kinds)
    if missing is not None:
        yield _record("the events come in another order", ", ".join(also.events), missing)


def _never_false(texts: Sequence[str], found: Became) -> Iterator[FailureRecord]:
    for text in texts:
        words = broken_by(text, found.status, found.codes, found.output)
        if words is not None:
            yield _record("what must hold of every run does not", text, words)


def _record(message: str, expected: str, actual: str) -> FailureRecord:
    return FailureRecord(code=EXPECTATION, message=message, expected=expected, actual=actual)


def _listed(codes: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(sorted(set(codes))) or "none"


def _first_missing(wanted: Sequence[str], kinds: Sequence[str]) -> str | None:
    """Returns which of the wanted kinds does not come after the ones before it, or None."""
    left = iter(kinds)
    return next((f"no {kind} there" for kind in wanted if kind not in left), None)


def _marks(kinds: Sequence[str], codes: set[str], payloads: Sequence[object]) -> Iterator[str]:
    yield from (f"event {kind}" for kind in kinds)
    yield from (f"code {code}" for code in codes)
    phases = [KINDS[kind].phase for kind in kinds]
    yield from (f"phase {before}>{after}" for before, after in pairwise(phases) if before != after)
    for payload in payloads:
        failure = getattr(payload, "failure", None)
        if failure:
            yield f"code {failure.code}"
