"""The table of metrics: each name once, with its type, its labels and all values they may have.

Names are those of Prometheus, in base units: seconds, bytes, and micro-cents for money, since that
is the whole number that the journal holds. No label is open: no run, step or model is named. What
stands in no set counts as ``other`` where a set has that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, get_args

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Misuse
from workc.kernel.fallbacks import FallbackAction
from workc.kernel.gates import Decision, GateKind
from workc.kernel.kinds import KINDS
from workc.kernel.lens import How
from workc.kernel.payloads import Basis, Level, StepStatus, Target, Verification
from workc.kernel.phases import Outcome
from workc.kernel.resolving import BY_CHILD
from workc.runtime.run import HALT_ORDER

Mode = Literal["live", "replay", "simulated"]
ReplayVerdict = Literal["identical", "differs", "bad", "undecided"]
BundleVerdict = Literal["pass", "fail", "undecided"]
Key = tuple[str, ...]

#: Stands for every value that is in no set, such as a code of a later version.
OTHER = "other"
#: Seconds are kept as whole nanoseconds, so that sums are exact.
NS_PER_SECOND = 10**9
NS_PER_MS = 10**6


@dataclass(frozen=True)
class Label:
    """A label and every value it may have."""

    name: str
    values: tuple[str, ...]
    _known: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepares to look values up."""
        object.__setattr__(self, "_known", frozenset(self.values))

    def closed(self, value: str) -> str:
        """Returns the value, or ``other`` for one that is not in the set.

        Raises:
            Misuse: the set has no ``other``.
        """
        if value in self._known:
            return value
        if OTHER not in self._known:
            raise Misuse(f"the label {self.name} has no value {value!r}")
        return OTHER


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric, the same only as itself. ``moved_by`` names the kinds of events that move it, or what else does.

    ``bounds`` are the upper bounds of a histogram's buckets in nanoseconds, ascending. ``join``
    says what two figures of it make together.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[Label, ...]
    moved_by: tuple[str, ...]
    help: str
    bounds: tuple[int, ...] = ()
    join: Literal["sum", "max"] = "sum"

    @property
    def in_seconds(self) -> bool:
        """Returns whether its figures are times, kept as nanoseconds."""
        return self.name.endswith("_seconds")

    @property
    def by_mode(self) -> bool:
        """Returns whether its first label says in which mode the work was done."""
        return MODE in self.labels

    @property
    def from_zero(self) -> bool:
        """Returns whether 0 says that nothing happened; as a moment it would say 1970."""
        return self.join == "sum"

    def every_key(self, mode: Mode | None = None) -> Iterator[Key]:
        """Yields the values of every series that there may be, those of one mode if it is given."""
        sets = [(mode,) if mode and label is MODE else label.values for label in self.labels]
        return product(*sets)

    def key(self, values: Iterable[str]) -> Key:
        """Returns the labels' values, each of its closed set."""
        pairs = zip(self.labels, values, strict=True)
        return tuple(label.closed(value) for label, value in pairs)


def _ns(*seconds: str) -> tuple[int, ...]:
    """Returns decimal seconds as nanoseconds, without a rounding on the way."""
    return tuple(int(text.replace(".", "")) * 10 ** (9 - _places(text)) for text in seconds)


def _places(text: str) -> int:
    return len(text.partition(".")[2])


#: The clock of records counts milliseconds; nothing finer than 5 ms would tell much.
DURATION_BOUNDS = _ns(
    "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5",
    "1", "2.5", "5", "10", "30", "60", "300", "900", "3600",
)  # fmt: skip
SYNC_BOUNDS = _ns(
    "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005",
    "0.01", "0.025", "0.05", "0.1", "0.25", "1",
)  # fmt: skip

