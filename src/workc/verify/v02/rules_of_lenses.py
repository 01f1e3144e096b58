"""The rules of what a run looked at before it decided, with their paragraphs; see rules.py for the others."""

from __future__ import annotations

from workc.verify.rules import Rule
from workc.verify.v02.section import Section

_table, _payload, _policy = Section("table", 5), Section("events", 6), Section("policy", 6)

ROUNDS_COUNT = _table(
    51,
    "FSM_ILLEGAL_TRANSITION",
    "Items are observed in rounds, from 1 on; in each an item stands once, its parts from 0 on.",
)
LENS_FITS_ITEMS = _table(
    52,
    "FSM_ILLEGAL_TRANSITION",
    "A LensAssembled counts the items of the last round, and has what they say and their quality.",
)
LENS_SUFFICES = _table(
    53,
    "FSM_ILLEGAL_TRANSITION",
    "A LensAssembled has a failure if and only if its aggregate is below what deciding takes.",
)
LENS_IS_SCRIPTED = _table(
    54,
    "FSM_ILLEGAL_TRANSITION",
    "A LensAssembled of items is scripted if and only if RunStarted has a script of lenses.",
)
CONFLICT_IS_FOUND = _table(
    56,
    "FSM_ILLEGAL_TRANSITION",
    "A ConflictFound stands in the first pass and says what the items of the lens contradict each other about.",
)
RESOLVER_HAS_LANE = _table(
    57,
    "FSM_ILLEGAL_TRANSITION",
    "Behind a ConflictFound stands one lane, of the step that it names.",
)
RESOLUTION_FITS = _table(
    58,
    "FSM_ILLEGAL_TRANSITION",
    "A ConflictResolved goes back to Orient; it has what the child of its lane gave, and words about what was found.",
)
PART_IS_BELOW = _table(
    98,
    "FSM_ILLEGAL_TRANSITION",
    "A file of a pattern is read below the folder in which the pattern was listed.",
)

ITEM_FORM = _payload(
    31,
    "BUNDLE_MALFORMED",
    "An item is named; what it has of date, effect, part and weight is as it was got.",
)
ITEM_ORIGIN = _payload(
    36,
    "BUNDLE_MALFORMED",
    "An item that names the evidence it was read from names run and digest, of a run or a bundle.",
)
ITEM_SOURCE = _payload(
    37, "BUNDLE_MALFORMED", "The effect of an item is that of looking at its source."
)
LENS_FORM = _payload(
    32,
    "BUNDLE_MALFORMED",
    "Thresholds are permille and do not fall; what they and requires judge is there.",
)
LENS_SCRIPT_FORM = _payload(
    35, "BUNDLE_MALFORMED", "A script of lenses says something, in permille."
)
RESOLUTION_FORM = _payload(
    34, "BUNDLE_MALFORMED", "What resolved a conflict is named as an item is; its words are JSON."
)

LENS_OF_POLICY = _policy(
    33, "POLICY_VIOLATION", "If the rules speak of lenses, every lens is held to no less."
)

LENS_RULES = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
