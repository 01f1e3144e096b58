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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from workc.adapters.budget_tracker import BudgetTracker
from workc.adapters.code import as_skill
from workc.adapters.guard import GuardMode
from workc.adapters.place import new_place, path_of
from workc.adapters.run_folder import Durability
from workc.api.access import Root, access_of
from workc.api.boundary import outcome_of_work
from workc.api.budgets import budget_of, limits_of, with_budget_of
from workc.api.composition import declared_types, refuse_clash
from workc.api.contract_account import account_of
from workc.api.contracted import run_contracted
from workc.api.contracts import ResourceContract, narrowed
from workc.api.effect_rules import refuse_secret_bases
from workc.api.estimate import Simulation, refused_plan, simulate
from workc.api.given import (
    as_inputs,
    ceiling_of,
    expect_callables,
    free_place,
    given_settings,
    injections_of,
    joined_policy,
    name_of,
    normal_json,
    of_the_caller,
    read_workflow,
)
from workc.api.kin import KinWatch
from workc.api.launch import Watch
from workc.api.metering import Meter
from workc.api.policies import expect_policy, refuse_grants, refuse_unlockable, under_policy
from workc.api.programs import (
    FileProgram,
    file_program,
    find_workflow,
    function_program,
    single_step,
)
from workc.api.replay import ReplayReport, replay
from workc.api.resume import resume
from workc.api.run_secrets import refuse_open_secrets, refuse_unset_secrets
from workc.api.running import Going, Job, run_job
from workc.api.runtime_state import History, RuntimeState, state_of
from workc.api.settings import RunDriver, Settings
from workc.api.skill_metadata import SkillMetadata, metadata_of
from workc.api.standing_in import RunRecorder, stand_in_for
from workc.api.store import Store
from workc.api.workflows import Workflow, home_of
from workc.kernel import jcs
from workc.kernel.arguments import a, instance, shown, switch
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.injection import refuse_unknown_steps
from workc.runtime.metrics.tally import Metrics
from workc.runtime.outcome import StructuredOutcome
from workc.runtime.policy.model import PolicyFile
from workc.runtime.workflow.inputs import bind_inputs
from workc.runtime.workflow.model import WorkflowFile
from workc.skills.registry import builtin_skills
from workc.skills.stub_tables import Stubs
from workc.stages.network import NetworkPolicy
from workc.stages.skill import Skill, checked_name

if TYPE_CHECKING:
    from workc.skills.ready import ReadySkill

Path_ = str | os.PathLike[str]


