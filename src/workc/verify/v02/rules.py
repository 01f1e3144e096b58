"""Every rule of format 0.2, with the paragraph of docs/spec/bundle-0.2.md that states it."""

from __future__ import annotations

from workc.verify.rules import COMMON_RULES, Rule
from workc.verify.v02.rules_of_lenses import LENS_RULES
from workc.verify.v02.section import Section

_manifest, _files, _events = Section("manifest", 3), Section("files", 3), Section("events", 4)
_table, _payload, _money = Section("table", 5), Section("events", 6), Section("money", 7)
_policy = Section("policy", 6)
_receipt, _references = Section("receipt", 8), Section("references", 8)
_roots, _projection = Section("roots", 8), Section("projection", 8)
_digest, _expectations = Section("digest", 9), Section("expectations", 10)

MANIFEST_IS_THERE = _manifest(1, "BUNDLE_MALFORMED", "There is a manifest.json.")
MANIFEST_SIZE = _manifest(2, "LIMIT_EXCEEDED", "manifest.json has at most 268,435,456 bytes.")
MANIFEST_READABLE = _manifest(3, "FILE_UNREADABLE", "manifest.json can be read as it is.")
MANIFEST_FORM = _manifest(
    4, "BUNDLE_MALFORMED", "manifest.json is one closed object in canonical JSON."
)
MANIFEST_VERSION = _manifest(5, "BUNDLE_MALFORMED", "The manifest is of the receipt's version.")
ENTRIES_ASCEND = _manifest(
    6, "BUNDLE_MALFORMED", "The entries ascend by the bytes of their paths and none repeats."
)
EVENTS_ARE_LISTED = _manifest(7, "BUNDLE_MALFORMED", "events.jsonl is listed.")
EVIDENCE_IS_LISTED = _manifest(8, "BUNDLE_MALFORMED", "At least one file of evidence is listed.")
ENTRY_PATH_IS_SAFE = _manifest(9, "UNSAFE_PATH", "A listed path obeys the grammar of names.")
ENTRY_MAY_BE_LISTED = _manifest(
    10, "BUNDLE_MALFORMED", "A listed path is events.jsonl, evidence or an artifact."
)
ENTRY_DIGEST_FORM = _manifest(11, "BUNDLE_MALFORMED", "A sha256 is 64 lower-case hex digits.")

LISTED_FILE_IS_THERE = _files(21, "MANIFEST_MISSING_FILE", "A listed file is in the bundle.")
FILE_IS_LISTED = _files(22, "UNLISTED_FILE", "A file in the bundle is listed.")
FILE_SIZE = _files(23, "HASH_MISMATCH", "A file has its listed size.")
FILE_DIGEST = _files(24, "HASH_MISMATCH", "A file has its listed SHA-256.")
FILE_IS_SMALL = _files(25, "LIMIT_EXCEEDED", "A file has at most 8,589,934,592 bytes.")
FILE_READABLE = _files(26, "FILE_UNREADABLE", "A listed file can be read as it is.")

LINE_FORM = _events(1, "BUNDLE_MALFORMED", "A line is one event in canonical JSON and a newline.")
KIND_IS_KNOWN = _events(2, "BUNDLE_MALFORMED", "The kind of an event is known.")
LOG_IS_NOT_EMPTY = _events(3, "BUNDLE_MALFORMED", "The log has an event; its last line a newline.")
LINE_IS_SHORT = _events(4, "LIMIT_EXCEEDED", "A line has at most 16,777,216 bytes.")
EVENTS_ARE_FEW = _events(5, "LIMIT_EXCEEDED", "There are at most 10,000,000 events.")
EVENT_NUMBER = _events(6, "EVENT_CHAIN_MISMATCH", "seq is the number of the line, from 0.")
EVENT_LINK = _events(7, "EVENT_CHAIN_MISMATCH", "prev is the hash of the line before.")
EVENT_TIME = _events(8, "EVENT_CHAIN_MISMATCH", "ts is the largest at_ms so far.")
ANSWER_HAS_TIME = _events(
    9, "BUNDLE_MALFORMED", "An event has at_ms if and only if it is an answer."
)
LOG_ENDS_WITH_LOCKED = _events(10, "EVENT_CHAIN_MISMATCH", "The last event is Locked.")
EVENTS_READABLE = _events(11, "FILE_UNREADABLE", "events.jsonl can be read as it is.")

