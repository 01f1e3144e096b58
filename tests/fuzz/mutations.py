"""Changes of good bundles, drawn from a seed: bytes, lines, JSON values, files, all sealed anew or not.

    mutated("staged", Random(7))   ->   ("values of events, sealed anew", {"receipt.json": ...})

The same seed gives the same change of the same bundle.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import drafts
import drafts_decisions
import drafts_fallbacks
import drafts_lens
import drafts_resources
import drafts_rules
import drafts_stages
from drafts_money import edit_money
from ground import build, bundles, sealing
from raw import changed_bytes, cut_off, flipped_bit, moved_lines
from values import change_value, written

Json = Any
Files = dict[str, bytes]
Change = Callable[[Files, Random], Files]
DOCUMENTS = ("manifest.json", "receipt.json")
BUILT = {
    "minimal": build.minimal,
    "eventful": build.eventful,
    "stopped": build.halted,
    "widened": build.widened,
}
#: Goldens come last, so that the inputs that were kept still stand for the bundles that they did.
NAMES = (*bundles.FILES, *bundles.FUNCTIONS, *BUILT, *bundles.GOLDENS)
ODD_NAMES = (
    "", ".", "..", "a b", "A", "con", "x.", "../x", "/x", "evidence", "evidence/", "events.jsonl/x",
    "RECEIPT.json", "evidence/é", "signatures/x", "artifacts/x", "evidence/x", "x" * 129, "\udcff",
)  # fmt: skip
#: A change may do nothing, because there is nothing to change or the sealer cannot write it.
TRIES = 8
#: What the sealer may raise on values that it cannot place or write.
UNSEALABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


@cache
def files_of(name: str) -> Mapping[str, bytes]:
    """Returns a good bundle by its name; do not change it."""
    return BUILT[name]().files() if name in BUILT else bundles.bundle(name)


def mutated(name: str, random: Random) -> tuple[str, Files]:
    """Returns which sort of change was drawn, and the bundle, changed unless many tries failed."""
    sort = random.choices([*SORTS], [weight for _, weight in SORTS.values()])[0]
    change, _ = SORTS[sort]
    before = files_of(name)
    tries = (change(dict(before), random) for _ in range(TRIES))
    return sort, next((files for files in tries if files != before), dict(before))


# ------------------------------------------------------------------------- lines and values


def _changed_line(files: Files, random: Random) -> Files:
    lines = files["events.jsonl"].splitlines()
    place = random.randrange(len(lines))
    event = json.loads(lines[place])
    change_value(event, random, json.loads(random.choice(lines)))
    lines[place] = written(event)
    return {**files, "events.jsonl": b"".join(line + b"\n" for line in lines)}


def _changed_document(files: Files, random: Random) -> Files:
    path = random.choice(DOCUMENTS)
    document = json.loads(files[path])
    change_value(document, random, json.loads(files["receipt.json"]))
    return {**files, path: written(document)}


# ------------------------------------------------------------------------------------ files


def _changed_files(files: Files, random: Random) -> Files:
    other = files_of(random.choice(NAMES))
    for _ in range(random.choice((1, 1, 2))):
        path = random.choice([*files]) if files else "x"
        to = random.choice((*files, *ODD_NAMES, path + "x", path.upper()))
        match random.randrange(5):
            case 0:
                files.pop(path, None)
            case 1:
                files[to] = files.pop(path, b"")
            case 2:
                files[to] = files.get(path, b"")
            case 3:
                files[to], files[path] = files.get(path, b""), files.get(to, b"")
            case _:
                taken = random.choice([*other])
                files[taken] = other[taken]
    return files


def _edit_files(draft: Json, random: Random) -> None:
    draft.files = _changed_files(draft.files, random)


def _edit_spliced(draft: Json, random: Random) -> None:
    lines = files_of(random.choice(NAMES))["events.jsonl"].splitlines()
    event, place = json.loads(random.choice(lines)), random.randrange(len(draft.events))
    if random.random() < 0.5:
        draft.events[place] = {**event, "at": draft.events[place]["at"]}
    else:
        draft.events.insert(place, event)


# ------------------------------------------------------------------------------ sealed anew


def _sealed(edit: Callable[[Json, Random], None]) -> Change:
    """Returns the change that edits the draft of a bundle one to three times and seals it anew."""

    def change(files: Files, random: Random) -> Files:
        def edits(draft: Json) -> None:
            for _ in range(random.choice((1, 1, 1, 2, 3))):
                edit(draft, random)
            if random.random() < 0.3:
                drafts.renumber(draft)
            draft.manifest["run_id"] = draft.payload("RunStarted")["run_id"]

        project, state = random.random() < 0.8, random.getstate()
        for projected in (project, False):
            random.setstate(state)
            try:
                return sealing.reseal(files, edits, project=projected)
            except UNSEALABLE:
                continue
        return files

    return change


#: What may be done, and how often against the others.
SORTS: dict[str, tuple[Change, int]] = {
    "bits": (flipped_bit, 2),
    "bytes": (changed_bytes, 5),
    "cut": (cut_off, 1),
    "lines": (moved_lines, 3),
    "values of a document": (_changed_document, 4),
    "values of a line": (_changed_line, 4),
    "files": (_changed_files, 4),
    "values of events, sealed anew": (_sealed(drafts.edit_event), 30),
    "words, sealed anew": (_sealed(drafts.edit_word), 12),
    "events, sealed anew": (_sealed(drafts.edit_events), 8),
    "events of other bundles, sealed anew": (_sealed(_edit_spliced), 6),
    "chain, sealed anew": (_sealed(drafts.edit_chain), 2),
    "lanes, sealed anew": (_sealed(drafts.edit_lane), 8),
    "money, sealed anew": (_sealed(edit_money), 16),
    "outcome, sealed anew": (_sealed(drafts.edit_outcome), 12),
    "passes, sealed anew": (_sealed(drafts.edit_passes), 12),
    "children, sealed anew": (_sealed(drafts.edit_children), 12),
    "effects, sealed anew": (_sealed(drafts.edit_effects), 10),
    "gates, sealed anew": (_sealed(drafts.edit_gates), 12),
    "fallbacks, sealed anew": (_sealed(drafts_fallbacks.edit_fallbacks), 14),
    "lenses, sealed anew": (_sealed(drafts_lens.edit_lens), 12),
    "rules, sealed anew": (_sealed(drafts_rules.edit_rules), 10),
    "plans, sealed anew": (_sealed(drafts_decisions.edit_plans), 10),
    "strategies, sealed anew": (_sealed(drafts_decisions.edit_strategies), 6),
    "resources, sealed anew": (_sealed(drafts_resources.edit_resources), 8),
    "stages, sealed anew": (_sealed(drafts_stages.edit_stages), 6),
    "plan, sealed anew": (_sealed(drafts.edit_plan), 4),
    "bodies, sealed anew": (_sealed(drafts.edit_bodies), 5),
    "receipt, sealed anew": (_sealed(drafts.edit_receipt), 3),
    "manifest, sealed anew": (_sealed(drafts.edit_manifest), 3),
    "files, sealed anew": (_sealed(_edit_files), 3),
}
