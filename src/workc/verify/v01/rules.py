"""The rules of format 0.1: number, code, step, paragraph, and what must hold, in one sentence.

The first number is the section of docs/spec/bundle-0.1.md that states the rule. A number is never
given to another rule.
"""

from __future__ import annotations

from workc.verify.rules import COMMON_RULES, Rule
from workc.verify.verdict import Step, VerifyFailCode


def _rule(number: str, code: VerifyFailCode, step: Step, text: str) -> Rule:
    section = number.partition(".")[0]
    return Rule(number, code, step, f"bundle-0.1, section {section}", text)


MANIFEST_THERE = _rule("3.01", "BUNDLE_MALFORMED", "manifest", "There is a manifest.json.")
MANIFEST_SMALL = _rule(
    "3.02", "LIMIT_EXCEEDED", "manifest", "The manifest is no larger than a document may be."
)
MANIFEST_READ = _rule("3.03", "FILE_UNREADABLE", "manifest", "The manifest can be read.")
MANIFEST_CANONICAL = _rule(
    "3.04", "BUNDLE_MALFORMED", "manifest", "The manifest is canonical JSON without a newline."
)
MANIFEST_FORM = _rule(
    "3.05", "BUNDLE_MALFORMED", "manifest", "The manifest is the closed object of its fields."
)
MANIFEST_VERSION = _rule(
    "3.06", "VERSION_UNSUPPORTED", "manifest", "The manifest's version is BUNDLE-0.1."
)
MANIFEST_ORDER = _rule(
    "3.07", "BUNDLE_MALFORMED", "manifest", "Entries ascend by path and none repeats."
)
LISTED_SAFE = _rule("3.08", "UNSAFE_PATH", "manifest", "A listed path is of the grammar of paths.")
LISTED_KNOWN = _rule(
    "3.09",
    "BUNDLE_MALFORMED",
    "manifest",
    "Only receipt.json, events.jsonl and files below evidence/ are listed.",
)
DOCUMENTS_THERE = _rule(
    "3.10", "BUNDLE_MALFORMED", "manifest", "There are a receipt.json and an events.jsonl."
)

FILE_THERE = _rule("3.11", "MANIFEST_MISSING_FILE", "files", "A listed file is there.")
FILE_LISTED = _rule(
    "3.12", "UNLISTED_FILE", "files", "A file that is there is listed or is the manifest."
)
FILE_SMALL = _rule("3.13", "LIMIT_EXCEEDED", "files", "A file is no larger than a file may be.")
FILE_SIZE = _rule("3.14", "HASH_MISMATCH", "files", "A file has the listed size.")
FILE_CONTENT = _rule("3.15", "HASH_MISMATCH", "files", "A file has the listed SHA-256.")
FILE_READ = _rule("3.16", "FILE_UNREADABLE", "files", "A file can be read.")

RECEIPT_SMALL = _rule(
    "4.01", "LIMIT_EXCEEDED", "receipt", "The receipt is no larger than a document may be."
)
RECEIPT_READ = _rule("4.02", "FILE_UNREADABLE", "receipt", "The receipt can be read.")
RECEIPT_CANONICAL = _rule(
    "4.03", "BUNDLE_MALFORMED", "receipt", "The receipt is canonical JSON without a newline."
)
INTEGRITY_FORM = _rule(
    "4.04", "BUNDLE_MALFORMED", "receipt", "integrity is the closed object of its fields."
)
VERSIONS = _rule(
    "4.05", "VERSION_UNSUPPORTED", "receipt", "Every version that the receipt names is known."
)
RECEIPT_FORM = _rule(
    "4.06", "BUNDLE_MALFORMED", "receipt", "The receipt has its fields, each of its type."
)
RECEIPT_HASH = _rule(
    "4.07",
    "RECEIPT_HASH_MISMATCH",
    "receipt",
    "receipt_hash is the hash of the receipt without integrity.",
)