PLACE_FOLLOWS = _table(
    1, "FSM_ILLEGAL_TRANSITION", "A place is one that may come next after the one before."
)
ROOT_LANE_TABLE = _table(
    2, "FSM_ILLEGAL_TRANSITION", "In the root lane a kind follows as the table says."
)
STEP_LANE_TABLE = _table(
    3, "FSM_ILLEGAL_TRANSITION", "In the lane of a step a kind follows as the table says."
)
LANE_MAY_OPEN = _table(
    4,
    "FSM_ILLEGAL_TRANSITION",
    "Lanes of steps stand after ConflictFound, PlanAsked, PlanChosen, TimerFired, CallHalted, ToAct or an approval.",
)
ANSWER_FITS_ASK = _table(
    5, "FSM_ILLEGAL_TRANSITION", "An EffectAnswered has the request of the EffectAsked before it."
)
REQUEST_DIGEST = _table(
    6, "FSM_ILLEGAL_TRANSITION", "The digest of an EffectAsked is that of its request."
)
CALL_FITS_ASK = _table(
    7, "FSM_ILLEGAL_TRANSITION", "A SkillExecuted has request and mode of the SkillAsked before it."
)
OPAQUE_IS_ASKED = _table(8, "FSM_ILLEGAL_TRANSITION", "An opaque call was asked for.")
ATTEMPTS_COUNT = _table(
    9, "FSM_ILLEGAL_TRANSITION", "attempt is 1, or one more after each RetryScheduled."
)
RETRY_FITS = _table(
    10, "FSM_ILLEGAL_TRANSITION", "A RetryScheduled has attempt and code of the failure before it."
)
LANE_HAS_ONE_STEP = _table(11, "FSM_ILLEGAL_TRANSITION", "All events of a lane are of one step.")
LANE_HAS_ONE_SKILL = _table(12, "FSM_ILLEGAL_TRANSITION", "All events of a lane are of one skill.")
LANE_NAMES_A_STEP = _table(13, "FSM_ILLEGAL_TRANSITION", "Every lane names its step.")
STEP_HAS_ONE_LANE = _table(14, "FSM_ILLEGAL_TRANSITION", "No two lanes of a pass are of one step.")
CODE_IS_NAMED = _table(
    15, "FSM_ILLEGAL_TRANSITION", "A skill that was called is one of the run's code."
)
STEP_AT_ITS_PLACE = _table(
    18, "FSM_ILLEGAL_TRANSITION", "A step of a function that is named after a place stands there."
)
APPROVAL_FITS_ASK = _table(
    19,
    "FSM_ILLEGAL_TRANSITION",
    "An ApprovalAnswered has the gate of the ApprovalAsked before it; only one with a limit times out.",
)
GATES_COME_FIRST = _table(
    20,
    "FSM_ILLEGAL_TRANSITION",
    "Approvals and gates that can bar the way stand before the work that they can bar.",
)
REFUSAL_IS_SAID = _table(
    21,
    "FSM_ILLEGAL_TRANSITION",
    "A step that was refused is skipped with the code of what refused it.",
)
CHILD_IS_RESERVED = _table(
    22,
    "FSM_ILLEGAL_TRANSITION",
    "A child stands after a granted reservation, whose bound is its ceiling.",
)
CHILD_JOINS = _table(
    23, "FSM_ILLEGAL_TRANSITION", "A ChildJoined is of the ChildSpawned before it."
)
CHILD_IS_SETTLED = _table(
    24,
    "FSM_ILLEGAL_TRANSITION",
    "The settlement after a child is of its reservation, by usage, of what it spent.",
)
CHILDREN_ARE_COUNTED = _table(
    25, "FSM_ILLEGAL_TRANSITION", "Children have the numbers from 0 on, each once."
)
CHILD_IS_ANOTHER_RUN = _table(
    26, "FSM_ILLEGAL_TRANSITION", "No two children are of one run, and none is the run itself."
)
EFFECT_IS_NAMED = _table(
    27,
    "FSM_ILLEGAL_TRANSITION",
    "An EffectAsked, or the program of a gate, names its effect if and only if the plan declares some.",
)
FALLBACK_FITS = _table(
    28, "FSM_ILLEGAL_TRANSITION", "A FallbackTaken has attempt and code of the failure before it."
)
FALLBACK_IS_ALLOWED = _table(
    29, "FSM_ILLEGAL_TRANSITION", "A failure that is tolerated is one that may be."
)
FALLBACK_IS_TAKEN_ONCE = _table(30, "FSM_ILLEGAL_TRANSITION", "A step falls back once at most.")
BACKTRACK_HAS_CAUSE = _table(
    35,
    "FSM_ILLEGAL_TRANSITION",
    "A run goes back because of a failure, a check or a gate that stands there.",
)
BACKTRACKS_ARE_BOUNDED = _table(
    36, "FSM_ILLEGAL_TRANSITION", "A run goes back no more often than it may."
)
BACKTRACK_IS_CLASSED = _table(
    37,
    "FSM_ILLEGAL_TRANSITION",
    "The class of an error is that of its code and of the passes before, and not Catastrophic.",
)
CHECK_IS_ANSWERED = _table(
    38,
    "FSM_ILLEGAL_TRANSITION",
    "A check by a program is what was evaluated of it in its pass.",
)
PLANNER_HAS_LANE = _table(
    71,
    "FSM_ILLEGAL_TRANSITION",
    "Behind a PlanAsked stands one lane, of its step and of its skill.",
)
PLANS_ARE_COUNTED = _table(
    72,
    "FSM_ILLEGAL_TRANSITION",
    "A planner is asked once, and once more after each plan of its that was refused.",
)
PLAN_FITS_ASK = _table(
    73,
    "FSM_ILLEGAL_TRANSITION",
    "A plan names a planner, and holds what was accepted, if and only if one was asked for it.",
)
PLAN_WAS_GIVEN = _table(
    74,
    "FSM_ILLEGAL_TRANSITION",
    "A plan is refused or chosen only where the lane of its planner ends with a value.",
)
PLAN_IS_APPROVED = _table(
    75,
    "FSM_ILLEGAL_TRANSITION",
    "What a human is asked in the root lane is about the plan of a planner.",
)
STRATEGIES_ARE_RANKED = _table(
    81,
    "FSM_ILLEGAL_TRANSITION",
    "Strategies are suggested as their weights say: those that fit, the best first.",
)
BEST_IS_APPLIED = _table(
    82,
    "FSM_ILLEGAL_TRANSITION",
    "Where a strategy is suggested the best one is applied, and none where there is none.",
)
CLAIMS_ARE_ANSWERED = _table(
    91,
    "FSM_ILLEGAL_TRANSITION",
    "What a lane claims is answered one by one, in its order; it claims the same each time.",
)
WORKS_WHILE_HOLDING = _table(
    92,
    "FSM_ILLEGAL_TRANSITION",
    "A lane that has claimed resources works only while it holds all of them.",
)
RELEASED_BY_HOLDER = _table(
    93,
    "FSM_ILLEGAL_TRANSITION",
    "A lane releases what it holds, with the token of its claim or a later one.",
)
RESOURCES_ARE_RELEASED = _table(
    94,
    "FSM_ILLEGAL_TRANSITION",
    "A lane releases all that it holds before its end, and before it claims again.",
)
CLAIMS_ARE_COUNTED = _table(
    95,
    "FSM_ILLEGAL_TRANSITION",
    "Grants and releases of resources are numbered from 0, without a gap.",
)
RESOURCE_HAS_ONE_HOLDER = _table(
    96,
    "FSM_ILLEGAL_TRANSITION",
    "In the order of their numbers a resource is granted only while nobody holds it.",
)
TOKENS_GROW = _table(
    97,
    "FSM_ILLEGAL_TRANSITION",
    "Each token of a resource, and each from which it was forced, is greater than all before it.",
)
ANSWER_FITS_PORT = _table(
    31,
    "FSM_ILLEGAL_TRANSITION",
    "What is not a failure is a response of http and model, and a result of any other port.",
)
PHASE_OF_KIND = _table(16, "FSM_ILLEGAL_TRANSITION", "An event has the phase of its kind.")
PHASE_FOLLOWS = _table(17, "FSM_ILLEGAL_TRANSITION", "Phases follow each other as the table says.")

