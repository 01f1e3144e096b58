"""Tests stages, several at once: each is tried in two processes, then held to what it claims."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import cast

import msgspec
from msgspec.structs import replace

from workc.adapters.stage_trials.pool import Lost, Place, Pool
from workc.api.programs import built_in_code
from workc.api.replay_environments import environments
from workc.api.stage_tests.cache import Cache, key_of
from workc.api.stage_tests.capturing import missing
from workc.api.stage_tests.hints import hints_of
from workc.api.stage_tests.python_stages import Probe
from workc.api.stage_tests.report import StageResult, StageTests
from workc.api.stage_tests.subject import Subject
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.judging import (
    Finding,
    Word,
    of_generated,
    of_passes,
    of_reached,
    verdict_of_findings,
)
from workc.stages.stage.trial import EXHAUSTED, EXPIRED, Origin, Task, Trial
from workc.stages.stage.value import Stage, stage_json

#: The module that is a worker.
_WORKER = "workc.api.stage_tests"
#: Effects that happen in the world and not behind a port, in code that is called as it is.
_OUTSIDE = ("FsWrite", "Llm", "Network", "NonDeterministic", "Process")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How stages are tested: ``generate`` inputs for properties, within ``limit_s`` a pass."""

    generate: int
    mutate: bool
    limit_s: float
    jobs: int

    @property
    def asked(self) -> str:
        """Returns what a kept result must have been asked too."""
        return f"generate {self.generate} mutate {self.mutate}"


#: Is told of each result as it comes: how many there are, of how many, and the result.
Watch = Callable[[int, int, StageResult], None]


def run_stages(
    subjects: Sequence[Subject], plan: Plan, pool: Pool, cache: Cache, watch: Watch | None = None
) -> StageTests:
    """Returns what became of every stage, in their order.

    Raises:
        OSError: a worker cannot be started.
    """
    testing = _Testing(plan, pool, cache)
    with ThreadPoolExecutor(plan.jobs, thread_name_prefix="workc-stages") as threads:
        futures = [threads.submit(testing.result, subject) for subject in subjects]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                if watch is not None:
                    watch(done, len(futures), future.result())
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            pool.stop()
            raise
    return StageTests(results=tuple(future.result() for future in futures))


def pool_of(base: Mapping[str, str], memory: int) -> Pool:
    """Returns workers of at most ``memory`` bytes each; ``base`` is the environment of this process."""
    first, second = environments(2)
    return Pool(_WORKER, {"first": first.over(base), "second": second.over(base)}, memory)


def probe_of(pool: Pool, limit_s: float) -> Probe:
    """Returns what says why a Python file cannot be loaded: it is tried in a worker."""

    def probe(place: str) -> Finding | None:
        task = Task(what="load", origin=Origin(function="", place=place), limit_s=limit_s)
        try:
            calls = pool.ask(task, "first").calls
        except Lost as lost:
            return Finding(word=cast("Word", lost.word), message=f"when it was imported, {lost}")
        for call in calls:
            return Finding(
                word=cast("Word", call.code), message=f"when it was imported, {call.message}"
            )
        return None

    return probe