EVENTS_READ = _rule("5.01", "FILE_UNREADABLE", "events", "The events can be read.")
LINE_SHORT = _rule("5.02", "LIMIT_EXCEEDED", "events", "No line is longer than a line may be.")
EVENTS_FEW = _rule("5.03", "LIMIT_EXCEEDED", "events", "There are no more events than may be.")
LINE_ENDED = _rule(
    "5.04", "BUNDLE_MALFORMED", "events", "There is a line, and every line ends in a newline."
)
EVENT_CANONICAL = _rule("5.05", "BUNDLE_MALFORMED", "events", "A line is canonical JSON.")
EVENT_FORM = _rule(
    "5.06", "BUNDLE_MALFORMED", "events", "An event has its fields, each of its type."
)
EVENT_SEQ = _rule("5.07", "EVENT_CHAIN_MISMATCH", "events", "seq is the line's number, from 0.")
EVENT_PREV = _rule(
    "5.08",
    "EVENT_CHAIN_MISMATCH",
    "events",
    "prev_event_hash is the event_hash before, at first 64 zeros.",
)
EVENT_HASH = _rule(
    "5.09",
    "EVENT_CHAIN_MISMATCH",
    "events",
    "event_hash is the hash of the event without event_hash.",
)

SEQUENCE_ENDS = _rule(
    "6.01",
    "FSM_ILLEGAL_TRANSITION",
    "table",
    "phase_sequence begins with Observe and ends with Lock.",
)
SEQUENCE_TABLE = _rule(
    "6.02",
    "FSM_ILLEGAL_TRANSITION",
    "table",
    "Each phase of phase_sequence is one that may follow the one before.",
)
LOCK_WAITS = _rule(
    "6.03",
    "FSM_ILLEGAL_TRANSITION",
    "table",
    "Lock repeats in phase_sequence only if a human was prompted.",
)
EVENTS_SUBSEQUENCE = _rule(
    "6.04",
    "FSM_ILLEGAL_TRANSITION",
    "table",
    "The phases of the events, repeats collapsed, are a subsequence of phase_sequence.",
)
ENDS_LOCKED = _rule(
    "6.05", "FSM_ILLEGAL_TRANSITION", "table", "The last event is Locked, in phase Lock."
)

POLICY_KNOWN = _rule("7.01", "POLICY_VIOLATION", "policy", "policy_id names a known policy.")
POLICY_HASH = _rule("7.02", "POLICY_VIOLATION", "policy", "policy_hash is that of the policy.")
EFFECTS_WITHIN = _rule(
    "7.03", "EFFECT_BOUNDS_EXCEEDED", "policy", "A declared effect covers every executed one."
)
EFFECTS_FEW = _rule(
    "7.04", "EFFECT_BOUNDS_EXCEEDED", "policy", "No more than k effects are declared."
)
COMPRESSION = _rule(
    "7.05",
    "EFFECT_BOUNDS_EXCEEDED",
    "policy",
    "compression.output_count counts the declared effects and is not above input_count.",
)

ROOT_EVENT_LOG = _rule(
    "8.01", "MERKLE_MISMATCH_EVENTLOG", "roots", "event_log_root is the root of the events."
)
ROOT_ARTIFACTS = _rule(
    "8.02", "MERKLE_MISMATCH_ARTIFACTS", "roots", "artifacts_root is the root of the artifacts."
)
ROOT_EVIDENCE = _rule(
    "8.03",
    "MERKLE_MISMATCH_EVIDENCE",
    "roots",
    "evidence_root is the root of the entries below evidence/.",
)
ROOT_LENS = _rule(
    "8.04", "MERKLE_MISMATCH_LENS", "roots", "lens_root is the root of the lens items."
)
ROOT_EFFECTS = _rule(
    "8.05", "MERKLE_MISMATCH_EFFECTS", "roots", "effects_root is the root of the declared effects."
)
ROOT_GATES = _rule("8.06", "MERKLE_MISMATCH_GATES", "roots", "gates_root is the root of the gates.")
ROOT_VERIFICATION = _rule(
    "8.07",
    "MERKLE_MISMATCH_VERIFICATION",
    "roots",
    "verification_root is the root of the results.",
)
ROOT_WORKGRAPH = _rule(
    "8.08", "MERKLE_MISMATCH_WORKGRAPH", "roots", "workgraph_root is the root of the children."
)