class Runtime:
    """Runs workflows and skills under one set of settings.

    Without a ``store`` a run lives in memory and leaves a bundle only where ``out`` says. Without
    ``allow_external`` every address is denied. ``budget_cents`` is the ceiling of each run,
    ``budget_calls``, ``budget_tokens`` and ``budget_wall_ms`` limit it further; a workflow's own, if
    lower, hold. ``budget`` is one ceiling over all runs that are given the same tracker. ``guard`` says
    what becomes of code that reaches the clock, chance, the environment or a socket around ``ctx``:
    nothing (``off``), a note in the outcome (``warn``), or the failure ``NONDETERMINISTIC``
    (``refuse``). ``policy`` is a policy file, ``default`` or ``strict``: what all runs may do, spend and
    reach. ``inject`` are failures to rehearse, each ``"step:attempt:CODE"``. ``roots`` are
    the folders that files are read from and written to, by name (``{"repo": ".", "docs": ("docs",
    "ro")}``), ``programs`` the names of those that may be run, ``publish`` the targets of
    publications; with ``dry_run`` none of it changes anything.
    """

    def __init__(
        self,
        *,
        store: Path_ | None = None,
        allow_external: bool = True,
        allow_private: bool = False,
        budget_cents: int | None = None,
        budget_calls: int | None = None,
        budget_tokens: int | None = None,
        budget_wall_ms: int | None = None,
        budget: BudgetTracker | None = None,
        seed: int | None = None,
        durability: Durability = "flush",
        max_parallel: int = 16,
        recorder: RunRecorder | None = None,
        contract: ResourceContract | None = None,
        guard: GuardMode = "off",
        policy: Path_ | PolicyFile | None = None,
        inject: Sequence[str] = (),
        roots: Mapping[str, Root] | None = None,
        programs: Sequence[str] = (),
        publish: Sequence[str] = (),
        dry_run: bool = False,
        settings: Settings | None = None,
    ) -> None:
        switch("allow_external", allow_external)
        network = NetworkPolicy(offline=not allow_external, allow_private=allow_private)
        expect_policy(policy)
        made = given_settings(settings) or Settings(
            store=None if store is None else new_place("store", store),
            policy=network,
            ceiling_micro_cents=ceiling_of(budget_cents),
            limits=limits_of(budget_calls, budget_tokens, budget_wall_ms),
            budget=budget,
            seed=seed,
            durability=durability,
            max_parallel=max_parallel,
            recorder=recorder,
            contract=contract,
            guard=guard,
            inject=injections_of(inject),
            access=access_of(roots or {}, programs, publish, dry_run=dry_run),
        )
        self.settings = under_policy(made, policy)
        own = self.settings.contract
        self._account = None if own is None else account_of(own, self.settings.store, "")
        self._stubs: dict[str, Stubs] = {}
        self._history = History()
        self._skills: dict[str, Skill[..., object]] = dict(builtin_skills())
        self._meter = Meter(self.settings.mode)

    @property
    def skills(self) -> Mapping[str, Skill[..., object]]:
        """Returns the registered skills by name."""
        return dict(self._skills)

    def register_skill(self, name: str, skill: Skill[..., object] | ReadySkill) -> None:
        """Makes a skill known under a name, in place of what was known under it.

        A stubbed one (``workc.HttpCallSkill``, ``workc.LLMInvokeSkill``) has its port answered from
        its table in all later runs of this runtime, whichever skill asks.

        Raises:
            Misuse: ``skill`` is none (decorate the function with ``@workc.skill``), or ``name`` is
                no name of one: a letter or ``_``, then up to 127 letters, digits and ``_ . : -``,
                all of them ASCII.
        """
        found = as_skill(getattr(skill, "skill", skill))
        if found is None:
            raise Misuse(f"{a(skill)} is no skill; decorate the function with @workc.skill")
        name = checked_name(name)
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
        expect_callables(watch=watch, on_driver=on_driver)
        return self._told(
            name_of(workflow),
            lambda: self._start(self.prepare(workflow, as_inputs(inputs)), out, watch, on_driver),
        )

    def resume(
        self,
        run_id: str,
        *,
        workflow: Workflow[..., object] | None = None,
        budget_cents: int | None = None,
        budget_calls: int | None = None,
        budget_tokens: int | None = None,
        budget_wall_ms: int | None = None,
        out: Path_ | None = None,
        watch: Watch | None = None,
        on_driver: Callable[[RunDriver], None] | None = None,
    ) -> StructuredOutcome:
        """Goes on with a run of the store that was stopped; of one that has ended, returns its outcome.

        ``run_id`` may be the beginning of one, or ``last``. ``workflow`` is the function of a run
        that was made from one, else it is looked for where it was found then. With a budget, higher
        than it had, a run that its budget refused goes on; what was done is not done again.

        Raises:
            Misuse: the runtime has no store, or a contract; or a part of the budget is no number.
            Interrupted: the driver was told to stop again.
        """
        if self.settings.store is None or self.settings.contract is not None:
            raise Misuse("only a runtime with a store, and without a contract, resumes runs")
        asked = budget_of(budget_cents, budget_calls, budget_tokens, budget_wall_ms)
        # Settings refuse what is no amount.
        replace(self.settings, ceiling_micro_cents=asked.ceiling_micro_cents, limits=asked.limits)
        outcome = resume(
            Store(self.settings.store),
            run_id,
            self.settings,
            skills=self._skills,
            workflow=workflow,
            out=None if out is None else free_place(Path(out)),
            watch=watch,
            on_driver=on_driver,
            meter=self._meter,
            budget=asked,
        )
        return self._history.take(run_id, outcome)

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

    def replay(
        self,
        bundle: Path_ | Mapping[str, bytes],
        *,
        workflow: Workflow[..., object] | None = None,
        code: Path_ = ".",
        out: Path_ | None = None,
    ) -> ReplayReport:
        """Re-executes a bundle with the skills of this runtime, and counts it; see `workc.replay`.

        Raises:
            FileNotFoundError: the bundle does not exist.
            FileExistsError: there is something at ``out``.
        """
        return replay(
            bundle, workflow=workflow, skills=self._skills, code=code, out=out, meter=self._meter
        )

    def metrics(self) -> Metrics:
        """Returns what this runtime has done so far, runs that are at work included.

        ``metrics().exposition()`` is text for Prometheus, ``metrics().value(name, **labels)`` one
        figure. Each figure is what the journals say.
        """
        return self._meter.read()

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
            raise Misuse(f"a workflow is a path, file.py:name or a @workflow, not {a(workflow)}")
        text = str(path_of("workflow", workflow))
        if ":" in text and not Path(text).exists():
            return find_workflow(text, Path.cwd())
        return self.load(Path(text))

    def start(
        self,
        job: Job,
        *,
        out: Path_ | None = None,
        watch: Watch | None = None,
        watch_child: KinWatch | None = None,
        on_driver: Callable[[RunDriver], None] | None = None,
    ) -> StructuredOutcome:
        """Runs a job and returns its outcome, its bundle sealed.

        ``watch`` is told each record, ``watch_child`` each of a child, with the id of its run.

        Raises:
            Interrupted: the driver was told to stop. With a store the run can be resumed.
        """
        name = instance("job", job, Job, "what prepare() gave").program.name
        expect_callables(watch=watch, watch_child=watch_child, on_driver=on_driver)
        return self._told(name, lambda: self._start(job, out, watch, on_driver, watch_child))

    def describe_skill(self, name: str) -> SkillMetadata:
        """Returns what is known of a registered skill before it is used.

        Raises:
            Misuse: no skill has that name; says which have.
        """
        if not isinstance(cast("object", name), str) or name not in self._skills:
            raise Misuse(
                f"no skill is named {shown(name)}; known: {', '.join(sorted(self._skills))}"
            )
        stubbed = self._stubs.get(name, Stubs()) != Stubs()
        return metadata_of(name, self._skills[name], ("stubbed",) if stubbed else ())

    def query(self) -> RuntimeState:
        """Returns what may be spent and used now, what was tried, and the last outcome.

        Raises:
            Refusal: ``STORE_UNAVAILABLE`` if nobody can tell what was used of the contract.
        """
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
        return self._history.take(name, self._meter.told(self.settings.mode, outcome_of_work(work)))

    def _start(
        self,
        job: Job,
        out: Path_ | None,
        watch: Watch | None,
        on_driver: Callable[[RunDriver], None] | None,
        watch_child: KinWatch | None = None,
    ) -> StructuredOutcome:
        target = None if out is None else free_place(out)
        settings = job.settings
        refuse_unlockable(job.program, settings.ruling)
        refuse_grants(settings.ruling, settings.access.grants)
        refuse_open_secrets(job.program, job.inputs, settings)
        refuse_secret_bases(job.program, settings)
        stand_in = stand_in_for(settings.stubs, settings.recorder)
        refuse_unset_secrets(job.program, settings, stand_in)
        clock = settings.clock(0)
        meter = self._meter.run(settings.mode)
        told, given = of_the_caller("watch", watch), of_the_caller("on_driver", on_driver)
        going = Going(job, target, stand_in, clock, meter, told, given, watch_child)
        if self._account is None:
            return run_job(going, settings)
        return run_contracted(going, settings, self._account)

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
            raise refuse("SKILL_NOT_FOUND", f"no skill is named {shown(skill)}; known: {known}")
        return self._skills[skill]

    def _function_job(self, workflow: Workflow[..., object], inputs: Mapping[str, Json]) -> Job:
        workflow.inputs.bind(dict(inputs))
        settings = self._with_ceiling(None, self.settings)
        program = function_program(workflow, self._skills, settings.price_table)
        return Job(program, dict(inputs), settings, notes={"folder": str(home_of(workflow))})

    def _file_job(self, found: FileProgram, inputs: Mapping[str, Json]) -> Job:
        if found.program.plan is None:
            # Which steps a planner names is known when it has.
            refuse_unknown_steps(self.settings.inject, [step.id for step in found.program.steps])
        bound = bind_inputs(found.workflow, inputs)
        refuse_clash(found.program, declared_types(found.workflow.inputs))
        settings = self._with_ceiling(found.workflow, self.settings)
        return Job(found.program, bound, settings, notes={"folder": str(found.folder)})

    def load(self, path: Path_) -> FileProgram:
        """Returns the program of a workflow file.

        Raises:
            Refusal: what is wrong with the file or with the code that it names.
        """
        prices, place = self.settings.price_table, path_of("path", path)
        return file_program(
            read_workflow(place), place.name, place.resolve().parent, self._skills, prices
        )

    def _with_ceiling(
        self, workflow: WorkflowFile | None, settings: Settings, *, default: int | None = 0
    ) -> Settings:
        policy = joined_policy(settings.policy, workflow.policy if workflow else None)
        if settings.ruling is not None and settings.ruling.network is not None:
            policy = narrowed(policy, settings.policy)
        if settings.contract is not None:
            policy = narrowed(policy, settings.contract.policy)
        stubs = settings.stubs
        for registered in self._stubs.values():
            stubs |= registered
        using = with_budget_of(settings, workflow, default=default)
        return replace(using, policy=policy, stubs=stubs)
