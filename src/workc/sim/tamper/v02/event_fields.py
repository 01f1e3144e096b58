"""What a field of an event is bound to: of each the change, and the rules that notice it.

Sections 4 to 8 of docs/spec/bundle-0.2.md, read field by field. ``own`` is what no resealing
repairs; ``touches`` are the trees besides that of the events, and ``receipt`` if the receipt repeats
it. A field with none of these is bound by nothing but the digest: a bare bundle cannot show that it
was changed.
"""

from __future__ import annotations

from workc.kernel.payloads import RESPONDING
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.place import (
    BAD_EVENT,
    EXCEEDED,
    MONEY,
    NO_CAPTURE,
    NOT_BORNE_OUT,
    NOT_SAID,
    OTHER_CAPTURE,
    POLICY,
    TABLE,
)
from workc.sim.tamper.v02.field import (
    Field,
    When,
    flip,
    has,
    has_text,
    next_digit,
    other,
    plus_one,
    swap,
)
from workc.sim.tamper.v02.lens_fields import LENS_FIELDS
from workc.sim.tamper.v02.subject import Subject


def _of_file(subject: Subject, _event: Doc) -> bool:
    return bool(subject.events[0]["payload"]["program_kind"] == "file")


def _of_function(subject: Subject, event: Doc) -> bool:
    return not _of_file(subject, event)


def _has_another_of_step(subject: Subject, event: Doc) -> bool:
    return sum("step" in other["payload"] for other in subject.lane(event)) > 1


def _follows_ask(subject: Subject, event: Doc) -> bool:
    kinds = {other["kind"] for other in subject.lane(event)}
    return bool(event["payload"]["mode"] == "opaque" and "SkillAsked" in kinds)


def _is_pure(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["mode"] == "pure")


def _is_repeated(subject: Subject, event: Doc) -> bool:
    """Returns whether what stands behind a failed attempt says its code again."""
    lane = subject.lane(event)
    after = lane[lane.index(event) + 1 :][:1]
    return bool(after and after[0]["kind"] in {"RetryScheduled", "FallbackTaken"})


def _is_given_up(subject: Subject, event: Doc) -> bool:
    return "failure" in event["payload"] and not _is_repeated(subject, event)


def _falls_back(*actions: str) -> When:
    return lambda _subject, event: event["payload"]["action"] in actions


def _is_granted(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["granted"])


def _none_was_refused(subject: Subject, _event: Doc) -> bool:
    return all(event["payload"].get("granted", True) for event in subject.events)


def _limits_nothing(name: str) -> When:
    """Returns whether there is a limit that refused nothing."""
    is_there = has("limits", name)
    return lambda subject, event: is_there(subject, event) and _none_was_refused(subject, event)


def _has_one_of_two_ceilings(subject: Subject, event: Doc) -> bool:
    others = [e for e in subject.lane(event) if e["kind"] == "BudgetReserved"]
    return "step_ceiling" in event["payload"] and len(others) > 1


def _shares(_subject: Subject, event: Doc) -> bool:
    return bool("shared_left" in event["payload"] and event["payload"]["granted"])


def _has_fixed_tokens(_subject: Subject, event: Doc) -> bool:
    return bool("tokens" in event["payload"] and event["payload"]["basis"] != "usage")


def _has_used_tokens(subject: Subject, event: Doc) -> bool:
    is_limited = "tokens" in subject.events[0]["payload"].get("limits", {})
    is_used = "tokens" in event["payload"] and event["payload"]["basis"] == "usage"
    return bool(is_used and not is_limited)


def _has_status_below_999(_subject: Subject, event: Doc) -> bool:
    status: int = event["payload"].get("response", {}).get("status", 999)
    return status < 999


