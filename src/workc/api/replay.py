"""Replay: the same engine and code with the bundle's captures for a world, then the same bytes.

The bundle is verified first: what is proven bad is not replayed. Then the engine runs again; every
answer comes from the bundle, pure skills and the code of context skills run anew, network, clock
and processes are denied. What comes out is sealed and every file compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from workc.adapters.bundle_folder import BundleFolder
from workc.adapters.event_loops import no_loop, run_still
from workc.adapters.guard import SkillGuard
from workc.adapters.isolation import isolated, timeless
from workc.adapters.memory import MemoryRun
from workc.adapters.place import new_place, path_of
from workc.api import launch
from workc.api.metering import Meter, RunMeter
from workc.api.recorded_programs import changed_code, recorded_program
from workc.api.verification import reader_of_bundle, verify_bundle
from workc.api.workflows import Skills, Workflow, skills_of
from workc.bundle.layout import BUNDLE_VERSION, EVENTS, MAX_FILE_BYTES
from workc.kernel import events
from workc.kernel.arguments import instance
from workc.kernel.events import Entry, RawEvent
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.ledger import LedgerError
from workc.kernel.payloads import RunStarted
from workc.kernel.values import Json, JsonObject
from workc.runtime.answering import call_awaiting, call_now
from workc.runtime.asks import Call
from workc.runtime.bodies import load_json
from workc.runtime.captures import CaptureDesk, Comparison, refuse_unused
from workc.runtime.divergence import Diverged, Divergence
from workc.runtime.engine import Engine
from workc.runtime.journal import Journal
from workc.runtime.metrics.table import ReplayVerdict
from workc.runtime.recorded import Recorded
from workc.runtime.session import Session
from workc.skills.registry import builtin_skills
from workc.stages.skill import Result
from workc.verify.reader import Reader, ReadError
from workc.verify.verdict import Finding, Verdict


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found. ``divergences`` is empty if and only if every byte is the same.

    ``opaque`` names the steps whose effects are unknown: their output is the capture, their code
    did not run. ``proof_digest`` is the recorded one, ``replayed_digest`` that of the new bundle.
    """

    identical: bool
    run_id: str | None
    events: int
    files: int
    proof_digest: str | None
    replayed_digest: str | None
    divergences: tuple[Divergence, ...] = ()
    opaque: tuple[str, ...] = ()
    undecided: bool = False
    bundle: str | None = None

    @property
    def verdict(self) -> ReplayVerdict:
        """Returns identical, differs, bad (the bundle does not verify) or undecided."""
        if self.identical:
            return "identical"
        if self.undecided:
            return "undecided"
        return "bad" if self.run_id is None else "differs"

    def to_json(self) -> JsonObject:
        """Returns the report as JSON, schema ``workc.replay/1``."""
        return {
            "schema": "workc.replay/1",
            "identical": self.identical,
            "run_id": self.run_id,
            "events": self.events,
            "files": self.files,
            "proof_digest": self.proof_digest,
            "replayed_digest": self.replayed_digest,
            "divergences": [found.to_json() for found in self.divergences],
            "opaque": list[Json](self.opaque),
            "bundle": self.bundle,
        }


class BundleFiles(MemoryRun):
    """The files of a replay: what it puts, and below that those of the bundle."""

    def __init__(self, bundle: Reader) -> None:
        super().__init__()
        self._bundle = bundle

    @property
    def folder(self) -> Path | None:
        """Returns where the bundle stands, if it is a folder."""
        return self._bundle.path if isinstance(self._bundle, BundleFolder) else None

    def recorded(self, path: str) -> bytes:
        """Returns the bytes of a file of the bundle."""
        return b"".join(self._bundle.chunks(path, MAX_FILE_BYTES))

    def get(self, path: str) -> bytes:
        """Returns what was put at ``path``, else what the bundle holds there."""
        try:
            return super().get(path)
        except Refusal:
            return self.recorded(path)