RUN_ID_FORM = _payload(1, "BUNDLE_MALFORMED", "run_id is 1 to 64 of A-Z a-z 0-9 . _ -")
NAME_FORM = _payload(2, "BUNDLE_MALFORMED", "name is 1 to 256 characters without controls.")
NONCE_FORM = _payload(3, "BUNDLE_MALFORMED", "nonce is 32 lower-case hex digits.")
SEED_FORM = _payload(4, "BUNDLE_MALFORMED", "seed is a decimal number below 2^64.")
RULES_DIGEST = _payload(5, "BUNDLE_MALFORMED", "rules_sha256 is the SHA-256 of the rules.")
REQUEST_FITS_MODE = _payload(
    6, "BUNDLE_MALFORMED", "request is there if and only if the mode is not context."
)
PARAMS_FIT_MODE = _payload(
    7, "BUNDLE_MALFORMED", "params are there if and only if the mode is pure."
)
STATUS_RANGE = _payload(8, "BUNDLE_MALFORMED", "A status has three digits.")
BOUNDARIES_ASCEND = _payload(9, "BUNDLE_MALFORMED", "Boundaries ascend within the body.")
REDACTION_FORM = _payload(10, "BUNDLE_MALFORMED", "Salts and commitments are hex of their length.")

GATE_FORM = _payload(11, "BUNDLE_MALFORMED", "A gate is 1 to 64 of A-Z a-z 0-9 . _ -")
DECIDED_BY_SOMEBODY = _payload(
    12, "BUNDLE_MALFORMED", "by is a name, there if and only if somebody decided in time."
)
GATE_OF_STEP = _payload(
    13, "BUNDLE_MALFORMED", "An evaluated gate has a step if and only if it is one of a step."
)

