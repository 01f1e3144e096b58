"""Payloads: what events say, one struct a kind, and what is fixed for each kind.

Fields stand in key order, so that msgspec writes a payload canonically as it stands
(``docs/spec/bundle-0.2.md``, section 6). What types alone cannot say, ``problem`` says.

Three classes of event exist. An *answer* depends on the world and carries ``at_ms``, the time of
the driver's clock. An *ask* is written ahead of an effect. Everything else is *derived*: the
engine recomputes it from the answers.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from workc.kernel.digest import sha256_hex
from workc.kernel.phases import LockLevel, Outcome
from workc.kernel.recovery import ErrorClass
from workc.kernel.selectors import EffectOp
from workc.kernel.stage_ids import StageIds
from workc.kernel.values import MAX_SAFE_INTEGER

#: Every number of an event: an integer that any JSON reader holds exactly.
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
#: A key of a canonical object (docs/spec/bundle-0.2.md, section 1).
AsciiName: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A[\x00-\x7f]*\Z")]
Form = Literal["json", "text", "bytes"]
Basis = Literal["usage", "released", "bound"]
#: What refused a reservation, if it was not the ceiling of the run (``workc.kernel.ledger``).
RefusedBy = Literal["step", "tokens", "calls", "wall", "shared"]
#: Through what a skill touches the world.
Port = Literal["http", "model", "file", "exec", "publish"]
#: The ports whose answer is a response; that of any other is a result.
RESPONDING: frozenset[Port] = frozenset({"http", "model"})
StepStatus = Literal["success", "failure", "skipped"]
Level = Literal["Syntactic", "Semantic", "Regression", "Acceptance"]
Verification = Literal["passed", "failed", "nothing_to_check"]
#: The phases to which a run may go back.
Target = Literal["Act", "Decide", "Orient"]

_T = TypeVar("_T")


def given(value: _T | UnsetType) -> _T | None:
    """Returns the value of a field, or None if it is not set."""
    return None if isinstance(value, UnsetType) else value


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Fields stand in key order; what is UNSET is not written. Values are trees: nothing to collect."""


class PayloadBase(Part, frozen=True):
    """What an event says. Decoding checks ``problem`` and the bodies: types alone cannot say it."""

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns every body in the payload, in field order; what is not there may be UNSET."""
        return ()

    def is_plain(self) -> bool:
        """Returns whether a look shows that nothing is wrong; if not, it takes a closer one."""
        return False

    def problem(self) -> str | None:
        """Returns what is wrong with the fields together, or None."""
        return None


class Body(Part, frozen=True, kw_only=True):
    """Data of a user: inline up to 64 KiB, else a file of the bundle.

    ``form`` json: RFC 8785 text; text: text; bytes: base64 when inline. Either ``inline`` or
    ``path``, ``sha256`` and ``size`` are set.
    """

    form: Form
    inline: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    sha256: str | UnsetType = UNSET
    size: Count | UnsetType = UNSET

    def problem(self) -> str | None:
        """Returns why the body is neither inline nor a file, or no base64, or None."""
        if self.inline is UNSET:
            is_whole = not (self.path is UNSET or self.sha256 is UNSET or self.size is UNSET)
            return None if is_whole else "a body has inline, or path, sha256 and size"
        if not (self.path is UNSET and self.sha256 is UNSET and self.size is UNSET):
            return "a body has inline, or path, sha256 and size"
        if self.form == "bytes" and not _is_base64(self.inline):
            return "an inline body of bytes is base64"
        return None

    @property
    def digest(self) -> str:
        """Returns the SHA-256 of its file, or of the text in the line."""
        return sha256_hex(str(self.inline).encode()) if self.sha256 is UNSET else self.sha256

    def is_plain(self) -> bool:
        """Returns whether it is text in the line, as nearly all are; then it has no problem."""
        return (
            self.inline is not UNSET
            and self.path is UNSET
            and self.sha256 is UNSET
            and self.size is UNSET
            and self.form != "bytes"
        )


def _is_base64(text: str) -> bool:
    """Returns whether a text is the one base64 spelling of some bytes (RFC 4648, section 4)."""
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


class FailureRecord(Part, frozen=True, kw_only=True):
    """A failure as it is recorded: category and hint follow from the code."""

    code: str
    details: Body
    message: str
    retry_after_ms: Count | UnsetType = UNSET


class Policy(Part, frozen=True, kw_only=True):
    """Which policy ruled, with the digest of its rules and the rules themselves."""

    id: str
    rules: Body
    rules_sha256: str


class Limits(Part, frozen=True, kw_only=True):
    """What a run may use beside money: billable calls, tokens, time from its start. Absent: no limit."""

    calls: Count | UnsetType = UNSET
    tokens: Count | UnsetType = UNSET
    wall_ms: Count | UnsetType = UNSET


class Parent(Part, frozen=True, kw_only=True):
    """Which run spawned this one, as which of its children, in which step."""

    run_id: str
    spawn_index: Count
    step: str


class ScriptedQuality(Part, frozen=True, kw_only=True):
    """What a script says of a lens in place of the formulas, in permille."""

    conflict: Count
    coverage: Count
    freshness: Count
    provenance: Count


class RunStarted(PayloadBase, frozen=True, kw_only=True):
    """Binds the run: everything that decides what happens, by digest. Always the event 0.

    ``continues`` is the proof digest of the bundle with which the run ended before its budget was
    raised. ``max_backtracks`` is how often it may go back; absent: never. ``programs`` are those of the
    runs that it may start, and that these may, by name. ``lens_script`` is there only if the run is a
    simulated one whose lens is worth what a script says: in each round of looks the next, then the last.
    ``stages`` are the ids of those skills in ``code`` that are stages, by name.
    """

    bundle: Literal["0.2"]
    catalog_sha256: str
    ceiling_micro_cents: Count
    code: dict[AsciiName, str]
    continues: str | UnsetType = UNSET
    engine: str
    inputs: Body
    lens_script: list[ScriptedQuality] | UnsetType = UNSET
    limits: Limits | UnsetType = UNSET
    max_backtracks: Count | UnsetType = UNSET
    name: str
    nonce: str
    parent: Parent | UnsetType = UNSET
    policy: Policy
    prices: Body
    program: Body
    program_kind: Literal["file", "function"]
    programs: dict[AsciiName, Body] | UnsetType = UNSET
    run_id: str
    seed: str
    stages: dict[AsciiName, StageIds] | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns inputs, rules, prices and programs."""
        own = (self.inputs, self.policy.rules, self.prices, self.program)
        return (*own, *(self.programs or {}).values())


