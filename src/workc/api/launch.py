"""One run from start to seal: the composition of engine, journal, ledger, driver and bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import UNSET

from workc.adapters.bundle_folder import BundleWriter, MemoryBundle
from workc.adapters.event_loops import loopless
from workc.adapters.guard import GuardMode
from workc.adapters.identity import run_id as make_run_id
from workc.api.access import Access, noted_folders
from workc.api.contract_account import ContractAccount
from workc.api.effect_rules import bases_of, limits_of_effects, recorded_bases
from workc.api.live_ports import LivePorts
from workc.api.network import NetworkPorts
from workc.api.run_secrets import cleaner, recorded_texts, secret_values
from workc.api.settings import Clock, RunDriver, Settings, policy_rules
from workc.api.side_effects import Recorder
from workc.api.standing_in import StandIn, recorded_stand_in
from workc.bundle.documents import Child, Receipt
from workc.bundle.policies import policy_name
from workc.bundle.seal import BundleSink, seal
from workc.kernel import canonical, jcs
from workc.kernel.catalog import CATALOG_SHA256
from workc.kernel.chain import GENESIS, link
from workc.kernel.digest import sha256_hex
from workc.kernel.events import Entry, Record, encode
from workc.kernel.failure import Misuse, refuse
from workc.kernel.payloads import Body, Limits, Parent, Policy, RunStarted, given
from workc.kernel.values import JsonObject
from workc.kernel.version import __version__
from workc.runtime.answering import Answering
from workc.runtime.bodies import Files, KeptFiles, load_json, store_file
from workc.runtime.children import ChildRuns, NoChildren
from workc.runtime.claims import Claims
from workc.runtime.ending import RunResult
from workc.runtime.engine import Engine
from workc.runtime.flow import run_body
from workc.runtime.governor import Governor, ledger_of
from workc.runtime.guarding import Guard, unguarded
from workc.runtime.injection import Injected, by_attempt, parse_injection
from workc.runtime.journal import Journal, Sink
from workc.runtime.outcome import (
    STATUS_OF,
    ChildOutcome,
    SideEffect,
    StructuredOutcome,
    Timings,
    as_mapping,
    error_of,
)
from workc.runtime.policy.model import PolicyFile, recorded_ruling, required_of
from workc.runtime.program import Program
from workc.runtime.run import Run
from workc.runtime.session import Desk, Known, Session
from workc.runtime.taken_fallback import taken_fallback
from workc.runtime.world import WorldDesk
from workc.stages.grants import grants_of
from workc.stages.network import NetworkPolicy

ENGINE_VERSION = f"workc {__version__}"

Watch = Callable[[Entry], None]


class Written(Protocol):
    """What a run has written, to be sealed."""

    def records(self) -> Iterator[Record]:
        """Yields the journal in order of arrival."""
        ...

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yields the bytes of a file."""
        ...


class Place(Files, Sink, Written, Protocol):
    """Where a run writes: a folder, or memory."""

    def close(self) -> None:
        """Ends the writing."""
        ...


@dataclass(frozen=True)
class Start:
    """What a run begins with: its first record, and what is not in it."""

    entry: Entry
    program: Program
    inputs: JsonObject

    @property
    def payload(self) -> RunStarted:
        """Returns the RunStarted."""
        if not isinstance(self.entry.payload, RunStarted):
            raise Misuse("a run starts with RunStarted")
        return self.entry.payload


@dataclass(frozen=True)
class Born:
    """What a child has of its parent."""

    parent: Parent
    nonce: str


