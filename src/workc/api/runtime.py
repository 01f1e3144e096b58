"""The runtime: runs workflows and single skills, and gives an outcome for whatever they do.

    runtime = workc.Runtime(store=".workc", budget_cents=50)
    outcome = runtime.run("digest.yaml", {"base": "http://127.0.0.1:8000"})
    outcome = runtime.execute("http_call", {"url": "http://127.0.0.1:8000/items.json"})

Nothing that the work does is raised: it is in the outcome. What is raised is :class:`Misuse`, for
a call that cannot be meant, and :class:`Interrupted`, when the process was told to stop.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from workc.adapters.code import as_skill
from workc.adapters.memory import MemoryRun
from workc.adapters.run_folder import Durability, RunWriter
from workc.api import launch
from workc.api.boundary import outcome_of_work
from workc.api.contract_account import ContractAccount
from workc.api.contracts import ResourceContract, narrowed
from workc.api.estimate import Simulation, refused_plan, simulate
from workc.api.given import (
    as_inputs,
    free_place,
    joined_policy,
    name_of,
    normal_json,
    read_workflow,
)
from workc.api.launch import Finished, Place, Watch
from workc.api.programs import (
    FileProgram,
    Workflow,
    file_program,
    find_workflow,
    function_program,
    home_of,
    single_step,
)
from workc.api.runtime_state import History, RuntimeState, state_of
from workc.api.settings import Clock, RunDriver, Settings
from workc.api.skill_metadata import SkillMetadata, metadata_of
from workc.api.standing_in import RunRecorder, StandIn, stand_in_for, under_contract
from workc.api.store import Store
from workc.kernel import jcs
from workc.kernel.failure import Failure, Misuse, Refusal, refuse
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.values import Json, JsonObject
from workc.runtime.flow import RunResult
from workc.runtime.outcome import SideEffect, StructuredOutcome, error_of
from workc.runtime.program import Program
from workc.runtime.workflow.inputs import bind_inputs
from workc.runtime.workflow.model import WorkflowFile
from workc.skills.registry import builtin_skills
from workc.skills.stub_tables import Stubs
from workc.stages.network import NetworkPolicy
from workc.stages.skill import Skill

if TYPE_CHECKING:
    from workc.skills.ready import ReadySkill

Path_ = str | os.PathLike[str]


class Job:
    """A run that is ready to start: everything about it was found valid."""

    def __init__(
        self,
        program: Program,
        inputs: JsonObject,
        settings: Settings,
        *,
        notes: JsonObject | None = None,
    ) -> None:
        self.program = program
        self.inputs = inputs
        self.settings = settings
        self.notes = notes or {}


class Runtime:
    """Runs workflows and skills under one set of settings.

    Without a ``store`` a run lives in memory and leaves a bundle only where ``out`` says. Without
    ``allow_external`` every address is denied. ``budget_cents`` is the ceiling of each run; a
    workflow's own, if lower, holds.
    """

    def __init__(
        self,
        *,
        store: Path_ | None = None,
        allow_external: bool = True,
        allow_private: bool = False,
        budget_cents: int | None = None,
        seed: int | None = None,
        durability: Durability = "flush",
        max_parallel: int = 16,
        recorder: RunRecorder | None = None,
        contract: ResourceContract | None = None,
        settings: Settings | None = None,
    ) -> None:
        policy = NetworkPolicy(offline=not allow_external, allow_private=allow_private)
        ceiling = None if budget_cents is None else budget_cents * MICRO_CENTS_PER_CENT
        self.settings = settings or Settings(
            store=None if store is None else Path(store),
            policy=policy,
            ceiling_micro_cents=ceiling,
            seed=seed,
            durability=durability,
            max_parallel=max_parallel,
            recorder=recorder,
            contract=contract,
        )
        own = self.settings.contract
        self._account = None if own is None else ContractAccount(own)
        self._stubs: dict[str, Stubs] = {}
        self._history = History()
        self._skills: dict[str, Skill[..., object]] = dict(builtin_skills())

    @property
    def skills(self) -> Mapping[str, Skill[..., object]]:
        """Returns the registered skills by name."""
        return dict(self._skills)

    def register_skill(self, name: str, skill: Skill[..., object] | ReadySkill) -> None:
        """Makes a skill known under a name, in place of what was known under it.

        A stubbed one (``workc.HttpCallSkill``, ``workc.LLMInvokeSkill``) has its port answered from
        its table in all later runs of this runtime, whichever skill asks.

        Raises:
            Misuse: ``skill`` is none; decorate the function with ``@workc.skill``.
        """
        found = as_skill(getattr(skill, "skill", skill))
        if found is None:
            raise Misuse(f"{skill!r} is no skill; decorate the function with @workc.skill")
        # A built-in skill under its own name stays the very one: its code is not the user's.
        self._skills[name] = found if found.name == name else replace(found, name=name)
        self._stubs[name] = Stubs() if isinstance(skill, Skill) else skill.stubs

    def run(
        self,
        workflow: Path_ | Workflow[..., object],
        inputs: Mapping[str, Json] | None = None,
        *,
        out: Path_ | None = None,
        watch: Watch | None = None,
        on_driver: Callable[[RunDriver], None] | None = None,
    ) -> StructuredOutcome:
        """Runs a workflow file, ``file.py:name``, or a ``@workflow`` function; returns its outcome.

        ``out`` is where the bundle goes; there must be nothing yet. ``watch`` is told each record.
        """
        return self._told(
            name_of(workflow),
            lambda: self._start(self.prepare(workflow, as_inputs(inputs)), out, watch, on_driver),
        )

    async def arun(
        self,
        workflow: Path_ | Workflow[..., object],
        inputs: Mapping[str, Json] | None = None,
        *,
        out: Path_ | None = None,
    ) -> StructuredOutcome:
        """Does what :meth:`run` does, without blocking the caller's event loop."""
        return await asyncio.to_thread(self.run, workflow, inputs, out=out)

    def execute(
        self, skill: str | Skill[..., object], params: JsonObject, *, out: Path_ | None = None
    ) -> StructuredOutcome:
        """Uses one skill once, as a run of one step, and returns its outcome."""
        name = name_of(skill)
        return self._told(name, lambda: self._start(self._single(skill, params), out, None, None))

    async def aexecute(
        self, skill: str | Skill[..., object], params: JsonObject, *, out: Path_ | None = None
    ) -> StructuredOutcome:
        """Does what :meth:`execute` does, without blocking the caller's event loop."""
        return await asyncio.to_thread(self.execute, skill, params, out=out)

    def prepare(
        self,
        workflow: Path_ | Workflow[..., object] | FileProgram,
        inputs: Mapping[str, Json],
    ) -> Job:
        """Returns the job of a workflow, everything about it checked.

        Raises:
            Refusal: what is wrong with the file, the code or the inputs.
        """
        inputs = as_inputs(inputs)
        found = self._found(workflow)
        if isinstance(found, Workflow):
            return self._function_job(found, inputs)
        return self._file_job(found, inputs)

    def _found(
        self, workflow: Path_ | Workflow[..., object] | FileProgram
    ) -> FileProgram | Workflow[..., object]:
        if isinstance(workflow, Workflow | FileProgram):
            return workflow
        if not isinstance(cast("object", workflow), str | os.PathLike):
            given = type(workflow).__name__
            raise Misuse(f"a workflow is a path, file.py:name or a @workflow, not a {given}")
        text = os.fspath(workflow)
        if ":" in text and not Path(text).exists():
            return find_workflow(text, Path.cwd())
        return self.load(Path(text))

    def start(
        self,
        job: Job,
        *,
        out: Path_ | None = None,
        watch: Watch | None = None,
        on_driver: Callable[[RunDriver], None] | None = None,
    ) -> StructuredOutcome:
        """Runs a job and returns its outcome, its bundle sealed.

        Raises:
            Interrupted: the driver was told to stop. With a store the run can be resumed.
        """
        name = job.program.name
        return self._told(name, lambda: self._start(job, out, watch, on_driver))

    def describe_skill(self, name: str) -> SkillMetadata:
        """Returns what is known of a registered skill before it is used.

        Raises:
            Misuse: no skill has that name; says which have.
        """
        if not isinstance(cast("object", name), str) or name not in self._skills:
            raise Misuse(
                f"no skill is named {name!r:.80}; known: {', '.join(sorted(self._skills))}"
            )
        stubbed = self._stubs.get(name, Stubs()) != Stubs()
        return metadata_of(name, self._skills[name], ("stubbed",) if stubbed else ())

    def query(self) -> RuntimeState:
        """Returns what may be spent and used now, what was tried, and the last outcome."""
        return state_of(self.settings, self._account, self._skills, self._history)

    def simulate(
        self,
        plan: Path_ | Workflow[..., object] | FileProgram | Mapping[str, Json],
        inputs: Mapping[str, Json] | None = None,
    ) -> Simulation:
        """Returns what a plan may cost, wait for and lack, without running any of it.

        ``plan`` is a workflow file, ``file.py:name``, a ``@workflow``, or the content of a workflow
        file as a mapping. Inputs that are not given are not known; what is wrong with the plan or
        with those that are given is among the remarks.

        Raises:
            Misuse: ``plan`` is of another type.
        """
        settings = self._with_ceiling(None, self.settings, default=None)
        try:
            found = self._plan(plan)
            return simulate(found, as_inputs(inputs), settings, self._account)
        except Refusal as refusal:
            return refused_plan(name_of(plan), refusal)

    def _plan(
        self, plan: Path_ | Workflow[..., object] | FileProgram | Mapping[str, Json]
    ) -> FileProgram | Workflow[..., object]:
        if not isinstance(plan, Mapping):
            return self._found(plan)
        data = jcs.encode(normal_json({**plan}))
        prices = self.settings.price_table
        return file_program(data, "plan.json", Path.cwd(), self._skills, prices)

    def _told(self, name: str, work: Callable[[], StructuredOutcome]) -> StructuredOutcome:
        """Returns the outcome of work, remembered for :meth:`query`."""
        return self._history.take(name, outcome_of_work(work))

    def _start(
        self,
        job: Job,
        out: Path_ | None,
        watch: Watch | None,
        on_driver: Callable[[RunDriver], None] | None,
    ) -> StructuredOutcome:
        target = None if out is None else free_place(Path(out))
        settings = job.settings
        launch.refuse_open_secrets(job.program, job.inputs, settings)
        stand_in = stand_in_for(settings.stubs, settings.recorder)
        launch.refuse_unset_secrets(job.program, settings, stand_in)
        clock = settings.clock(0)
        going = Going(job, target, stand_in, clock, watch, on_driver)
        account = self._account_of_run()
        if account is None:
            return _run(going, settings)
        account.admit(job.program, clock.now_ms())
        going = replace(going, stand_in=under_contract(stand_in, account, clock.now_ms))
        with account.held(settings.ceiling_micro_cents, clock.now_ms()) as share:
            outcome = _run(going, replace(settings, ceiling_micro_cents=share.ceiling_micro_cents))
            share.spent_micro_cents = outcome.cost_micro_cents
            return outcome

    def _account_of_run(self) -> ContractAccount | None:
        """Returns who counts what a run uses: one account for all, or for a period of one run."""
        shared = self._account
        if shared is None or shared.contract.period != "run":
            return shared
        return ContractAccount(shared.contract)

    def _single(self, skill: str | Skill[..., object], params: JsonObject) -> Job:
        found = self._skill(skill)
        found.bind(params)
        params = cast("JsonObject", normal_json(params))
        key = params.get("api_key_env")
        program = replace(
            single_step(found, params, self.settings.price_table),
            secrets=(key,) if isinstance(key, str) else (),
        )
        return Job(program, {"params": params}, self._with_ceiling(None, self.settings))

    def _skill(self, skill: str | Skill[..., object]) -> Skill[..., object]:
        if isinstance(skill, Skill):
            return skill
        if not isinstance(cast("object", skill), str) or skill not in self._skills:
            known = ", ".join(sorted(self._skills))
            raise refuse("SKILL_NOT_FOUND", f"no skill is named {skill!r}; known: {known}")
        return self._skills[skill]

    def _function_job(self, workflow: Workflow[..., object], inputs: Mapping[str, Json]) -> Job:
        workflow.inputs.bind(dict(inputs))
        settings = self._with_ceiling(None, self.settings)
        program = function_program(workflow, self._skills, settings.price_table)
        return Job(program, dict(inputs), settings, notes={"folder": str(home_of(workflow))})

    def _file_job(self, found: FileProgram, inputs: Mapping[str, Json]) -> Job:
        return Job(
            found.program,
            bind_inputs(found.workflow, inputs),
            self._with_ceiling(found.workflow, self.settings),
            notes={"folder": str(found.folder)},
        )

    def load(self, path: Path) -> FileProgram:
        """Returns the program of a workflow file.

        Raises:
            Refusal: what is wrong with the file or with the code that it names.
        """
        prices = self.settings.price_table
        return file_program(
            read_workflow(path), path.name, path.resolve().parent, self._skills, prices
        )

    def _with_ceiling(
        self, workflow: WorkflowFile | None, settings: Settings, *, default: int | None = 0
    ) -> Settings:
        own = workflow.budget_ceiling_cents if workflow else None
        contract = settings.contract
        ceilings = [
            each
            for each in (
                settings.ceiling_micro_cents,
                None if own is None else own * MICRO_CENTS_PER_CENT,
                None if contract is None else contract.budget_micro_cents,
            )
            if each is not None
        ]
        policy = joined_policy(settings.policy, workflow.policy if workflow else None)
        if contract is not None:
            policy = narrowed(policy, contract.policy)
        stubs = settings.stubs
        for registered in self._stubs.values():
            stubs |= registered
        ceiling = min(ceilings, default=default)
        return replace(settings, ceiling_micro_cents=ceiling, policy=policy, stubs=stubs)