class IntentSet(PayloadBase, frozen=True, kw_only=True):
    """Says what the work is for."""

    description: str
    source: Literal["human", "parent_loop", "trigger", "policy"]


class EffectBound(Part, frozen=True, kw_only=True):
    """An effect in its one spelling (``workc.kernel.selectors``); declared, it covers others too."""

    op: EffectOp
    selector: str


class Compression(Part, frozen=True, kw_only=True):
    """How many effects became how many that cover them (``workc.kernel.trie_merge``)."""

    algorithm: Literal["TrieMerge-v0.1"]
    input_count: Count
    output_count: Count


class SkillAsked(PayloadBase, frozen=True, kw_only=True):
    """Written ahead of an opaque function: its effects are unknown."""

    attempt: Count
    params: Body
    request: str
    skill: str
    step: str

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the parameters."""
        return (self.params,)


class SkillExecuted(PayloadBase, frozen=True, kw_only=True):
    """One attempt of a step is over. Exactly one of ``failure`` and ``value`` is set.

    ``mode``: pure (an answer, run again on replay), opaque (an answer, its output is the capture),
    context (derived: its effects are captures). ``request`` is set for the first two, ``params``
    for the first only.
    """

    attempt: Count
    failure: FailureRecord | UnsetType = UNSET
    mode: Literal["pure", "opaque", "context"]
    params: Body | UnsetType = UNSET
    request: str | UnsetType = UNSET
    skill: str
    step: str
    value: Body | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure, parameters and value."""
        details = UNSET if self.failure is UNSET else self.failure.details
        return (details, self.params, self.value)

    def is_plain(self) -> bool:
        """Returns whether it is a success whose bodies are plain, as nearly all are."""
        return (
            self.failure is UNSET
            and self.value is not UNSET
            and self.value.is_plain()
            and (self.params is UNSET or self.params.is_plain())
        )

    def problem(self) -> str | None:
        """Says that an attempt has a value or a failure, not both, not neither."""
        if (self.failure is UNSET) != (self.value is UNSET):
            return None
        return "an attempt has a value or a failure"


class EffectAsked(PayloadBase, frozen=True, kw_only=True):
    """Written ahead of an effect. ``digest`` is that of ``request`` (tag ``workc request/0.2``)."""

    attempt: Count
    digest: str
    effect: EffectBound | UnsetType = UNSET
    port: Port
    request: Body
    step: str

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the request."""
        return (self.request,)


class RedactionRecord(Part, frozen=True, kw_only=True):
    """A secret that stood in the answer and was taken out before it was recorded."""

    commitment: str
    count: Count
    salt: str
    secret: str


class Response(Part, frozen=True, kw_only=True):
    """What a port gave back. ``boundaries`` are the offsets at which the chunks after the first begin."""

    body: Body
    boundaries: list[Count]
    headers: list[tuple[str, str]]
    redactions: list[RedactionRecord]
    status: Count
    url: str


class EffectResult(Part, frozen=True, kw_only=True):
    """What a port of files, programs or publications gave back.

    ``data`` is what was read, written or published, or what a program wrote to its output;
    ``errors`` what it wrote to its error output. ``facts`` is a JSON object: sizes, digests, status.
    """

    data: Body | UnsetType = UNSET
    errors: Body | UnsetType = UNSET
    facts: Body
    redactions: list[RedactionRecord]


class EffectAnswered(PayloadBase, frozen=True, kw_only=True):
    """The answer of a port. Exactly one of ``failure``, ``response`` and ``result`` is set.

    ``response`` is of the ports in :data:`RESPONDING`, ``result`` of the others.
    """

    failure: FailureRecord | UnsetType = UNSET
    request: str
    response: Response | UnsetType = UNSET
    result: EffectResult | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure, response and result."""
        details = UNSET if self.failure is UNSET else self.failure.details
        body = UNSET if self.response is UNSET else self.response.body
        if self.result is UNSET:
            return (details, body)
        return (details, body, self.result.data, self.result.errors, self.result.facts)

    def problem(self) -> str | None:
        """Says that an answer has one of response, result and failure, no more, not none."""
        parts = (self.failure, self.response, self.result)
        if sum(part is not UNSET for part in parts) == 1:
            return None
        return "an answer has a response, a result or a failure"


