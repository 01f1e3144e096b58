"""What a run must be so that a bundle of format 0.1 can be made of it: its record.

Each rule is a function of the table at the end; :mod:`workc.bundle.v01.conclusions` has those
about outcomes. Types and bounds of fields are checked before, effects after.

1. The policy is a known one, no run is its own parent, and event ids differ.
2. The first event is IntentSet, the last is Locked, in phase Lock; neither stands elsewhere.
3. Times do not go back.
4. The phase sequence obeys FSM-0.1 from Observe to Lock, and the phases of the events, repeats
   collapsed, are a subsequence of it. Lock repeats only in a run that asked a human.
5. Evidence has paths below ``evidence/`` that are legal in format 0.2 too, and nothing names
   evidence that is not there.
6. Further keys of a payload have no name that the format gives to a field of payloads, and an
   event of another kind does not bear the name of a kind.

Rules 1, 2, 5 and 6 are stricter than a verifier, so that what is written leaves no question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

import msgspec
from msgspec import UNSET

from workc.bundle.layout import path_problem
from workc.bundle.v01.leaves import EVIDENCE
from workc.bundle.v01.policies import POLICIES
from workc.bundle.v01.run import (
    KINDS,
    ActError,
    HitlPrompt,
    IntentSet,
    Locked,
    OrientFromFailure,
    Other,
    Run,
    SignalsCaptured,
    SkillExecuted,
    VerificationRun,
)
from workc.kernel.phases import FIRST, LAST, Phase, may_follow

#: What payloads hold beside the fields of their kind's class.
_COMPUTED = {
    "applied_at_phase",
    "effects_declared",
    "effects_declared_count",
    "effects_observed",
    "effects_observed_count",
    "enf_k",
    "evi_ms",
    "items_count",
    "lens_id",
    "passed",
    "phase",
    "quality",
    "spawn_index",
    "suggestions",
    "ts_utc",
}
#: All names that the format gives to fields of payloads.
_NAMES = _COMPUTED.union(
    field.encode_name for kind in KINDS for field in msgspec.structs.fields(kind)
)
_KIND_NAMES = frozenset(kind.__name__ for kind in KINDS)

Rule = Callable[[Run], Iterator[str]]


def problems(run: Run) -> Iterator[str]:
    """Yields in a sentence each rule that the record of a run breaks.

    Each rule presumes those before it, so only the first problem is sure.
    """
    for rule in _RULES:
        yield from rule(run)


def phases_of(run: Run) -> list[Phase]:
    """Returns the phase sequence: the given one, or that of the events, repeats collapsed."""
    return _collapsed(run) if run.phase_sequence is UNSET else list(run.phase_sequence)


def _collapsed(run: Run) -> list[Phase]:
    phases: list[Phase] = [happening.phase for happening in run.happenings]
    return [phase for phase, _ in groupby(phases)]


def _names(run: Run) -> Iterator[str]:
    if run.policy_id not in POLICIES:
        yield f"the policy {run.policy_id!a} is not known"
    if run.parent_loop_id == run.loop_id:
        yield "the run is its own parent"
    ids = Counter(h.event_id for h in run.happenings if h.event_id is not UNSET)
    for event_id in sorted(each for each, count in ids.items() if count > 1):
        yield f"two events have the id {event_id!a}"


def _ends(run: Run) -> Iterator[str]:
    whats = [happening.what for happening in run.happenings]
    if [isinstance(what, IntentSet) for what in whats] != [True, *[False] * (len(whats) - 1)]:
        yield "the first event is IntentSet, and no other"
    if [isinstance(what, Locked) for what in whats] != [*[False] * (len(whats) - 1), True]:
        yield "the last event is Locked, and no other"
    elif run.happenings[-1].phase != LAST:
        yield f"Locked stands in phase {LAST}"


def _times(run: Run) -> Iterator[str]:
    for number, (before, after) in enumerate(pairwise(run.happenings), start=1):
        if after.at_ms < before.at_ms:
            yield f"the time goes back at event {number}"


def _phases(run: Run) -> Iterator[str]:
    phases = phases_of(run)
    if not phases or (phases[0], phases[-1]) != (FIRST, LAST):
        yield f"the phases do not lead from {FIRST} to {LAST}"
    asked = any(isinstance(happening.what, HitlPrompt) for happening in run.happenings)
    for before, after in pairwise(phases):
        if not may_follow(before, after):
            yield f"{after} must not follow {before}"
        elif before == after == LAST and not asked:
            yield f"{LAST} repeats, but no human was asked"
    rest = iter(phases)
    if not all(phase in rest for phase in _collapsed(run)):
        yield "the phases of the events are no subsequence of the phase sequence"


def _evidence(run: Run) -> Iterator[str]:
    # Compared without case: some file systems do not tell it.
    files = Counter(path.lower() for path in run.evidence)
    folders = {folder for path in files for folder in _folders(path)}
    for path in sorted(run.evidence):
        problem = path_problem(path)
        if problem or not path.startswith(EVIDENCE):
            yield f"{path!a} is no path of evidence: {problem or f'it is not below {EVIDENCE}'}"
        if files[path.lower()] > 1 or path.lower() in folders:
            yield f"{path!a} is the path of another file or folder too"
    for path in sorted(set(_named_evidence(run)) - run.evidence.keys()):
        yield f"the evidence {path!a} is named, but not there"


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def _named_evidence(run: Run) -> Iterator[str]:
    found = [gate.evidence for gate in run.gates]
    for happening in run.happenings:
        what = happening.what
        if isinstance(what, SignalsCaptured | SkillExecuted | OrientFromFailure | ActError):
            found.append(what.evidence)
        elif isinstance(what, VerificationRun):
            found.extend(result.evidence for result in what.results)
    yield from (path for path in found if isinstance(path, str))


def _open_keys(run: Run) -> Iterator[str]:
    for number, happening in enumerate(run.happenings):
        for key in sorted(_NAMES.intersection(happening.more)):
            yield f"event {number} has the further key {key}, a name of the format"
        what = happening.what
        if isinstance(what, Other) and what.named in _KIND_NAMES:
            yield f"event {number} is named {what.named} and is none"


_RULES: tuple[Rule, ...] = (_names, _ends, _times, _phases, _evidence, _open_keys)