@dataclass(frozen=True, eq=False)
class Going:
    """A job on its way: where its bundle goes, who stands in for the world, who watches."""

    job: Job
    target: Path | None
    stand_in: StandIn | None
    clock: Clock
    watch: Watch | None
    on_driver: Callable[[RunDriver], None] | None


def _run(going: Going, settings: Settings) -> StructuredOutcome:
    job, clock, stand_in = going.job, going.clock, going.stand_in
    run_id = launch.new_run_id(settings, clock)
    place = _place(settings, run_id)
    try:
        if isinstance(place, RunWriter):
            place.note(job.notes)
        start = launch.begin(job.program, job.inputs, settings, place, clock, run_id, stand_in)
        result, effects = launch.run_live(
            start,
            place,
            settings,
            clock,
            stand_in=stand_in,
            watch=going.watch,
            on_driver=going.on_driver,
        )
        outcome = finish(place, settings, going.target, result, effects)
        return outcome if settings.recorder is None else _kept(outcome, settings.recorder, place)
    finally:
        place.close()


def _kept(outcome: StructuredOutcome, recorder: RunRecorder, place: Place) -> StructuredOutcome:
    try:
        recorder.keep(lambda: launch.seal_memory(place)[1])
    except OSError as error:
        message = f"the recording was not written: {error.strerror or error}"
        return _without_bundle(outcome, Failure(code="STORE_UNAVAILABLE", message=message))
    return outcome