class RetryScheduled(PayloadBase, frozen=True, kw_only=True):
    """The attempt failed with a code that may be tried again, after this delay."""

    after_ms: Count
    attempt: Count
    code: str
    step: str


class TimerSet(PayloadBase, frozen=True, kw_only=True):
    """A skill or a workflow asked to wait."""

    after_ms: Count


class TimerFired(PayloadBase, frozen=True, kw_only=True):
    """The wait is over; answers the RetryScheduled or TimerSet before it."""


class BudgetReserved(PayloadBase, frozen=True, kw_only=True):
    """A reservation, granted or refused; ``reserved`` and ``spent`` are those after the move.

    ``refused_by`` is not set if it was granted, and not if the ceiling of the run refused it.
    ``shared_left`` is what a ceiling that the run shares with others still had; ``step_ceiling``
    what its step may cost in all; ``tokens`` the most that the call can use.
    """

    bound: Count
    granted: bool
    n: Count
    refused_by: RefusedBy | UnsetType = UNSET
    reserved: Count
    shared_left: Count | UnsetType = UNSET
    spent: Count
    step: str
    step_ceiling: Count | UnsetType = UNSET
    tokens: Count | UnsetType = UNSET


class BudgetSettled(PayloadBase, frozen=True, kw_only=True):
    """A reservation is closed: ``actual`` is spent, the rest free. ``grant`` is its ``n``.

    ``tokens`` are those that were used, if the reservation has any.
    """

    actual: Count
    basis: Basis
    grant: Count
    n: Count
    reserved: Count
    spent: Count
    step: str
    tokens: Count | UnsetType = UNSET


class CallHalted(PayloadBase, frozen=True, kw_only=True):
    """The ask was not made because the run halts; ``code`` is the cause."""

    code: str


class StepSkipped(PayloadBase, frozen=True, kw_only=True):
    """The step did not run; ``because`` names the steps that it needed, sorted by plan order."""

    because: list[str]
    code: str
    step: str


class Backtrack(Part, frozen=True, kw_only=True):
    """Why a run goes back, and to which phase: another pass begins there.

    ``of`` is the check, the gate or the step that failed with ``code``. ``gate`` is a gate that asks for
    it, ``of`` then its step, if it is of one. ``error_class`` is that of a failure of which the workflow says
    what follows.
    """

    code: str
    error_class: ErrorClass | UnsetType = UNSET
    gate: str | UnsetType = UNSET
    of: str | UnsetType = UNSET
    to: Target


class WorkEnded(PayloadBase, frozen=True, kw_only=True):
    """Act is over: the output, or why there is none. ``halt`` is set when the run was stopped."""

    backtrack: Backtrack | UnsetType = UNSET
    failure: FailureRecord | UnsetType = UNSET
    halt: str | UnsetType = UNSET
    output: Body | UnsetType = UNSET
    step: str | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure and output."""
        return (UNSET if self.failure is UNSET else self.failure.details, self.output)


class CheckResult(Part, frozen=True, kw_only=True):
    """One check. ``value`` is what it gave; ``failure`` is set if it gave nothing.

    ``kind`` says what was asked, if it was no expression.
    """

    check_id: str
    failure: FailureRecord | UnsetType = UNSET
    kind: Literal["command", "function"] | UnsetType = UNSET
    level: Level
    passed: bool
    that: str
    value: Body | UnsetType = UNSET

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of failure and value."""
        return (UNSET if self.failure is UNSET else self.failure.details, self.value)


class VerificationRun(PayloadBase, frozen=True, kw_only=True):
    """All checks of the workflow; ``nothing_to_check`` is not a pass."""

    backtrack: Backtrack | UnsetType = UNSET
    results: list[CheckResult]
    verdict: Verification

    def bodies(self) -> Iterable[Body | UnsetType]:
        """Returns the bodies of all results."""
        return [body for result in self.results for body in result.bodies()]


class Locked(PayloadBase, frozen=True, kw_only=True):
    """The end of every run, whatever became of it. ``code`` is set unless it is a success."""

    code: str | UnsetType = UNSET
    lock_level: LockLevel
    outcome: Outcome
