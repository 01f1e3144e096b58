"""What the receipt repeats of the events, compared while the events are read.

Of each list of the receipt a place is kept, so memory follows the receipt and not the number of
events. Payloads are open and no rule asks them for their fields: where a payload *repeats a record*,
each field of the record that stands in the payload must stand in the record too, and be equal
(docs/spec/bundle-0.1.md, section 9).

>>> repeats({"code": "E1", "phase": "Act"}, {"code": "E1", "more": 1}, ("code", "phase"))
True
>>> repeats({"code": "E1"}, {"code": "E2"}, ("code", "phase"))
False
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from workc.bundle.layout import EVENTS, RECEIPT
from workc.bundle.v01.canonical import encode
from workc.kernel.values import Json, JsonObject
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v01 import rules
from workc.verify.v01.json_parts import as_list, as_object, objects, same

#: Says whether an entry of the receipt is the one that a value of an event means.
Fits: TypeAlias = Callable[[JsonObject, Json], bool]

_PROMPT = ("required", "reason", "p_override_permille", "loss_ms", "cost_ms", "evi_ms", "ts_utc")
_DECISION = ("approved", "approver", "note", "ts_utc")
_ERROR = ("phase", "class", "code", "message", "retryable", "evidence")
_SUGGESTION = ("strategy_id", "match_permille", "trigger", "explanation")
_USED = ("strategy_id", "version", "applied_at_phase", "result")


def repeats(record: JsonObject, payload: Json, fields: tuple[str, ...]) -> bool:
    """Returns whether a payload repeats a record that has these fields."""
    said = as_object(payload)
    return all(
        field in record and same(record[field], said[field]) for field in fields if field in said
    )


#: The kinds whose events have entries in a list of the receipt: which list, and what must fit.
_LISTED: Mapping[str, tuple[str, Fits]] = {
    "VerificationRun": ("/verification/results", same),
    "HitlPrompt": (
        "/hitl",
        lambda record, said: record["kind"] == "Prompt" and repeats(record, said, _PROMPT),
    ),
    "HitlDecision": (
        "/hitl",
        lambda record, said: record["kind"] == "Decision" and repeats(record, said, _DECISION),
    ),
    "ActError": ("/errors", lambda record, said: repeats(record, said, _ERROR)),
    "StrategySuggested": (
        "/strategies/suggestions",
        lambda record, said: repeats(record, said, _SUGGESTION),
    ),
}
#: In which field of the payload a kind has a list of them; without it the payload is the one.
_MEMBERS = {"VerificationRun": "results", "StrategySuggested": "suggestions"}


class _InOrder:
    """Compares values with the entries of a list of the receipt, up to the first that differs."""

    def __init__(self, rule: Rule, pointer: str, entries: list[JsonObject], case: Case) -> None:
        self._rule = rule
        self._pointer = pointer
        self._entries = entries
        self._case = case
        self._next = 0
        self._broken = False

    def take(self, line: int, value: Json, fits: Fits) -> None:
        """Compares ``value``, of the event on this line, with the next entry."""
        if self._broken:
            return
        if self._next == len(self._entries):
            self._fail("an event has more than the receipt holds", line)
        elif not fits(self._entries[self._next], value):
            self._fail("the receipt says something else than the event", line)
        else:
            self._next += 1

    def close(self) -> None:
        """Checks that no entry is left."""
        if not self._broken and self._next < len(self._entries):
            self._fail("the receipt holds more than the events", None)

    def _fail(self, message: str, line: int | None) -> None:
        self._broken = True
        pointer = f"{self._pointer}/{self._next}"
        if line is not None:
            message = f"{message} on line {line}"
        self._case.fail(self._rule, RECEIPT, message, pointer=pointer)


class Repeats:
    """Takes the events in order and adds a finding where the receipt says something else."""

    def __init__(self, raw: JsonObject, case: Case) -> None:
        self._raw = raw
        self._case = case
        self._line = 0
        strategies, checks = as_object(raw["strategies"]), as_object(raw["verification"])
        lists = (
            (rules.SAME_RESULTS, "/verification/results", checks["results"]),
            (rules.SAME_HITL, "/hitl", raw["hitl"]),
            (rules.SAME_ERRORS, "/errors", raw["errors"]),
            (rules.SAME_SUGGESTIONS, "/strategies/suggestions", strategies["suggestions"]),
        )
        self._lists = {
            pointer: _InOrder(rule, pointer, objects(entries), case)
            for rule, pointer, entries in lists
        }
        self._used = strategies["used"]
        self._declared = _spellings(as_object(raw["effects"])["declared"])
        self._intent: JsonObject | None = None
        self._applied: JsonObject | None = None
        self._locked: JsonObject | None = None

    def take(self, kind: str, payload: JsonObject) -> None:
        """Compares the payload of the next event."""
        self._line += 1
        if kind in _LISTED:
            pointer, fits = _LISTED[kind]
            for value in _members(kind, payload):
                self._lists[pointer].take(self._line, value, fits)
        elif kind == "PlanChosen":
            self._check_plan(payload)
        elif kind == "IntentSet" and self._intent is None:
            self._intent = payload
        elif kind == "StrategyApplied":
            self._applied = payload
        elif kind == "Locked":
            self._locked = payload

    def close(self) -> None:
        """Compares what can be compared at the end only."""
        for entries in self._lists.values():
            entries.close()
        intent = self._intent or {}
        self._check_said(rules.SAME_INTENT, intent, "intent", "description")
        self._check_said(rules.SAME_INTENT, intent, "actor", "name")
        self._check_used()
        if self._locked is not None:
            self._check_said(rules.SAME_LOCK, self._locked, "lock_level")
            self._check_said(rules.SAME_LOCK, self._locked, "outcome", "status")

    def _check_plan(self, payload: JsonObject) -> None:
        if "effects_declared" not in payload:
            return
        said = payload["effects_declared"]
        if not isinstance(said, list) or _spellings(said) != self._declared:
            self._case.fail(
                rules.SAME_DECLARED,
                EVENTS,
                "the plan declares other effects than the receipt",
                line=self._line,
                pointer="/payload/effects_declared",
            )

    def _check_said(
        self, rule: Rule, payload: JsonObject, field: str, plain: str | None = None
    ) -> None:
        record, said = self._raw[field], payload.get(field)
        if same(record, said) or (plain is not None and same(as_object(record)[plain], said)):
            return
        message = f"{field} is not what the event says"
        self._case.fail(rule, RECEIPT, message, pointer=f"/{field}", expected=said, actual=record)

    def _check_used(self) -> None:
        if self._applied is None:
            agrees = self._used is None
        else:
            agrees = isinstance(self._used, dict) and repeats(self._used, self._applied, _USED)
        if not agrees:
            self._case.fail(
                rules.SAME_USED,
                RECEIPT,
                "used is not what the last StrategyApplied says",
                pointer="/strategies/used",
                expected=self._applied,
                actual=self._used,
            )


def _members(kind: str, payload: JsonObject) -> list[Json]:
    """Returns what an event records: the entries of its list, or the payload itself."""
    listed = payload.get(_MEMBERS[kind]) if kind in _MEMBERS else None
    if kind == "VerificationRun" or isinstance(listed, list):
        return as_list(listed)
    return [payload]


def _spellings(effects: Json) -> list[bytes]:
    """Returns effects in an order of their own, to be compared whatever order they had."""
    return sorted(encode(effect) for effect in as_list(effects))