def finish(
    place: Place,
    settings: Settings,
    target: Path | None,
    result: RunResult,
    effects: tuple[SideEffect, ...],
) -> StructuredOutcome:
    """Seals a run into its folder and to ``target``, and returns its outcome.

    Where ``target`` cannot be written, what the run gave is told all the same, with the failure.
    """
    sync = settings.durability == "fsync"
    kept = place.bundle if isinstance(place, RunWriter) else None
    receipt = None if kept is None else launch.seal_folder(place, kept, sync=sync)
    where, lost = kept, None
    if target is not None:
        try:
            receipt, where = launch.seal_folder(place, target, sync=sync), target
        except OSError as error:
            lost = _not_written(target, kept, error)
    receipt = receipt or launch.seal_memory(place)[0]
    bundle = None if where is None else str(where)
    outcome = launch.outcome_of(Finished(result, receipt, effects), bundle)
    return outcome if lost is None else _without_bundle(outcome, lost)


def _not_written(target: Path, kept: Path | None, error: OSError) -> Failure:
    is_taken = isinstance(error, FileExistsError)
    why = "something was put there meanwhile" if is_taken else error.strerror or "it failed"
    left = "none is left of this run" if kept is None else f"the bundle of this run is {kept}"
    message = f"no bundle was written to {target}: {why}; {left}"
    return Failure(code="STORE_UNAVAILABLE", message=message, details={"out": str(target)})


def _without_bundle(outcome: StructuredOutcome, lost: Failure) -> StructuredOutcome:
    """Returns the outcome of a run whose bundle is not where it was asked for: not a success."""
    if not outcome.ok:
        # What the run failed of says more than where its bundle is.
        return msgspec.structs.replace(outcome, message=f"{outcome.message} ({lost.message})")
    return msgspec.structs.replace(
        outcome, status="failure", code=lost.code, message=lost.message, error=error_of(lost)
    )


def _place(settings: Settings, run_id: str) -> Place:
    if settings.store is None:
        return MemoryRun()
    return RunWriter(Store(settings.store).folder(run_id), settings.durability)