GATE_EFFECT_FORM = _payload(
    20, "BUNDLE_MALFORMED", "The effect of a gate is of a program, in its one spelling."
)

RELATIVE_FORM = _payload(
    14, "BUNDLE_MALFORMED", "The run of a child or a parent is 1 to 64 of A-Z a-z 0-9 . _ -"
)
CHILD_DIGEST_FORM = _payload(
    15, "BUNDLE_MALFORMED", "nonce and proof digest of a child are hex of their length."
)

EFFECTS_ARE_SPELLED = _payload(
    16,
    "BUNDLE_MALFORMED",
    "Declared effects are at most 50, each in its one spelling and once, by op and selector.",
)
COMPRESSION_FITS = _payload(
    17,
    "BUNDLE_MALFORMED",
    "A compression counts the effects that are declared, and no fewer before.",
)
CONTINUED_DIGEST_FORM = _payload(19, "BUNDLE_MALFORMED", "continues is 64 lower-case hex digits.")
EFFECT_IS_SPELLED = _payload(
    18, "BUNDLE_MALFORMED", "An effect that is asked for is in its one spelling."
)

STAGES_FORM = _payload(
    39, "BUNDLE_MALFORMED", "If stages are named, there is one, and its ids are 64 hex digits each."
)
STAGES_ARE_CODE = _payload(
    40, "BUNDLE_MALFORMED", "A stage is named as code is: there is a digest of its code."
)