def replay(
    bundle: str | os.PathLike[str] | Mapping[str, bytes],
    *,
    workflow: Workflow[..., object] | None = None,
    skills: Skills | None = None,
    code: str | os.PathLike[str] = ".",
    out: str | os.PathLike[str] | None = None,
    meter: Meter | None = None,
) -> ReplayReport:
    """Re-executes a bundle and returns whether every file came out the same.

    ``workflow`` is the function of a bundle that was made from one; else it is looked for below
    ``code``, where the Python files of a workflow file are looked for too. ``out`` is where the new
    bundle goes, if it is identical; there must be nothing yet. ``meter`` counts what is done.

    Raises:
        FileNotFoundError: the bundle does not exist.
        FileExistsError: there is something at ``out``.
        Misuse: an argument is not of its kind.
    """
    if workflow is not None:
        instance("workflow", workflow, Workflow, "a @workflow")
    if meter is not None:
        instance("meter", meter, Meter, "what counts runs")
    target = None if out is None else new_place("out", out)
    given = Code(skills_of(skills), workflow, path_of("code", code))
    report = _replayed(bundle, given, target, meter)
    if meter is not None:
        meter.replayed(report.verdict, (found.code for found in report.divergences))
    return report


@dataclass(frozen=True)
class Code:
    """What a bundle is replayed with."""

    skills: Skills
    workflow: Workflow[..., object] | None
    folder: Path


def _replayed(
    bundle: str | os.PathLike[str] | Mapping[str, bytes],
    code: Code,
    out: Path | None,
    meter: Meter | None,
) -> ReplayReport:
    source = reader_of_bundle(bundle)
    verdict = verify_bundle(bundle)
    if meter is not None:
        meter.verified(verdict)
    if not verdict.ok:
        return _not_replayed(verdict)
    if out is not None and os.path.lexists(out) and (not out.is_dir() or os.listdir(out)):
        raise FileExistsError(str(out))
    files = BundleFiles(source)
    if verdict.bundle_version != BUNDLE_VERSION:
        named = verdict.bundle_version
        return _not_recorded(f"bundles of format {named} do not hold what a replay needs")
    log = [events.decode_event(line) for line in files.recorded(EVENTS).splitlines()]
    with isolated():
        try:
            divergences = _run_again(
                files, log, code, None if meter is None else meter.run("replay")
            )
        except _CodeNotHere as missing:
            return _unplayed(verdict, log, missing.failure)
        except Diverged as diverged:
            divergences = [diverged.divergence]
        except Refusal as refusal:
            divergences = [_refused(refusal.failure)]
        except (ValueError, LookupError, LedgerError, ReadError) as error:
            # The bytes are whole, as the oracle found, but no run of ours has written them.
            divergences = [_nonsense(error)]
    return _report(verdict, files, log, divergences, out)