def _responded(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"].get("response", {}).get("url"))


def _asks_a_server(_subject: Subject, event: Doc) -> bool:
    return event["payload"]["port"] in RESPONDING


def _asks_this_machine(_subject: Subject, event: Doc) -> bool:
    return event["payload"]["port"] not in RESPONDING


def _has_data(_subject: Subject, event: Doc) -> bool:
    data = event["payload"].get("result", {}).get("data", {})
    return data.get("form") == "text" and bool(data.get("inline"))


def _is_the_code(subject: Subject, event: Doc) -> bool:
    """Returns whether the lock has the code of the work's failure."""
    code = event["payload"].get("failure", {}).get("code")
    return code is not None and bool(subject.events[-1]["payload"].get("code") == code)


def _ends_at_step(subject: Subject, event: Doc) -> bool:
    return "step" in event["payload"] and _is_the_code(subject, event)


def _is_halted(_subject: Subject, event: Doc) -> bool:
    return "halt" in event["payload"]


def _has_check(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["results"])


def _has_passed(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["results"] and event["payload"]["results"][0]["passed"])


def _follows_checks(subject: Subject, _event: Doc) -> bool:
    return bool(subject.events[-2]["kind"] == "VerificationRun")


def _follows_work(subject: Subject, event: Doc) -> bool:
    return not _follows_checks(subject, event)


def _is_answered(subject: Subject, event: Doc) -> bool:
    lane = subject.lane(event)
    return bool(lane[lane.index(event) + 1]["kind"] == "ApprovalAnswered")


def _is_approved(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["decision"] == "approved")


def _is_alone(subject: Subject, event: Doc) -> bool:
    """Returns whether a gate was evaluated once."""
    name = event["payload"]["gate"]
    return [other["payload"].get("gate") for other in subject.events].count(name) == 1


def _is_expression(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["kind"] in {"check", "function"})


def _bars(subject: Subject, event: Doc) -> bool:
    # Behind the last gate of a run in which nothing was done there is nothing that it could bar.
    behind = subject.events[subject.events.index(event) + 1]["kind"]
    return bool(event["payload"]["when"].startswith("pre_")) and behind != "WorkEnded"


def _bars_nothing(subject: Subject, event: Doc) -> bool:
    return _is_of_no_check(subject, event) and not _bars(subject, event)


def _is_of_check(subject: Subject, event: Doc) -> bool:
    """Returns whether a check says the same as this evaluation of a program."""
    results = subject.events[-2]["payload"].get("results", [])
    named = [result["check_id"] for result in results if result.get("kind") == "command"]
    return event["payload"]["gate"] in named


def _is_of_no_check(subject: Subject, event: Doc) -> bool:
    return not _is_of_check(subject, event)


def _is_of_step(_subject: Subject, event: Doc) -> bool:
    return "step" in event["payload"]


def _gave_what_passes(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"]["passed"])


def _was_refused(subject: Subject, event: Doc) -> bool:
    lane = subject.lane(event)
    before = lane[lane.index(event) - 1]["kind"] if event["at"][-1] else ""
    return bool(before in {"ApprovalAnswered", "GateEvaluated"})


def _was_not_refused(subject: Subject, event: Doc) -> bool:
    return not _was_refused(subject, event)


def _has_joined(subject: Subject, event: Doc) -> bool:
    return bool(_end_of(subject, event))


def _has_succeeded(subject: Subject, event: Doc) -> bool:
    return _end_of(subject, event).get("outcome") == "success"


def _end_of(subject: Subject, event: Doc) -> Doc:
    lane = subject.lane(event)
    end: Doc = lane[lane.index(event) + 1]["payload"]
    return end


def _makes_a_success(subject: Subject, event: Doc) -> bool:
    """Returns whether a child that fails, or does not, changes what becomes of the run."""
    joined = [e["payload"]["outcome"] for e in subject.events if e["kind"] == "ChildJoined"]
    is_bad_alone = [outcome for outcome in joined if outcome != "success"] == [
        event["payload"]["outcome"]
    ]
    kept = subject.events[-1]["payload"].get("code") in {None, "CHILD_FAILED"}
    # One that says why it is no success can be made none.
    kept &= "failure" not in event["payload"]
    return kept and (is_bad_alone or set(joined) == {"success"})


def _of_child(subject: Subject, event: Doc) -> bool:
    """Returns whether a move pays for a child, which then says the same."""
    return any(other["kind"] == "ChildSpawned" for other in subject.lane(event))


def _of_call(subject: Subject, event: Doc) -> bool:
    return not _of_child(subject, event)


def _granted_to_call(subject: Subject, event: Doc) -> bool:
    return _is_granted(subject, event) and _of_call(subject, event)


def _declares(_subject: Subject, event: Doc) -> bool:
    return bool(event["payload"].get("effects"))


def _is_declared(subject: Subject, event: Doc) -> bool:
    """Returns whether an effect is one of those that were declared, and no path below one."""
    effects: list[Doc] = subject.events[3]["payload"].get("effects", [])
    return event["payload"].get("effect") in effects


def _in_file(name: str) -> When:
    return lambda _subject, event: "path" in event["payload"][name]


FIELDS: tuple[Field, ...] = (
    Field("RunStarted", ("catalog_sha256",), other, (), ("receipt",)),
    Field(
        "RunStarted", ("ceiling_micro_cents",), plus_one, (), ("receipt",), _none_was_refused
    ),
    Field("RunStarted", ("engine",), other, (), ("receipt",)),
    Field("RunStarted", ("limits", "calls"), plus_one, (), ("receipt",), _limits_nothing("calls")),
    Field("RunStarted", ("limits", "tokens"), plus_one, (), ("receipt",), _limits_nothing("tokens")),
    Field("RunStarted", ("limits", "wall_ms"), plus_one, (), ("receipt",), _limits_nothing("wall_ms")),
    Field("RunStarted", ("max_backtracks",), plus_one, (), (), has("max_backtracks")),
    Field("RunStarted", ("name",), other, (), ("receipt",)),
    Field("RunStarted", ("nonce",), other, (), ("receipt",)),
    Field("RunStarted", ("policy", "id"), other, (POLICY,), ("receipt",)),
    Field("RunStarted", ("policy", "rules_sha256"), other, (BAD_EVENT,), ("receipt",)),
    Field("RunStarted", ("prices", "path"), other, (NO_CAPTURE,), ("receipt",), _in_file("prices")),
    Field("RunStarted", ("prices", "sha256"), other, (OTHER_CAPTURE,), ("receipt",), _in_file("prices")),
    Field("RunStarted", ("program", "size"), plus_one, (OTHER_CAPTURE,), ("receipt",), _in_file("program")),
    Field("RunStarted", ("run_id",), other, (NOT_SAID,), ("receipt",)),
    Field("RunStarted", ("seed",), next_digit, (), ("receipt",)),
    Field("IntentSet", ("description",), other, (), ("receipt",)),
    Field("IntentSet", ("source",), swap("human", "trigger"), (), ("receipt",)),
    *LENS_FIELDS,
    Field("PlanChosen", ("compression", "input_count"), plus_one, (), (), has("compression")),
    Field("PlanChosen", ("compression", "output_count"), plus_one, (BAD_EVENT,), (), has("compression")),
    Field("PlanChosen", ("effects", 0, "op"), swap("Network", "Exec"), (BAD_EVENT,), ("receipt",), _declares),
    Field("PlanChosen", ("steps",), plus_one, (NOT_SAID,), (), _of_file),
    Field("PlanChosen", ("steps",), plus_one, (), (), _of_function),
    Field("ApprovalAsked", ("gate",), other, (TABLE,), (), _is_answered),
    Field("ApprovalAsked", ("question", "inline"), other),
    Field("ApprovalAsked", ("step",), other, (TABLE,)),
    Field("ApprovalAsked", ("timeout_ms",), plus_one, (), (), has("timeout_ms")),
    Field("ApprovalAnswered", ("by",), other, (), ("gates",), has("by")),
    Field("ApprovalAnswered", ("decision",), swap("approved", "denied"), (TABLE,), ("gates", "receipt"), _is_approved),
    Field("ApprovalAnswered", ("gate",), other, (TABLE,), ("gates", "receipt")),
    Field("ApprovalAnswered", ("note",), other, (), ("gates",)),
    Field("ApprovalAnswered", ("step",), other, (TABLE,), ("gates", "receipt")),
    Field("GateEvaluated", ("effect", "op"), swap("Exec", "Publish"), (BAD_EVENT,), ("gates",), has("effect")),
    Field("GateEvaluated", ("effect", "selector"), other, (EXCEEDED,), ("gates",), _is_declared),
    Field("GateEvaluated", ("gate",), other, (), ("gates", "receipt"), _is_alone),
    Field("GateEvaluated", ("kind",), swap("check", "function"), (), ("gates", "receipt"), _is_expression),
    Field("GateEvaluated", ("passed",), flip, (TABLE, NOT_BORNE_OUT), ("gates", "receipt"), _bars),
    Field("GateEvaluated", ("passed",), flip, (NOT_BORNE_OUT,), ("gates", "receipt"), _bars_nothing),
    Field("GateEvaluated", ("passed",), flip, (TABLE, NOT_BORNE_OUT), ("gates", "receipt"), _is_of_check),
    Field("GateEvaluated", ("step",), other, (TABLE,), ("gates", "receipt"), _is_of_step),
    Field("GateEvaluated", ("that",), other, (), ("gates",), _is_of_no_check),
    Field("GateEvaluated", ("that",), other, (TABLE,), ("gates",), _is_of_check),
    Field("GateEvaluated", ("value", "inline"), other, (NOT_BORNE_OUT,), ("gates",), _gave_what_passes),
    Field("SkillAsked", ("attempt",), plus_one, (TABLE,), ("effects",)),
    Field("SkillAsked", ("request",), other, (TABLE,), ("effects",)),
    Field("SkillAsked", ("skill",), other, (TABLE,), ("effects",)),
    Field("SkillAsked", ("step",), other, (TABLE,), ("effects",), _has_another_of_step),
    Field("SkillExecuted", ("attempt",), plus_one, (TABLE,)),
    Field("SkillExecuted", ("request",), other, (TABLE,), (), _follows_ask),
    Field("SkillExecuted", ("request",), other, (), (), _is_pure),
    Field("SkillExecuted", ("step",), other, (TABLE,), (), _has_another_of_step),
    Field("SkillExecuted", ("value", "inline"), other, (), (), has_text),
    Field("SkillExecuted", ("failure", "code"), other, (TABLE,), (), _is_repeated),
    Field("SkillExecuted", ("failure", "code"), other, (), ("receipt",), _is_given_up),
    Field("SkillExecuted", ("failure", "message"), other, (), (), has("failure")),
    Field("EffectAsked", ("attempt",), plus_one, (TABLE,), ("effects",)),
    Field("EffectAsked", ("digest",), other, (TABLE,), ("effects",)),
    Field("EffectAsked", ("effect", "op"), swap("Network", "Exec"), (BAD_EVENT,), ("effects",), has("effect")),
    Field("EffectAsked", ("effect", "selector"), other, (EXCEEDED,), ("effects",), _is_declared),
    Field("EffectAsked", ("port",), swap("http", "model"), (), ("effects",), _asks_a_server),
    Field("EffectAsked", ("port",), swap("file", "exec"), (), ("effects",), _asks_this_machine),
    Field("EffectAsked", ("request", "inline"), other, (TABLE,), ("effects",), has_text),
    Field("EffectAsked", ("step",), other, (TABLE,), ("effects",), _has_another_of_step),
    Field("EffectAnswered", ("request",), other, (TABLE,), ("effects",)),
    Field("EffectAnswered", ("response", "status"), plus_one, (), ("effects",), _has_status_below_999),
    Field("EffectAnswered", ("response", "url"), other, (), ("effects",), _responded),
    Field("EffectAnswered", ("response", "body", "inline"), other, (), ("effects",), has_text),
    Field("EffectAnswered", ("result", "data", "inline"), other, (), ("effects",), _has_data),
    Field("EffectAnswered", ("result", "facts", "inline"), other, (), ("effects",), has("result", "facts", "inline")),
    Field("EffectAnswered", ("failure", "code"), other, (), ("effects",), has("failure")),
    Field("RetryScheduled", ("after_ms",), plus_one),
    Field("RetryScheduled", ("attempt",), plus_one, (TABLE,)),
    Field("RetryScheduled", ("code",), other, (TABLE,)),
    Field("RetryScheduled", ("step",), other, (TABLE,)),
    Field("FallbackTaken", ("action",), swap("skip", "abort"), (TABLE,), ("receipt",), _falls_back("skip", "abort")),
    Field("FallbackTaken", ("attempt",), plus_one, (TABLE,), ("receipt",)),
    Field("FallbackTaken", ("code",), other, (TABLE,), ("receipt",)),
    Field("FallbackTaken", ("skill",), other, (TABLE,), ("receipt",), _falls_back("skill")),
    Field("FallbackTaken", ("step",), other, (TABLE,), ("receipt",)),
    Field("FallbackTaken", ("value", "inline"), other, (), (), has_text),
    Field("TimerSet", ("after_ms",), plus_one),
    Field("BudgetReserved", ("bound",), plus_one, (MONEY,), ("budget",), _granted_to_call),
    Field("BudgetReserved", ("granted",), flip, (MONEY,), ("budget",), _of_call),
    Field("BudgetReserved", ("n",), plus_one, (MONEY,), ("budget",), _of_call),
    Field("BudgetReserved", ("bound",), plus_one, (TABLE, MONEY), ("budget",), _of_child),
    Field("BudgetReserved", ("granted",), flip, (TABLE, MONEY), ("budget",), _of_child),
    Field("BudgetReserved", ("n",), plus_one, (TABLE, MONEY), ("budget",), _of_child),
    Field("BudgetReserved", ("refused_by",), swap("calls", "tokens"), (MONEY,), ("budget",), has("refused_by")),
    Field("BudgetReserved", ("reserved",), plus_one, (MONEY,), ("budget",)),
    Field("BudgetReserved", ("shared_left",), plus_one, (), ("budget",), _shares),
    Field("BudgetReserved", ("spent",), plus_one, (MONEY,), ("budget",)),
    Field("BudgetReserved", ("step",), other, (TABLE,), ("budget",), _has_another_of_step),
    Field("BudgetReserved", ("step_ceiling",), plus_one, (MONEY,), ("budget",), _has_one_of_two_ceilings),
    Field("BudgetSettled", ("actual",), plus_one, (MONEY,), ("budget",), _of_call),
    Field("BudgetSettled", ("grant",), plus_one, (MONEY,), ("budget",), _of_call),
    Field("BudgetSettled", ("actual",), plus_one, (TABLE, MONEY), ("budget",), _of_child),
    Field("BudgetSettled", ("grant",), plus_one, (TABLE, MONEY), ("budget",), _of_child),
    Field("BudgetSettled", ("n",), plus_one, (MONEY,), ("budget",)),
    Field("BudgetSettled", ("reserved",), plus_one, (MONEY,), ("budget",)),
    Field("BudgetSettled", ("spent",), plus_one, (MONEY,), ("budget",)),
    Field("BudgetSettled", ("step",), other, (TABLE,), ("budget",)),
    Field("BudgetSettled", ("tokens",), plus_one, (MONEY,), ("budget", "receipt"), _has_fixed_tokens),
    Field("BudgetSettled", ("tokens",), plus_one, (), ("budget", "receipt"), _has_used_tokens),
    Field("RunStarted", ("continues",), other, (), ("receipt",), has("continues")),
    Field("RunStarted", ("parent", "run_id"), other, (), ("receipt",), has("parent")),
    Field("RunStarted", ("parent", "spawn_index"), plus_one, (), ("receipt",), has("parent")),
    Field("RunStarted", ("parent", "step"), other, (), ("receipt",), has("parent")),
    Field("ChildSpawned", ("ceiling_micro_cents",), plus_one, (TABLE,), ("workgraph", "receipt")),
    Field("ChildSpawned", ("child_run_id",), other, (TABLE,), ("workgraph", "receipt"), _has_joined),
    Field("ChildSpawned", ("critical",), flip, (), ("workgraph", "receipt"), _has_succeeded),
    Field("ChildSpawned", ("nonce",), other, (), ("workgraph", "receipt")),
    Field("ChildSpawned", ("spawn_index",), plus_one, (TABLE,), ("workgraph", "receipt")),
    Field("ChildSpawned", ("step",), other, (TABLE,), ("workgraph", "receipt")),
    Field("ChildJoined", ("child_run_id",), other, (TABLE,), ("workgraph",)),
    Field("ChildJoined", ("outcome",), swap("success", "failed"), (NOT_BORNE_OUT,), ("workgraph", "receipt"), _makes_a_success),
    Field("ChildJoined", ("proof_digest",), other, (), ("workgraph", "receipt")),
    Field("ChildJoined", ("spawn_index",), plus_one, (TABLE,), ("workgraph",)),
    Field("ChildJoined", ("spent_micro_cents",), plus_one, (TABLE,), ("workgraph", "receipt")),
    Field("CallHalted", ("code",), other),
    Field("StepSkipped", ("code",), other, (TABLE,), ("receipt",), _was_refused),
    Field("StepSkipped", ("code",), other, (), ("receipt",), _was_not_refused),
    Field("WorkEnded", ("backtrack", "code"), other, (TABLE,), ("receipt",), has("backtrack")),
    Field("WorkEnded", ("backtrack", "error_class"), swap("Recoverable", "Unrecoverable"), (TABLE,), ("receipt",), has("backtrack", "error_class")),
    Field("WorkEnded", ("backtrack", "gate"), other, (TABLE,), ("receipt",), has("backtrack", "gate")),
    Field("WorkEnded", ("backtrack", "of"), other, (TABLE,), ("receipt",), has("backtrack", "of")),
    Field("WorkEnded", ("backtrack", "to"), swap("Orient", "Decide"), (TABLE,), ("receipt",), has("backtrack")),
    Field("WorkEnded", ("failure", "code"), other, (NOT_BORNE_OUT,), ("receipt",), _is_the_code),
    Field("WorkEnded", ("failure", "message"), other, (), ("receipt",), _is_the_code),
    Field("WorkEnded", ("halt",), other, (), ("receipt",), _is_halted),
    Field("WorkEnded", ("step",), other, (), ("receipt",), _ends_at_step),
    Field("VerificationRun", ("backtrack", "code"), other, (TABLE,), ("receipt",), has("backtrack")),
    Field("VerificationRun", ("backtrack", "gate"), other, (TABLE,), ("receipt",), has("backtrack", "gate")),
    Field("VerificationRun", ("backtrack", "of"), other, (TABLE,), ("receipt",), has("backtrack", "of")),
    Field("VerificationRun", ("backtrack", "to"), swap("Orient", "Decide"), (TABLE,), ("receipt",), has("backtrack")),
    Field("VerificationRun", ("results", 0, "check_id"), other, (), ("verification", "receipt"), _has_check),
    Field("VerificationRun", ("results", 0, "passed"), flip, (NOT_BORNE_OUT,), ("verification", "receipt"), _has_check),
    Field("VerificationRun", ("results", 0, "that"), other, (), ("verification",), _has_check),
    Field("VerificationRun", ("results", 0, "value", "inline"), other, (NOT_BORNE_OUT,), ("verification",), _has_passed),
    Field("VerificationRun", ("verdict",), swap("passed", "failed"), (NOT_BORNE_OUT,), ("receipt",)),
    Field("Locked", ("code",), other, (NOT_BORNE_OUT,), ("receipt",), has("code")),
    Field("Locked", ("lock_level",), swap("Published", "Immutable"), (NOT_BORNE_OUT,), ("receipt",), _follows_checks),
    Field("Locked", ("lock_level",), swap("Published", "Immutable"), (TABLE,), ("receipt",), _follows_work),
    Field("Locked", ("outcome",), swap("success", "failed"), (NOT_BORNE_OUT,), ("receipt",), _follows_checks),
    Field("Locked", ("outcome",), swap("failed", "success"), (TABLE,), ("receipt",), _follows_work),
)  # fmt: skip