MODE = Label("mode", get_args(Mode))
KIND = Label("kind", tuple(KINDS))
CODE = Label("code", (*sorted(CATALOG), OTHER))
CAUSE = Label("cause", (*HALT_ORDER, OTHER))
HOW = Label("how", (*get_args(How), BY_CHILD))
SEEN = Label("result", ("had", "missing"))
OUTCOME = Label("outcome", get_args(Outcome))
STATUS = Label("status", get_args(StepStatus))
ATTEMPT_STATUS = Label("status", ("success", "failure"))
SKILL = Label(
    "skill",
    (
        "exec",
        "http_call",
        "json_transform",
        "llm_invoke",
        "publish",
        "read_file",
        "write_file",
        OTHER,
    ),
)
PORT = Label("port", ("http", "model", "file", "exec", "publish"))
STATUS_CLASS = Label("class", ("1xx", "2xx", "3xx", "4xx", "5xx", OTHER))
PROVIDER = Label("provider", ("anthropic", "openai", OTHER))
TOKEN = Label("type", ("input", "output", "cache_read", "cache_write"))
BASIS = Label("basis", get_args(Basis))
GRANT = Label("answer", ("granted", "refused"))
LEVEL = Label("level", get_args(Level))
CHECK = Label("result", ("passed", "failed"))
FALLBACK = Label("action", get_args(FallbackAction))
TARGET = Label("to", get_args(Target))
GATE = Label("type", get_args(GateKind))
DECISION = Label("decision", get_args(Decision))
CLAIM = Label("answer", ("forced", "granted", "refused"))
CHECKS_VERDICT = Label("verdict", get_args(Verification))
REPLAY_VERDICT = Label("verdict", get_args(ReplayVerdict))
DIVERGENCE = Label(
    "code", (*sorted(c for c, entry in CATALOG.items() if entry.category == "INTEGRITY"), OTHER)
)
BUNDLE_VERDICT = Label("verdict", get_args(BundleVerdict))
STORE_STATE = Label("state", ("sealed", "open", "unreadable"))