class _Testing:
    def __init__(self, plan: Plan, pool: Pool, cache: Cache) -> None:
        self._plan = plan
        self._pool = pool
        self._cache = cache

    def result(self, subject: Subject) -> StageResult:
        """Returns what became of one stage."""
        blank = _blank(subject)
        stage = subject.stage
        if subject.findings:
            verdict = verdict_of_findings(subject.findings)
            return replace(blank, verdict=verdict, findings=subject.findings)
        reason = None if stage is None else _untestable(subject, stage)
        if stage is None or reason is not None:
            return replace(blank, reason=reason or "there is no stage")
        skipped = _skipped(subject, stage)
        if skipped is not None:
            return replace(blank, verdict="skipped", reason=skipped)
        return self._kept(subject, stage, blank)

    def _kept(self, subject: Subject, stage: Stage, blank: StageResult) -> StageResult:
        key = key_of(subject, stage, self._plan.asked)
        kept = self._cache.get(key)
        if kept is not None:
            return replace(
                kept,
                name=blank.name,
                where=blank.where,
                implementation_hash=blank.implementation_hash,
                built_in=blank.built_in,
                cached=True,
            )
        began = time.monotonic()
        try:
            made = self._tested(subject, stage, blank)
        except Lost as lost:
            found = Finding(word=cast("Word", lost.word), message=str(lost))
            made = replace(blank, findings=(found,))
        made = replace(
            made,
            verdict=verdict_of_findings(made.findings),
            duration_ms=int((time.monotonic() - began) * 1000),
        )
        self._cache.put(key, made)
        return made

    def _tested(self, subject: Subject, stage: Stage, blank: StageResult) -> StageResult:
        task = self._task(subject, stage)
        first = self._ask(task, "first")
        # What has no end, or no bounds, needs not be seen twice.
        is_over = any(call.code in (EXPIRED, EXHAUSTED) for call in first.calls)
        other = msgspec.structs.replace(task, backwards=True)
        second = first if is_over else self._ask(other, "second")
        made = replace(blank, findings=of_passes(stage, first, second))
        if made.findings:
            return made
        if subject.captures is not None:
            return replace(made, notes=(*made.notes, *hints_of(subject)))
        if stage.properties:
            made = self._claims(msgspec.structs.replace(task, what="properties"), made)
        if not made.findings:
            made = replace(made, notes=(*made.notes, *hints_of(subject)))
        if self._plan.mutate and not made.findings:
            made = self._mutated(msgspec.structs.replace(task, what="mutants"), made)
        return made

    def _claims(self, task: Task, made: StageResult) -> StageResult:
        trial = self._ask(task, "first")
        generated = trial.generated
        if generated is None:
            found: tuple[Finding, ...] = (Finding(word="UNLOADABLE", message=trial.refused),)
            return replace(made, findings=found)
        notes = (*made.notes, *([generated.note] if generated.note else []))
        found = (*of_reached(trial.reached), *of_generated(generated))
        return replace(made, findings=found, generated=generated.tried, notes=notes)

    def _mutated(self, task: Task, made: StageResult) -> StageResult:
        try:
            trial = self._ask(task, "first")
        except Lost as lost:
            return replace(made, notes=(*made.notes, f"a change of the code was too much: {lost}"))
        mutation = trial.mutation
        if mutation is None:
            return replace(made, notes=(*made.notes, f"no change was tried: {trial.refused}"))
        notes = (*made.notes, *([mutation.note] if mutation.note else []))
        return replace(made, mutants=mutation.mutants, survivors=mutation.survivors, notes=notes)

    def _ask(self, task: Task, place: Place) -> Trial:
        return self._pool.ask(task, place)

    def _task(self, subject: Subject, stage: Stage) -> Task:
        partners = subject.partners.items()
        return Task(
            what="examples" if subject.captures is None else "captured",
            stage=stage_json(stage),
            origin=subject.origin,  # type: ignore[arg-type]  # there is one: see _untestable
            others={name: each.origin for name, each in partners if each.origin is not None},
            count=self._plan.generate,
            seed=int(evidence_id(stage)[:16], 16),
            limit_s=self._plan.limit_s,
            allowed=tuple(effect.kind for effect in stage.signature.effects),
            paths={kind: _paths(stage, kind) for kind in ("FsRead", "FsWrite")},
            whole=subject.whole,
            captures="" if subject.captures is None else str(subject.captures.resolve()),
        )


def _paths(stage: Stage, kind: str) -> tuple[str, ...]:
    return tuple(str(each.of) for each in stage.signature.effects if each.kind == kind)


def _blank(subject: Subject) -> StageResult:
    stage = subject.stage
    blank = StageResult(
        name=subject.name, where=subject.where, verdict="unverifiable", notes=subject.notes
    )
    if stage is None:
        return blank
    return replace(
        blank,
        stage_id=stage.id,
        evidence_id=evidence_id(stage),
        implementation_hash=stage.signature.implementation_hash,
        built_in="" if subject.skill is None else built_in_code(subject.skill),
        examples=len(stage.examples),
    )


def _untestable(subject: Subject, stage: Stage) -> str | None:
    """Returns why nobody can say anything of a stage."""
    if not stage.examples:
        return "no examples are declared"
    if subject.reason:
        return subject.reason
    if subject.origin is not None:
        return None
    if stage.implementation_code is None:
        return "there is no implementation"
    return f"its code is {stage.implementation_language or 'of no language'}, and python is run"


def _skipped(subject: Subject, stage: Stage) -> str | None:
    """Returns why a stage is not tried though it could be."""
    if subject.captures is not None:
        lacking = missing(stage, subject.captures)
        numbers = ", ".join(map(str, lacking))
        return f"no captures for example {numbers}: --record makes them" if lacking else None
    outside = sorted({each.kind for each in stage.signature.effects} & set(_OUTSIDE))
    if outside:
        return f"{', '.join(outside)} outside of ctx: there is nothing to record"
    return None