POLICY_IS_KNOWN = _policy(
    21,
    "POLICY_VIOLATION",
    "The policy has the name of its rules: a shipped one's, or of their digest.",
)
OFFLINE_HOLDS = _policy(
    22, "POLICY_VIOLATION", "A run that is offline gets no answer from outside."
)

EFFECT_IS_COVERED = _policy(
    23, "EFFECT_BOUNDS_EXCEEDED", "An effect that is asked for is covered by a declared one."
)

EFFECT_IS_ALLOWED = _policy(
    24,
    "POLICY_VIOLATION",
    "If the rules speak of effects, every plan and every ask for one declares some, and they allow what is asked for.",
)

RISK_IS_DECIDED = _policy(
    38,
    "POLICY_VIOLATION",
    "If the rules speak of decisions, nothing was done that takes one and about which there was none.",
)
LOCK_IS_ALLOWED = _policy(
    25,
    "POLICY_VIOLATION",
    "If the rules speak of checks, the lock level is one that they allow for the checks there are.",
)

MOVES_FOLLOW = _money(
    1, "BUDGET_INVALID", "Every move of the ledger follows from those before it, numbers dense."
)
GRANTS_ARE_SETTLED = _money(2, "BUDGET_INVALID", "No granted reservation is open at the end.")
SETTLED_IN_LANE = _money(
    3, "BUDGET_INVALID", "A settlement stands in the lane of its reservation, after it."
)
SETTLED_BY_BASIS = _money(
    4, "BUDGET_INVALID", "What is released costs nothing, what is charged at its bound costs it."
)
STEP_HAS_ONE_CEILING = _money(
    5, "BUDGET_INVALID", "All reservations of a step have the same ceiling of it, or none has."
)
TOKENS_ARE_SETTLED = _money(
    6, "BUDGET_INVALID", "A settlement says its tokens if and only if its reservation does."
)

RECEIPT_IS_THERE = _receipt(1, "BUNDLE_MALFORMED", "There is a receipt.json.")
RECEIPT_SIZE = _receipt(2, "LIMIT_EXCEEDED", "receipt.json has at most 268,435,456 bytes.")
RECEIPT_READABLE = _receipt(3, "FILE_UNREADABLE", "receipt.json can be read as it is.")
RECEIPT_FORM = _receipt(
    4, "BUNDLE_MALFORMED", "receipt.json is one closed object in canonical JSON."
)

REFERENCE_IS_LISTED = _references(11, "CAPTURE_MISSING", "What an event refers to is listed.")
FILE_IS_REFERRED_TO = _references(12, "UNLISTED_FILE", "An event refers to every listed file.")
REFERENCE_FITS = _references(13, "HASH_MISMATCH", "An event refers to a file as it is listed.")

ROOT_OF_ARTIFACTS = _roots(21, "MERKLE_MISMATCH_ARTIFACTS", "The root of artifacts is theirs.")
ROOT_OF_BUDGET = _roots(22, "MERKLE_MISMATCH_BUDGET", "The root of budget is that of its moves.")
ROOT_OF_EFFECTS = _roots(23, "MERKLE_MISMATCH_EFFECTS", "The root of effects is theirs.")
ROOT_OF_EVENTS = _roots(24, "MERKLE_MISMATCH_EVENTLOG", "The root of events is that of the lines.")
ROOT_OF_EVIDENCE = _roots(25, "MERKLE_MISMATCH_EVIDENCE", "The root of evidence is that of files.")
ROOT_OF_GATES = _roots(26, "MERKLE_MISMATCH_GATES", "The root of gates is theirs.")
ROOT_OF_LENS = _roots(27, "MERKLE_MISMATCH_LENS", "The root of lens is that of the lens events.")
ROOT_OF_VERIFICATION = _roots(
    28, "MERKLE_MISMATCH_VERIFICATION", "The root of verification is that of the checks."
)
ROOT_OF_WORKGRAPH = _roots(
    29, "MERKLE_MISMATCH_WORKGRAPH", "The root of workgraph is that of children."
)

