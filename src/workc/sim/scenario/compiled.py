"""A scenario as what the production engine runs: workflow files, and what the world answers.

Gates and checks are programs that the world answers for, items of the lens are files of it, children
are workflow files. So a simulated run has no code of its own: it is a run of these files whose
ports are scripted, and its bundle replays as any other.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import msgspec

from workc.kernel.gates import Decision
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.facts import listed, members
from workc.sim.json_text import spell_json
from workc.sim.ports import Scripted
from workc.sim.scenario.actions import Deed, declared, deed_of
from workc.sim.scenario.answers import (
    checked_answer,
    conflicts_of,
    items_of,
    judged_answer,
    quality_of,
    scripted_failure,
    shown_item,
)
from workc.sim.scenario.locks import Conflicts
from workc.sim.scenario.resolving import RESOLVE, speaking
from workc.sim.scenario.scenario import ResolverScript, Scenario, ScenarioError
from workc.sim.scenario.scripts import (
    ConflictResolution,
    GateDecision,
    GateScript,
    IntentScript,
    PlanStepScript,
    WriteFile,
)
from workc.stages.grants import Grants

#: The file of the scenario itself; those of children have the number of each intent in their names.
MAIN = "scenario.json"
#: The program that gates and checks are to the engine.
JUDGE = "judge"
_LENS = "lens"
#: So many claims of a resource a scenario may speak of.
MAX_CLAIMS = 10_000
#: The step of a scenario that has none.
_REST: JsonObject = {"skill": "json_transform", "with": {"data": None, "expression": "@"}}
_UNNAMEABLE = re.compile(r"[^A-Za-z0-9_-]")
_MAX_NAME = 48


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """Workflow files by name, answers of the world by what is asked, decisions, and what is granted."""

    files: Mapping[str, bytes]
    script: Mapping[str, Sequence[Scripted]]
    approvals: Mapping[str, Decision]
    #: Of steps that start a child, how long it takes until it begins, in ms.
    delays: Mapping[str, int]
    #: What claims of resources meet, from the first of each resource.
    coordination: Conflicts
    #: What the lens is worth by the script, in each round of looks; None: what it comes to.
    quality: Sequence[tuple[int, int, int, int]] | None
    grants: Grants


def compiled(scenario: Scenario, known: Mapping[str, bytes]) -> Compiled:
    """Returns what the engine runs; ``known`` are contents by their digest, and files by path.

    Raises:
        ScenarioError: errors of steps that do the very same cannot be told apart, or there are more
            generations or children than its budgets allow.
    """
    made = _Making(known)
    made.add(scenario, MAIN, depth=0)
    return made.done()


class _Making:
    """Puts together what a family of scenarios is compiled to."""

    def __init__(self, known: Mapping[str, bytes]) -> None:
        self._known = known
        self._files: dict[str, bytes] = {}
        self._script: dict[str, list[Scripted]] = {}
        self._failing: set[str] = set()
        self._approvals: dict[str, Decision] = {}
        self._delays: dict[str, int] = {}
        self._conflicts: dict[str, dict[int, ConflictResolution]] = {}
        self._quality: Sequence[tuple[int, int, int, int]] | None = None
        self._roots: set[str] = set()
        self._programs: set[str] = {JUDGE}
        self._targets: set[str] = set()

    def done(self) -> Compiled:
        return Compiled(
            files=self._files,
            script=self._script,
            approvals=self._approvals,
            delays=self._delays,
            coordination=conflicts_of(self._conflicts),
            quality=self._quality,
            grants=Grants(
                roots=dict.fromkeys(sorted(self._roots), "rw"),
                programs=tuple(sorted(self._programs)),
                targets=tuple(sorted(self._targets)),
            ),
        )

    def add(self, scenario: Scenario, name: str, depth: int) -> list[str]:
        """Adds a scenario as the file of this name, and those of its children; returns its effects."""
        intents = scenario.intents
        _refuse_large(scenario, depth)
        for conflict in scenario.coord.conflicts:
            if conflict.on_claim_n >= MAX_CLAIMS:
                raise ScenarioError(f"{scenario.id}: on_claim_n is less than {MAX_CLAIMS}")
            of_resource = self._conflicts.setdefault(conflict.resource, {})
            of_resource.setdefault(conflict.on_claim_n, conflict.resolution)
        if depth == 0:
            self._quality = quality_of((scenario.lens, *scenario.lens_again))
        steps = _names([step.name for step in scenario.plan.steps])
        for step in (*steps, *(f"child-{number}" for number in range(len(intents)))):
            self._approvals.setdefault(step, "approved")
        for answer in scenario.approvals:
            self._approvals[_named(answer.step)] = answer.decision
        flow = self._flow(scenario, name, steps)
        children = [f"{name.removesuffix('.json')}-{number}.json" for number in range(len(intents))]
        for number, (child, file) in enumerate(zip(intents, children, strict=True)):
            told = scenario.children[number] if number < len(scenario.children) else None
            if told is not None and told.delay_ms:
                self._delays[f"child-{number}"] = told.delay_ms
            below = None if told is None else told.scenario
            effects = self.add(below or _idle(scenario, child.description), file, depth + 1)
            run = _child(file, steps, effects, critical=told is None or told.critical)
            flow["steps"] = {**members(flow["steps"]), f"child-{number}": run}
        if scenario.resolver is not None:
            self._settle(scenario, scenario.resolver, flow, name, depth)
        self._files[name] = spell_json(flow)
        said = [flow, *map(members, members(flow["steps"]).values())]
        return list(dict.fromkeys(str(e) for each in said for e in listed(each.get("effects"))))

    def _settle(
        self, parent: Scenario, resolver: ResolverScript, flow: JsonObject, name: str, depth: int
    ) -> None:
        """Adds the child that says what holds where the lens of a flow contradicts itself."""
        file = f"{name.removesuffix('.json')}-{RESOLVE}.json"
        below = resolver.scenario or _idle(parent, "Say what holds.")
        effects = self.add(below, file, depth + 1)
        says = {_named(key): value for key, value in resolver.holds.items()}
        self._files[file] = speaking(self._files[file], says)
        self._approvals.setdefault(RESOLVE, "approved")
        flow["lens"] = {**members(flow["lens"]), "resolve": {"workflow": file}}
        flow["effects"] = [*dict.fromkeys([*map(str, listed(flow["effects"])), *effects])]

    def _flow(self, scenario: Scenario, name: str, steps: Sequence[str]) -> JsonObject:
        budgets, tag = scenario.budgets, name.removesuffix(".json")
        deeds = self._deeds(scenario)
        self._answer_deeds(scenario, deeds)
        limits = {"ceiling_cents": budgets.ceiling_cents, "wall_ms": budgets.wall_ms}
        effects = [
            _effects(step, deed) for step, deed in zip(scenario.plan.steps, deeds, strict=True)
        ]
        made: JsonObject = {
            "workc": 1,
            "name": _named(scenario.id),
            "description": scenario.intent.description,
            "budget": {key: value for key, value in limits.items() if value is not None},
            "effects": [f"Exec exec:{JUDGE}"],
            "steps": {
                step: self._step(scenario, number, deeds[number], effects[number], steps, tag)
                for number, step in enumerate(steps)
            },
            "output": {name: f"${{steps.{name}}}" for name in _last(scenario, steps)},
        }
        modules = list[Json](dict.fromkeys(deed.module for deed in deeds if deed.module))
        if modules:
            made["skills"] = modules
        if not steps and not scenario.intents:
            made["steps"] = {"rest": _REST}
        made |= self._looking(scenario, tag)
        made |= self._checking(scenario, tag)
        made |= _strategies(scenario)
        backs = {error: to for error, to in _recovery(scenario).items() if to != "stop"}
        if backs:
            made["recovery"] = cast("Json", backs)
        if (
            backs
            or "verify" in made
            or scenario.resolver is not None
            or any("gates" in members(step) for step in members(made["steps"]).values())
        ):
            made["max_backtracks"] = budgets.max_backtracks
        return made

    def _deeds(self, scenario: Scenario) -> list[Deed]:
        """Returns the actions of the steps; what one writes, a later one reads."""
        known = dict(self._known)
        found: list[Deed] = []
        for step in scenario.plan.steps:
            found.append(deed_of(step.action, known))
            if isinstance(step.action, WriteFile):
                known[step.action.path] = str(found[-1].params["text"]).encode()
        return found

    def _step(
        self,
        scenario: Scenario,
        number: int,
        deed: Deed,
        effects: Sequence[str],
        steps: Sequence[str],
        tag: str,
    ) -> JsonObject:
        script = scenario.plan.steps[number]
        before = steps[max(0, number - 1) : number]
        after = before if script.after is None else [_named(each) for each in script.after]
        made: JsonObject = {
            "skill": deed.skill,
            "with": deed.params,
            "effects": [*effects],
            "retry": {
                "max_attempts": scenario.budgets.max_attempts,
                "base_delay_ms": 100,
                "max_delay_ms": 1000,
                "jitter_permille": 0,
            },
        }
        if after:
            made["depends_on"] = [*after]
        if script.resources:
            made["resources"] = list[Json](dict.fromkeys(script.resources))
        gates = {
            side: self._gates(scenario, side, number, f"{tag}:{steps[number]}")
            for side in ("pre", "post")
        }
        said = {side: found for side, found in gates.items() if found}
        return {**made, "gates": cast("Json", said)} if said else made

    def _gates(self, scenario: Scenario, side: str, number: int, tag: str) -> list[Json]:
        scripts = (scenario.gates, *scenario.gates_again)
        rounds = [_decisions(script, side, number) for script in scripts]
        made: list[Json] = []
        for index in range(max(map(len, rounds))):
            gate = f"{side}-{index}"
            asked = [each[index] if index < len(each) else None for each in rounds]
            answers = [
                judged_answer(
                    passed=each is None or each.passed,
                    said={} if each is None else {"code": each.code, "message": each.message},
                )
                for each in asked
            ]
            made.append({"id": gate, "command": self._judge(f"{tag}:{gate}", answers)})
        return made

    def _judge(self, tag: str, answers: Sequence[Scripted]) -> list[Json]:
        """Returns the command of a gate or check, which the world answers so."""
        self._script[f"exec {JUDGE} {tag}"] = [*answers]
        return [JUDGE, tag]

    def _checking(self, scenario: Scenario, tag: str) -> JsonObject:
        scripts = [each.results for each in (scenario.verify, *scenario.verify_again)]
        names = list(dict.fromkeys(check.check for checks in scripts for check in checks))
        if not names:
            return {}
        to = scenario.recovery.checks
        made: list[Json] = []
        for name, check in zip(_names(names), names, strict=True):
            answers = [checked_answer(checks, check) for checks in scripts]
            command = self._judge(f"{tag}:check:{name}", answers)
            back: JsonObject = {} if to == "stop" else {"on_fail": to}
            made.append({"id": name, "command": command, **back})
        return {"verify": made}

    def _looking(self, scenario: Scenario, tag: str) -> JsonObject:
        scripts = (scenario.lens, *scenario.lens_again)
        rows = [items_of(script) for script in scripts]
        keys = list(dict.fromkeys(key for row in rows for key in row))
        if not keys and scenario.lens.quality_override is None:
            return {}
        self._roots.add(_LENS)
        items: JsonObject = {}
        named = dict(zip(keys, _names(["_".join(key[:2]) for key in keys]), strict=True))
        for key, name in named.items():
            path = f"{_LENS}/{tag}/{name}"
            self._script[f"read {path}"] = [shown_item(row.get(key)) for row in rows]
            items[name] = {"file": path, "about": _named(key[0]), "says": "text"}
        if not keys:
            # What a script says a lens is worth, it says of one that looks at something.
            items["nothing"] = {"text": "nothing"}
        needs = scenario.needs
        wanted = None if needs.requires is None else set(needs.requires)
        required: list[Json] = [
            name for key, name in named.items() if wanted is None or key[0] in wanted
        ]
        least = {"deciding": needs.deciding, "Committed": max(needs.deciding, needs.committed)}
        return {
            "lens": {
                "items": items,
                "requires": required,
                "at_least": {level: number for level, number in least.items() if number},
                "max_observations": scenario.budgets.max_observations,
                "wait_ms": 1000,
            }
        }

    def _answer_deeds(self, scenario: Scenario, deeds: Sequence[Deed]) -> None:
        errors: dict[int, list[Scripted]] = defaultdict(list)
        for each in scenario.act_errors:
            errors[each.at_step] += [Scripted(failure=scripted_failure(each))] * each.times
        counts = Counter(deed.key for deed in deeds)
        for number, deed in enumerate(deeds):
            if deed.key is None:
                continue
            if (counts[deed.key] > 1 or deed.key in self._script) and number in errors:
                raise ScenarioError(
                    f"{scenario.id}: act_errors of step {number} would meet another step that does "
                    "the same"
                )
            if deed.key not in self._failing:
                answer = msgspec.structs.replace(
                    deed.answer, delay_ms=scenario.plan.steps[number].delay_ms
                )
                self._script[deed.key] = [*errors[number], answer]
            if errors[number]:
                self._failing.add(deed.key)
            self._roots.update(filter(None, (deed.root,)))
            self._programs.update(filter(None, (deed.program,)))
            self._targets.update(filter(None, (deed.target,)))


def _refuse_large(scenario: Scenario, depth: int) -> None:
    if (scenario.intents or scenario.resolver) and depth >= scenario.budgets.max_depth:
        raise ScenarioError(f"{scenario.id} has children deeper than its max_depth allows")
    if len(scenario.intents) > scenario.budgets.max_fanout:
        raise ScenarioError(f"{scenario.id} has more children than its max_fanout allows")


def _idle(parent: Scenario, description: str) -> Scenario:
    """Returns the scenario of a child of which nothing is told: it does nothing."""
    intent = IntentScript(description=description, source="parent_loop")
    return Scenario(id=f"{parent.id[:150]}-child", seed=parent.seed, intent=intent)


def _child(
    file: str, after: Sequence[str], effects: Sequence[str], *, critical: bool
) -> JsonObject:
    made: JsonObject = {"workflow": file, "depends_on": [*after[-1:]], "effects": [*effects]}
    return made if critical else {**made, "critical": False, "on_failure": "skip"}


def _last(scenario: Scenario, steps: Sequence[str]) -> list[str]:
    """Returns the steps that no other comes after: the run gives what they give."""
    named = {_named(each) for step in scenario.plan.steps for each in step.after or ()}
    follow = {
        steps[number - 1]
        for number, step in enumerate(scenario.plan.steps)
        if step.after is None and number
    }
    return [step for step in steps if step not in named | follow]


def _effects(step: PlanStepScript, deed: Deed) -> list[str]:
    """Returns the effects that a step declares: without any, that of its action."""
    own = [] if deed.effect is None else [deed.effect]
    found = [declared(each) for each in step.effects] or own
    return list(dict.fromkeys([*found, f"Exec exec:{JUDGE}"]))


def _recovery(scenario: Scenario) -> Mapping[str, str]:
    said = scenario.recovery
    return {
        "Recoverable": said.recoverable,
        "Unrecoverable": said.unrecoverable,
        "PatternFailure": said.pattern_failure,
    }


def _strategies(scenario: Scenario) -> JsonObject:
    if not scenario.strategies:
        return {}
    return {
        "signals": {_named(each.name): f"`{each.permille}`" for each in scenario.signals},
        "strategies": [
            {
                "id": _named(each.id),
                "when": f"signals.{_named(each.signal)}",
                "threshold": each.threshold,
                "weight": each.weight,
            }
            for each in scenario.strategies
        ],
    }


def _decisions(script: GateScript, side: str, number: int) -> list[GateDecision]:
    listed = script.pre if side == "pre" else script.post
    return [each for each in listed if each.at_step == number]


def _names(texts: Iterable[str]) -> list[str]:
    """Returns names for texts, each once, in their order."""
    found: list[str] = []
    for text in texts:
        name = _named(text)
        numbered = (f"{name}_{number}" for number in range(2, len(found) + 3))
        found.append(next(each for each in (name, *numbered) if each not in found))
    return found


def _named(text: str) -> str:
    name = _UNNAMEABLE.sub("_", text)[:_MAX_NAME] or "_"
    return name if name[0].isalpha() or name[0] == "_" else f"_{name}"