PROOF_DIGEST = _rule(
    "8.09",
    "PROOF_DIGEST_MISMATCH",
    "digest",
    "proof_digest is the hash of receipt_hash and the eight roots.",
)

SAME_LOOP = _rule(
    "9.01", "RECEIPT_EVENT_MISMATCH", "projection", "Every record names the same loop_id."
)
SAME_INTENT = _rule(
    "9.02",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "intent and actor are those of the first IntentSet.",
)
SAME_LOCK = _rule(
    "9.03",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "lock_level and outcome are those of the last Locked.",
)
SAME_RESULTS = _rule(
    "9.04",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "verification.results are the results of the VerificationRun events, in order.",
)
SAME_HITL = _rule(
    "9.05",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "hitl records the HitlPrompt and HitlDecision events, in order.",
)
SAME_ERRORS = _rule(
    "9.06",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "errors records the ActError events, in order.",
)
SAME_SUGGESTIONS = _rule(
    "9.07",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "strategies.suggestions are those of the StrategySuggested events.",
)
SAME_USED = _rule(
    "9.08",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "strategies.used is that of the last StrategyApplied, or null.",
)
SAME_DECLARED = _rule(
    "9.09",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "effects_declared of a PlanChosen is effects.declared.",
)
TIMES_ASCEND = _rule(
    "9.10", "RECEIPT_EVENT_MISMATCH", "projection", "The times of events do not go back."
)
SAME_START = _rule(
    "9.11",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "timestamp_utc, both created_utc and the first event's time are one.",
)
LENS_AGGREGATE = _rule(
    "9.12",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "The aggregate of the lens is the least of its four scores.",
)
EVI = _rule(
    "9.13",
    "RECEIPT_EVENT_MISMATCH",
    "projection",
    "evi_ms of a prompt follows from its p_override_permille, loss_ms and cost_ms.",
)
CHECKS_PASSED = _rule(
    "9.14",
    "VERIFICATION_INCOMPLETE",
    "projection",
    "For success, every required check passed at its last attempt.",
)
CHILDREN_SPAWNED = _rule(
    "9.15",
    "CHILD_MISMATCH",
    "children",
    "children are those of the ChildSpawned events.",
)
CHILDREN_JOINED = _rule(
    "9.16",
    "CHILD_MISMATCH",
    "children",
    "children are those of the ChildJoined events, each joined after it was spawned.",
)
OUTCOME_ROLLS_UP = _rule(
    "9.17",
    "CHILD_MISMATCH",
    "children",
    "The outcome is no better than the outcomes of the children allow.",
)

DIGEST_EXPECTED = _rule(
    "10.02", "DIGEST_UNEXPECTED", "expectations", "The proof digest is the expected one."
)
RUN_EXPECTED = _rule("10.03", "DIGEST_UNEXPECTED", "expectations", "The run is the expected one.")
NONCE_EXPECTED = _rule(
    "10.04", "DIGEST_UNEXPECTED", "expectations", "No nonce is expected: there is none."
)
NOT_BEFORE = _rule(
    "10.05",
    "DIGEST_UNEXPECTED",
    "expectations",
    "The last event is of the expected time or later.",
)

_OWN = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
RULES: tuple[Rule, ...] = tuple(
    sorted({*COMMON_RULES, *_OWN}, key=lambda rule: tuple(map(int, rule.number.split("."))))
)