class _CodeNotHere(Exception):
    """The code that the bundle names could not be loaded, so nothing was replayed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _unplayed(verdict: Verdict, log: list[RawEvent], failure: Failure) -> ReplayReport:
    message = f"the code that was recorded is not here: {failure.message}; say where: --code DIR"
    return ReplayReport(
        identical=False,
        run_id=verdict.run_id,
        events=len(log),
        files=0,
        proof_digest=verdict.proof_digest,
        replayed_digest=None,
        divergences=(Divergence(code=failure.code, message=message),),
        undecided=True,
    )


def _run_again(
    files: BundleFiles,
    log: list[RawEvent],
    code: Code,
    meter: RunMeter | None,
) -> list[Divergence]:
    first = log[0]
    payload = events.decode_payload(first.kind, first.payload)
    if not isinstance(payload, RunStarted):
        raise Misuse("a verified bundle starts with RunStarted")
    try:
        program = recorded_program(
            payload,
            files,
            code.workflow,
            {**builtin_skills(), **code.skills},
            code.folder,
            files.folder,
            with_children=False,
        )
    except Refusal as refusal:
        raise _CodeNotHere(refusal.failure) from None
    changed = list(changed_code(payload, program, with_children=False))
    inputs = load_json(files, payload.inputs)
    entry = Entry(at=(0,), payload=payload, at_ms=first.at_ms)
    start = launch.Start(entry, program, inputs if isinstance(inputs, dict) else {})
    try:
        _drive(start, files, Recorded(log[1:]), None if meter is None else meter.watch(files))
    except Diverged as diverged:
        return [*changed, diverged.divergence]
    return changed


def _drive(
    start: launch.Start, files: BundleFiles, recorded: Recorded, watch: launch.Watch | None
) -> None:
    journal = Journal(files)
    journal.append(start.entry)
    if watch is not None:
        watch(start.entry)
    guard = SkillGuard(launch.recorded_guard(start.payload, files))
    engine: Engine = launch.make_engine(start, launch.make_run(start, files, guard.watch), None)
    desk = CaptureDesk(recorded, files, _call_again)
    session = Session(engine, journal, desk, Comparison(recorded), watch)
    try:
        session.turn()
    finally:
        engine.close()
    if not session.done:
        raise Misuse("a replay stopped before its end")
    refuse_unused(recorded)


def _call_again(call: Call) -> Result:
    if call.skill.kind == "function":
        with no_loop():
            return call_now(call, timeless)
    return _await_again(call)


def _await_again(call: Call) -> Result:
    try:
        return run_still(call_awaiting(call, timeless))
    except Refusal as refusal:
        return Result(failure=refusal.failure)


def _report(
    verdict: Verdict,
    files: BundleFiles,
    log: list[RawEvent],
    divergences: list[Divergence],
    out: Path | None,
) -> ReplayReport:
    digest: str | None = None
    count = 0
    if not divergences:
        receipt, made = launch.seal_memory(files)
        digest = receipt.proof_digest if isinstance(receipt.proof_digest, str) else None
        count = len(made)
        divergences = list(_differing_files(files, made))
    if not divergences and out is not None:
        launch.seal_folder(files, out, sync=False)
    return ReplayReport(
        identical=not divergences,
        run_id=verdict.run_id,
        events=len(log),
        files=count,
        proof_digest=verdict.proof_digest,
        replayed_digest=digest,
        divergences=tuple(divergences),
        opaque=tuple(sorted(_opaque_steps(log))),
        bundle=str(out) if out is not None and not divergences else None,
    )


def _differing_files(files: BundleFiles, made: Mapping[str, bytes]) -> Iterator[Divergence]:
    for path, data in sorted(made.items()):
        if files.recorded(path) != data:
            yield Divergence(
                code="REPLAY_DIVERGED", message=f"the file {path} comes out different", path=path
            )


def _opaque_steps(log: list[RawEvent]) -> set[str]:
    found: set[str] = set()
    for event in log:
        if event.kind == "SkillAsked":
            found.add(str(getattr(events.decode_payload(event.kind, event.payload), "step", "")))
    return found


def _nonsense(error: Exception) -> Divergence:
    message = f"what is recorded is not what a run records: {type(error).__name__}"
    return Divergence(code="CAPTURE_EDITED", message=message)


def _refused(failure: Failure) -> Divergence:
    return Divergence(code=failure.code, message=failure.message)


def _not_recorded(message: str) -> ReplayReport:
    return ReplayReport(
        identical=False,
        run_id=None,
        events=0,
        files=0,
        proof_digest=None,
        replayed_digest=None,
        divergences=(Divergence(code="VERSION_UNSUPPORTED", message=message),),
        undecided=True,
    )


#: What a finding of the oracle means for a replay.
_MEANING = {
    "HASH_MISMATCH": "CAPTURE_EDITED",
    "MANIFEST_MISSING_FILE": "CAPTURE_MISSING",
    "CAPTURE_MISSING": "CAPTURE_MISSING",
    "UNLISTED_FILE": "CAPTURE_UNUSED",
}


def _not_replayed(verdict: Verdict) -> ReplayReport:
    return ReplayReport(
        identical=False,
        run_id=None,
        events=0,
        files=0,
        proof_digest=None,
        replayed_digest=None,
        divergences=tuple(_finding(found) for found in verdict.failures),
        undecided=verdict.undecided,
    )


def _finding(found: Finding) -> Divergence:
    return Divergence(
        code=_MEANING.get(found.code, "CAPTURE_EDITED"),
        message=f"the bundle does not verify: {found.code}: {found.message}",
        path=found.path,
        pointer=found.pointer,
        recorded=found.expected,
        now=found.actual,
    )