EVENTS = Metric("workc_events_total", "counter", (MODE, KIND), ("every kind",), "Records, by kind.")
RUNS_STARTED = Metric(
    "workc_runs_started_total", "counter", (MODE,), ("RunStarted",), "Runs that began."
)
RUNS_ENDED = Metric(
    "workc_runs_ended_total",
    "counter",
    (MODE, OUTCOME),
    ("Locked",),
    "Runs that reached their lock, by outcome.",
)
RUN_FAILURES = Metric(
    "workc_run_failures_total",
    "counter",
    (MODE, CODE),
    ("Locked",),
    "Runs that ended without full success, by the code that they ended with.",
)
REFUSALS = Metric(
    "workc_refusals_total",
    "counter",
    (MODE, CODE),
    ("an outcome without a run",),
    "Work that was refused before it began, or broken off by the store or a bug, by code.",
)
RUN_DURATION = Metric(
    "workc_run_duration_seconds",
    "histogram",
    (MODE,),
    ("Locked",),
    "Time from the beginning of a run to its last answer.",
    DURATION_BOUNDS,
)
RUN_LAST_END = Metric(
    "workc_run_last_end_timestamp_seconds",
    "gauge",
    (MODE,),
    ("Locked",),
    "When the latest run ended, in seconds since 1970.",
    join="max",
)
HALTS = Metric(
    "workc_run_halts_total",
    "counter",
    (MODE, CAUSE),
    ("WorkEnded",),
    "Runs that were stopped, by cause.",
)
ASKS_HALTED = Metric(
    "workc_asks_halted_total",
    "counter",
    (MODE, CAUSE),
    ("CallHalted",),
    "What was not done because the run was being stopped, by cause.",
)
STEPS = Metric(
    "workc_steps_total",
    "counter",
    (MODE, STATUS),
    ("SkillExecuted", "StepSkipped", "ConflictResolved", "WorkEnded"),
    "Steps that are over; a failed one counts when its run's work ends.",
)
STEP_DURATION = Metric(
    "workc_step_duration_seconds",
    "histogram",
    (MODE,),
    ("SkillExecuted", "ConflictResolved", "WorkEnded"),
    "Time of a step that was not skipped, with all attempts and the waits between them.",
    DURATION_BOUNDS,
)
ATTEMPTS = Metric(
    "workc_attempts_total",
    "counter",
    (MODE, SKILL, ATTEMPT_STATUS),
    ("SkillExecuted",),
    "Attempts of steps, by skill and how they ended.",
)
ATTEMPT_FAILURES = Metric(
    "workc_attempt_failures_total",
    "counter",
    (MODE, CODE),
    ("SkillExecuted",),
    "Attempts that failed, by code.",
)
SKILL_DURATION = Metric(
    "workc_skill_duration_seconds",
    "histogram",
    (MODE, SKILL),
    ("SkillExecuted",),
    "Time of one attempt, by skill.",
    DURATION_BOUNDS,
)
RETRIES = Metric(
    "workc_retries_total",
    "counter",
    (MODE, CODE),
    ("RetryScheduled",),
    "Further attempts that were scheduled, by the code of the failure before.",
)
FALLBACKS = Metric(
    "workc_fallbacks_total",
    "counter",
    (MODE, FALLBACK),
    ("FallbackTaken",),
    "Steps that had failed for good and of which something was done, by what.",
)
BACKTRACKS = Metric(
    "workc_backtracks_total",
    "counter",
    (MODE, TARGET),
    ("ConflictResolved", "WorkEnded", "VerificationRun"),
    "Times that a run went back to an earlier phase, by that phase.",
)
LENS_ITEMS = Metric(
    "workc_lens_items_total",
    "counter",
    (MODE, HOW, SEEN),
    ("ItemObserved", "ConflictResolved"),
    "Items of lenses that were looked at, or that a child gave, by how and whether they could be had.",
)
EFFECTS = Metric(
    "workc_effects_total", "counter", (MODE, PORT), ("EffectAsked",), "Requests, by port."
)
RESPONSES = Metric(
    "workc_responses_total",
    "counter",
    (MODE, PORT, STATUS_CLASS),
    ("EffectAnswered",),
    "Responses to requests, by port and class of HTTP status.",
)
EFFECT_FAILURES = Metric(
    "workc_effect_failures_total",
    "counter",
    (MODE, CODE),
    ("EffectAnswered",),
    "Requests without a response, by code.",
)
EFFECT_DURATION = Metric(
    "workc_effect_duration_seconds",
    "histogram",
    (MODE, PORT),
    ("EffectAnswered",),
    "Time from a request to its answer, by port.",
    DURATION_BOUNDS,
)
TOKENS = Metric(
    "workc_tokens_total",
    "counter",
    (MODE, PROVIDER, TOKEN),
    ("EffectAnswered",),
    "Tokens that providers say were used; no token is of two types.",
)
CEILINGS = Metric(
    "workc_budget_ceiling_micro_cents_total",
    "counter",
    (MODE,),
    ("RunStarted",),
    "The ceilings of all runs together; a child's is part of its parent's.",
)
RESERVATIONS = Metric(
    "workc_budget_reservations_total",
    "counter",
    (MODE, GRANT),
    ("BudgetReserved",),
    "Reservations that were asked for, by answer.",
)
RESERVED = Metric(
    "workc_budget_reserved_micro_cents_total",
    "counter",
    (MODE,),
    ("BudgetReserved",),
    "What was set aside before calls.",
)
REFUSED = Metric(
    "workc_budget_refused_micro_cents_total",
    "counter",
    (MODE,),
    ("BudgetReserved",),
    "What was asked for and did not fit.",
)
SPENT = Metric(
    "workc_budget_spent_micro_cents_total",
    "counter",
    (MODE, BASIS),
    ("BudgetSettled",),
    "Cost: what was settled, by what the figure is based on; what a child cost it counts itself.",
)
HELD = Metric(
    "workc_budget_held_micro_cents",
    "gauge",
    (MODE,),
    ("BudgetReserved", "BudgetSettled", "ChildSpawned"),
    "What is set aside now and not settled yet; for a child, what it set aside itself.",
)
CHECKS = Metric(
    "workc_checks_total",
    "counter",
    (MODE, LEVEL, CHECK),
    ("VerificationRun",),
    "Checks of workflows, by level and result.",
)
CHECK_VERDICTS = Metric(
    "workc_check_verdicts_total",
    "counter",
    (MODE, CHECKS_VERDICT),
    ("VerificationRun",),
    "Runs that came to their checks, by what all of them gave.",
)
GATES = Metric(
    "workc_gates_total",
    "counter",
    (MODE, GATE, CHECK),
    ("GateEvaluated",),
    "Gates that were evaluated, by type and result.",
)
CLAIMS = Metric(
    "workc_resource_claims_total",
    "counter",
    (MODE, CLAIM),
    ("ResourceAnswered",),
    "Claims of resources, by what became of them.",
)
CLAIM_WAITS = Metric(
    "workc_resource_wait_seconds",
    "histogram",
    (MODE,),
    ("ResourceAnswered",),
    "Time that steps waited for a resource that another held.",
    DURATION_BOUNDS,
)
APPROVALS = Metric(
    "workc_approvals_total",
    "counter",
    (MODE, DECISION),
    ("ApprovalAnswered",),
    "What humans were asked, by what they decided.",
)
CHILDREN = Metric(
    "workc_children_total",
    "counter",
    (MODE, OUTCOME),
    ("ChildJoined",),
    "Children of runs that are over, by outcome; each is a run of its own, too.",
)
JOURNAL_BYTES = Metric(
    "workc_journal_bytes_total",
    "counter",
    (MODE,),
    ("the run folder",),
    "Bytes of journals in run folders; a run in memory has none.",
)
JOURNAL_SYNC = Metric(
    "workc_journal_sync_duration_seconds",
    "histogram",
    (MODE,),
    ("the run folder",),
    "Time until the disk had a journal, with durability fsync.",
    SYNC_BOUNDS,
)
REPLAYS = Metric(
    "workc_replays_total", "counter", (REPLAY_VERDICT,), ("a replay",), "Replays, by verdict."
)
DIVERGENCES = Metric(
    "workc_replay_divergences_total",
    "counter",
    (DIVERGENCE,),
    ("a replay",),
    "Differences that replays found, by code.",
)
VERIFICATIONS = Metric(
    "workc_verifications_total",
    "counter",
    (BUNDLE_VERDICT,),
    ("a verification",),
    "Bundles that were judged, by verdict.",
)
STORE_RUNS = Metric(
    "workc_store_runs",
    "gauge",
    (STORE_STATE,),
    ("workc serve",),
    "Runs in the store; one that cannot be read counts nowhere else.",
)

#: Every metric there is, in the order in which they are written.
METRICS = (
    RUNS_STARTED, RUNS_ENDED, RUN_FAILURES, REFUSALS, RUN_DURATION, RUN_LAST_END, HALTS, ASKS_HALTED,
    STEPS, STEP_DURATION, ATTEMPTS, ATTEMPT_FAILURES, SKILL_DURATION, RETRIES, FALLBACKS, BACKTRACKS,
    LENS_ITEMS, EFFECTS, RESPONSES, EFFECT_FAILURES, EFFECT_DURATION, TOKENS,
    CEILINGS, RESERVATIONS, RESERVED, REFUSED, SPENT, HELD,
    CHECKS, CHECK_VERDICTS, GATES, APPROVALS, CHILDREN, CLAIMS, CLAIM_WAITS, EVENTS,
    JOURNAL_BYTES, JOURNAL_SYNC,
    REPLAYS, DIVERGENCES, VERIFICATIONS, STORE_RUNS,
)  # fmt: skip