# 8.34 is not given again: what it said follows from 5.02 and 4.10.
MANIFEST_DIGEST = _projection(
    31, "RECEIPT_HASH_MISMATCH", "The receipt has the SHA-256 of the manifest."
)
RECEIPT_IS_PROJECTION = _projection(
    32, "RECEIPT_EVENT_MISMATCH", "Every field of the receipt is what events and manifest give."
)
MANIFEST_RUN_ID = _projection(33, "RECEIPT_EVENT_MISMATCH", "Manifest and events are of one run.")
CHECK_HOLDS_IF_TRUE = _projection(
    35, "VERIFICATION_INCOMPLETE", "A check passes if and only if its value is JSON true."
)
CHECK_IDS_DIFFER = _projection(36, "VERIFICATION_INCOMPLETE", "No two checks have one id.")
VERDICT_FOLLOWS = _projection(
    37, "VERIFICATION_INCOMPLETE", "The verdict of the checks is what they give."
)
HALT_IS_SAID = _projection(
    38, "VERIFICATION_INCOMPLETE", "A run in which something was halted is halted."
)
OUTCOME_IS_BORNE_OUT = _projection(
    39, "VERIFICATION_INCOMPLETE", "The outcome is what work, checks, gates and children give."
)
STEPS_AS_PLANNED = _projection(
    40,
    "RECEIPT_EVENT_MISMATCH",
    "The steps are as many as were planned, or none behind a gate, and one for each planner asked.",
)
PLAN_FORM = _projection(41, "RECEIPT_EVENT_MISMATCH", "An inline plan is a list of steps.")
LANES_AS_PLANNED = _projection(
    42,
    "RECEIPT_EVENT_MISMATCH",
    "There is one lane for each planned step, in order, or none behind a gate.",
)
SKILL_AS_PLANNED = _projection(43, "RECEIPT_EVENT_MISMATCH", "A step has its planned skill.")
NEEDS_AS_PLANNED = _projection(
    44, "RECEIPT_EVENT_MISMATCH", "A step was skipped because of what it needs."
)

GATE_HOLDS = _projection(
    45,
    "VERIFICATION_INCOMPLETE",
    "A gate passes if and only if its value is JSON true, or 0 of a command.",
)

FALLBACK_AS_PLANNED = _projection(
    46, "RECEIPT_EVENT_MISMATCH", "A step falls back as its plan says, and not if it says nothing."
)
RESOURCES_AS_PLANNED = _projection(
    47, "RECEIPT_EVENT_MISMATCH", "A step claims the resources of its plan, before it works."
)

DIGEST_FOLLOWS = _digest(
    1, "PROOF_DIGEST_MISMATCH", "The proof digest is that of the receipt without it."
)

DIGEST_EXPECTED = _expectations(2, "DIGEST_UNEXPECTED", "The proof digest is the expected one.")
RUN_ID_EXPECTED = _expectations(3, "DIGEST_UNEXPECTED", "The run is the expected one.")
NONCE_EXPECTED = _expectations(4, "DIGEST_UNEXPECTED", "The nonce is the expected one.")
NOT_BEFORE = _expectations(5, "DIGEST_UNEXPECTED", "The run ended at the expected time or later.")

_OWN = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
RULES: tuple[Rule, ...] = tuple(
    sorted(
        {*COMMON_RULES, *LENS_RULES, *_OWN},
        key=lambda rule: tuple(map(int, rule.number.split("."))),
    )
)