def begin(
    program: Program,
    inputs: JsonObject,
    settings: Settings,
    files: Files,
    clock: Clock,
    run_id: str,
    stand_in: StandIn | None = None,
    born: Born | None = None,
) -> Start:
    """Returns the start of a new run; the files that it names are put into ``files``."""
    seed = settings.seed
    if seed is None:
        seed = int.from_bytes(settings.entropy.draw(8), "big")
    text, texts = recorded_texts(program, settings)
    payload = RunStarted(
        bundle="0.2",
        catalog_sha256=CATALOG_SHA256,
        ceiling_micro_cents=settings.ceiling_micro_cents or 0,
        code=dict(program.code),
        engine=ENGINE_VERSION,
        inputs=store_file(files, "evidence/inputs.json", "json", jcs.encode(inputs)),
        lens_script=list(settings.lens_script) or UNSET,
        limits=UNSET if settings.limits == Limits() else settings.limits,
        max_backtracks=program.max_backtracks or UNSET,
        name=program.name,
        nonce=settings.entropy.draw(16).hex() if born is None else born.nonce,
        parent=UNSET if born is None else born.parent,
        policy=_policy(settings, files, _rules_of_run(program, settings, stand_in)),
        prices=store_file(files, "evidence/prices.json", "json", settings.prices),
        program=store_file(files, program.path, "text", text),
        program_kind=program.kind,
        programs={name: _kept(files, each) for name, each in texts.items()} or UNSET,
        run_id=run_id,
        seed=str(seed),
        stages=dict(program.stages) or UNSET,
    )
    return Start(Entry(at=(0,), payload=payload, at_ms=clock.now_ms()), program, inputs)


def _kept(files: Files, text: bytes) -> Body:
    """Returns the program of a child as its parent keeps it."""
    return store_file(files, f"evidence/{sha256_hex(text)}.txt", "text", text)


def new_run_id(settings: Settings, clock: Clock) -> str:
    """Returns an id for a run that begins now."""
    return make_run_id(clock.now_ms(), settings.entropy.draw(10))


def _rules_of_run(program: Program, settings: Settings, stand_in: StandIn | None) -> JsonObject:
    """Returns the rules of this very run: who stands in, and where providers are, if it is bounded."""
    standing_in = {} if stand_in is None else stand_in.rules
    return {**standing_in, **bases_of(program, settings)}


def _policy(settings: Settings, files: Files, own: JsonObject) -> Policy:
    rules = canonical.encode({**policy_rules(settings), **own})
    digest = sha256_hex(rules)
    return Policy(
        id=policy_name(digest),
        rules=store_file(files, "evidence/policy.json", "json", rules),
        rules_sha256=digest,
    )


def recorded_policy(started: RunStarted, files: KeptFiles) -> NetworkPolicy:
    """Returns the policy that a run began with."""
    return msgspec.convert(_rules(started, files).get("network"), NetworkPolicy)


def recorded_access(started: RunStarted, files: KeptFiles, notes: JsonObject) -> Access:
    """Returns what a run may do to this machine, by its rules and the notes of its folder.

    Raises:
        Refusal: ``JOURNAL_CORRUPT`` if its rules hold something else.
    """
    try:
        grants = grants_of(_rules(started, files))
    except Misuse as misuse:
        raise refuse("JOURNAL_CORRUPT", str(misuse)) from None
    return Access(grants=grants, folders=noted_folders(notes))


def ruling_of(started: RunStarted, files: KeptFiles) -> PolicyFile | None:
    """Returns what the policy of a run says beside its network; raises as ``recorded_ruling``."""
    return recorded_ruling(_rules(started, files))


def recorded_guard(started: RunStarted, files: KeptFiles, asked: GuardMode = "off") -> GuardMode:
    """Returns the guard of a run that began before: one that refuses stays, else what is asked now.

    A replay that asks for none so refuses what the run refused. A guard that only warns is free to
    come and go; one that refuses is a rule of the run, and cannot be made one later.
    """
    if _rules(started, files).get("guard") == "refuse":
        return "refuse"
    return "warn" if asked == "refuse" else asked


def _injected(started: RunStarted, files: Files) -> Injected:
    """Returns the failures that were injected into a run, by step and attempt.

    Raises:
        Refusal: ``INVALID_INPUT`` if its rules hold something else.
    """
    listed = _rules(started, files).get("injected")
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    return by_attempt(map(parse_injection, texts))


