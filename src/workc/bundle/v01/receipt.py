"""The receipt of format 0.1, projected from events and from what a run says beside them.

Intent, actor, lock, outcome, results, errors, strategies, humans and children are those of the
events' payloads, further keys left out; artifacts that came out and effects that were done are
those of the skills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workc.bundle.v01 import plain
from workc.bundle.v01.legality import phases_of
from workc.bundle.v01.payloads import quality
from workc.bundle.v01.run import Run, SkillExecuted, VerificationRun
from workc.kernel.rfc3339 import spell
from workc.kernel.selectors import Effect, declared
from workc.kernel.trie_merge import ALGORITHM
from workc.kernel.values import Json, JsonObject

#: What a record of a human is called in the receipt, by the kind of its event.
_HUMANS: Mapping[str, str] = {"HitlPrompt": "Prompt", "HitlDecision": "Decision"}

RECEIPT_VERSION = "0.1.0"
ENF_VERSION = "ENF-0.1"


class Projection(NamedTuple):
    """What a receipt is made from: the run, the kind and payload of each event, the effects."""

    run: Run
    events: Sequence[tuple[str, JsonObject]]
    declared: tuple[Effect, ...]

    def receipt(self) -> JsonObject:
        """Returns the receipt without ``integrity``."""
        run = self.run
        started = spell(run.happenings[0].at_ms)
        intent, locked = self.events[0][1], self.events[-1][1]
        return {
            "receipt_version": RECEIPT_VERSION,
            "loop_id": run.loop_id,
            "parent_loop_id": run.parent_loop_id,
            "timestamp_utc": started,
            "intent": intent["intent"],
            "outcome": locked["outcome"],
            "actor": intent["actor"],
            "lock_level": locked["lock_level"],
            "phase_sequence": [*phases_of(run)],
            "artifacts": self._artifacts(),
            "lens": self._lens(started),
            "effects": self._effects(),
            "decisions": plain.as_list(run.decisions),
            "strategies": self._strategies(),
            "verification": self._verification(),
            "gates": plain.as_list(run.gates),
            "children": self._children(),
            "errors": [*self._of("ActError")],
            "hitl": self._humans(),
        }

    def _of(self, kind: str) -> list[JsonObject]:
        return [payload for each, payload in self.events if each == kind]

    def _artifacts(self) -> JsonObject:
        skills = self._skills()
        made = [artifact for skill in skills for artifact in skill.artifacts_out]
        return {"inputs": plain.as_list(self.run.inputs), "outputs": plain.as_list(made)}

    def _lens(self, started: str) -> JsonObject:
        lens = self.run.lens
        items: list[Json] = []
        for item in lens.items:
            fields = plain.as_object(item)
            del fields["at_ms"]
            items.append(fields | {"ts_utc": spell(item.at_ms)})
        return {
            "lens_id": lens.lens_id,
            "created_utc": started,
            "items": items,
            "quality": quality(lens),
        }

    def _effects(self) -> JsonObject:
        planned = declared((effect.op, effect.selector) for effect in self.run.planned)
        done = [effect for skill in self._skills() for effect in skill.effects]
        found: JsonObject = {
            "enf_version": ENF_VERSION,
            "k": self.run.k,
            "executed_raw": plain.as_list(done),
            "declared": plain.as_list(self.declared),
        }
        if len(planned) > self.run.k:
            found["compression"] = {
                "algorithm": ALGORITHM,
                "input_count": len(planned),
                "output_count": len(self.declared),
            }
        return found

    def _skills(self) -> list[SkillExecuted]:
        whats = [happening.what for happening in self.run.happenings]
        return [what for what in whats if isinstance(what, SkillExecuted)]

    def _strategies(self) -> JsonObject:
        used = self._of("StrategyApplied")
        return {
            "suggestions": [*self._of("StrategySuggested")],
            "used": used[-1] if used else None,
        }

    def _verification(self) -> JsonObject:
        whats = [happening.what for happening in self.run.happenings]
        runs = [what for what in whats if isinstance(what, VerificationRun)]
        return {
            "spec": plain.as_object(self.run.checks),
            "results": plain.as_list(result for run in runs for result in run.results),
        }

    def _children(self) -> list[Json]:
        joined = {payload["child_loop_id"]: payload for payload in self._of("ChildJoined")}
        return [spawn | joined[spawn["child_loop_id"]] for spawn in self._of("ChildSpawned")]

    def _humans(self) -> list[Json]:
        return [
            {**payload, "kind": _HUMANS[kind]} for kind, payload in self.events if kind in _HUMANS
        ]