def _rules(started: RunStarted, files: KeptFiles) -> JsonObject:
    rules = load_json(files, started.policy.rules)
    return rules if isinstance(rules, dict) else {}


def stand_in_of(
    started: RunStarted, files: KeptFiles, clock: Clock, account: ContractAccount | None = None
) -> StandIn | None:
    """Returns who stood in for the world when the run began; ``account`` is that of its contract."""
    return recorded_stand_in(load_json(files, started.policy.rules), clock.now_ms, account)


def make_run(
    start: Start, files: Files, guard: Guard = unguarded, children: ChildRuns | None = None
) -> Run:
    """Returns the run that a start describes; without ``children`` it can start none."""
    payload, entry = start.payload, start.entry
    rules = _rules(payload, files)
    ruling = recorded_ruling(rules)
    limits = payload.limits or Limits()
    times = [start.program.timeout_ms, given(limits.wall_ms)]
    time_ms = min((each for each in times if each is not None), default=None)
    bounds = limits_of_effects(start.program, ruling)
    return Run(
        program=start.program,
        files=files,
        run_id=payload.run_id,
        seed=int(payload.seed),
        inputs=start.inputs,
        ceiling_micro_cents=payload.ceiling_micro_cents,
        deadline_ms=None if time_ms is None else (given(entry.at_ms) or 0) + time_ms,
        limits=limits,
        guard=guard,
        nonce=payload.nonce,
        is_child=payload.parent is not UNSET,
        children=children or NoChildren(),
        injected=_injected(payload, files),
        rules=rules,
        lens_script=payload.lens_script or (),
        effects=bounds,
        asking=None if ruling is None else ruling.approval,
        required=required_of(ruling, bounds),
        deciding=None if ruling is None else ruling.decide,
        bases=recorded_bases(rules),
    )


def make_governor(start: Start, settings: Settings, clock: Clock, children: ChildRuns) -> Governor:
    """Returns who decides about the money of a run, before its first move."""
    started = start.payload
    wall_ms = given(started.limits.wall_ms) if started.limits else None
    return Governor(
        ledger_of(started),
        clock.now_ms,
        ends_ms=None if wall_ms is None else (given(start.entry.at_ms) or 0) + wall_ms,
        pool=None if settings.budget is None else settings.budget.share(started.run_id),
        on_halt=children.stop,
    )


def make_engine(start: Start, run: Run, max_lanes: int | None) -> Engine:
    """Returns the engine of a run, about to begin."""
    started_ms = start.entry.at_ms if isinstance(start.entry.at_ms, int) else 0
    return Engine(run_body(run), started_ms, max_lanes, loopless)


@dataclass(frozen=True)
class Finished:
    """A run that reached its lock, with its receipt."""

    result: RunResult
    receipt: Receipt
    side_effects: tuple[SideEffect, ...]


def run_live(
    start: Start,
    place: Place,
    settings: Settings,
    clock: Clock,
    *,
    children: ChildRuns,
    journal: Journal | None = None,
    known: Known | None = None,
    desk: Desk | None = None,
    before: Iterable[Entry] = (),
    stand_in: StandIn | None = None,
    watch: Watch | None = None,
    on_driver: Callable[[RunDriver], None] | None = None,
    guard: Guard = unguarded,
) -> tuple[RunResult, tuple[SideEffect, ...]]:
    """Runs to the lock and returns what it gave; with ``known``, it continues what was recorded.

    ``before`` are the recorded entries of a run that continues. ``stand_in`` answers for the world,
    and ``children`` runs those that the run starts.

    Raises:
        Interrupted: the driver was told to stop; the journal holds everything so far.
    """
    run = make_run(start, place, guard, children)
    recorder = Recorder(place, watch)
    for entry in before:
        recorder.note(entry)
    if journal is None:
        journal = Journal(place)
        journal.append(start.entry)
        recorder(start.entry)
    desk = desk or make_governor(start, settings, clock, children)
    if stand_in is not None and stand_in.world is not None:
        desk = WorldDesk(desk, stand_in.world, place, clock.now_ms)
    values = secret_values(settings.environment, start.program)
    claims = Claims(start.payload.run_id, before)
    driver = settings.driver(
        Answering(place, clock.now_ms, cleaner(values), claims),
        settings.ports or live_ports(settings, values),
        settings.max_parallel,
    )
    if on_driver is not None:
        on_driver(driver)
    engine = make_engine(start, run, settings.max_parallel)
    try:
        result = driver.drive(Session(engine, journal, desk, known, recorder))
    finally:
        engine.close()
    if not isinstance(result, RunResult):
        raise Misuse("the run ended without a result")
    return result, recorder.side_effects()


def live_ports(settings: Settings, secrets: Mapping[str, str]) -> LivePorts:
    """Returns the ports of the real network and of this machine."""
    network = NetworkPorts(settings.policy, secrets, settings.environment, settings.entropy)
    access = settings.access
    return LivePorts(network, access.grants, access.folders, settings.store, settings.locks)


def seal_into(place: Written, sink: BundleSink) -> Receipt:
    """Writes the bundle of a run that has reached its lock."""
    records = sorted(place.records(), key=lambda record: record.at)
    return seal(records, sink, place.chunks)


def seal_folder(place: Written, target: Path, *, sync: bool) -> Receipt:
    """Writes the bundle into a folder, which is there only when it is whole.

    Raises:
        FileExistsError: something is there already.
    """
    writer = BundleWriter(target, sync=sync)
    try:
        receipt = seal_into(place, writer)
        writer.finish()
    except BaseException:
        writer.discard()
        raise
    return receipt


def seal_memory(place: Place) -> tuple[Receipt, dict[str, bytes]]:
    """Returns receipt and files of the bundle."""
    bundle = MemoryBundle()
    return seal_into(place, bundle), bundle.files


def outcome_of(finished: Finished, bundle: str | None) -> StructuredOutcome:
    """Returns the outcome of a run that was sealed."""
    result, receipt = finished.result, finished.receipt
    failure = result.failure
    fallbacks = tuple(taken_fallback(taken) for taken in receipt.fallbacks or ())
    done = "; ".join(map(str, fallbacks)) or "done"
    digest = receipt.proof_digest
    produced = receipt.output is not UNSET
    return StructuredOutcome(
        status=STATUS_OF[result.outcome],
        code="OK" if failure is None else failure.code,
        message=done if failure is None else failure.message,
        output=result.output,
        result=as_mapping(result.output) if produced else None,
        error=None if failure is None else error_of(failure, result.step),
        side_effects=finished.side_effects,
        cost_micro_cents=receipt.money.spent_micro_cents,
        attempts=receipt.counts.attempts,
        timings=Timings(started_ms=receipt.started_ms, ended_ms=receipt.ended_ms),
        run_id=receipt.run_id,
        step=result.step,
        bundle=bundle,
        proof_digest=digest if isinstance(digest, str) else None,
        fallbacks=fallbacks,
        failed_gates=result.failed_gates,
        children=tuple(map(_child_of, receipt.children or ())),
    )


def _child_of(child: Child) -> ChildOutcome:
    digest = child.proof_digest
    return ChildOutcome(
        run_id=child.child_run_id,
        step=child.step,
        outcome=child.outcome or None,
        critical=child.critical,
        proof_digest=digest or None,
        cost_micro_cents=child.spent_micro_cents or 0,
    )


def journal_after(records: Sequence[Record], sink: Sink) -> Journal:
    """Returns a journal that continues after ``records``, which are all of its records so far."""
    prev = link(encode(records[-1])) if records else GENESIS
    return Journal(sink, len(records), prev)
