r"""Writes a bundle of format 0.1 from a run: every file as bytes, every hash and root computed.

A pure function: the same run gives the same bytes. A run that no legal bundle can be made of gives
:class:`~workc.bundle.v01.run.IllegalRunError`, whatever is wrong with it, and nothing else.

>>> from workc.bundle.v01.records import Actor, CheckSpec, Ending, Intent, Lens, Quality
>>> from workc.bundle.v01.run import Happening, IntentSet, Locked, Run
>>> intent = IntentSet(
...     intent=Intent(description="look", source="human"), actor=Actor(type="agent", name="a")
... )
>>> lock = Locked(lock_level="Draft", outcome=Ending(status="failed", description="nothing done"))
>>> full = Quality(coverage=1000, freshness=1000, conflict=1000, provenance=1000)
>>> run = Run(
...     loop_id="loop-1",
...     happenings=(
...         Happening(at_ms=0, phase="Observe", what=intent),
...         Happening(at_ms=5, phase="Lock", what=lock),
...     ),
...     phase_sequence=("Observe", "Orient", "Decide", "Act", "Verify", "Lock"),
...     lens=Lens(lens_id="lens-1", quality=full),
...     checks=CheckSpec(level="Syntactic"),
... )
>>> bundle = write(run)
>>> sorted(bundle.files)
['events.jsonl', 'manifest.json', 'receipt.json']
>>> bundle.files["events.jsonl"].count(b"\n"), bundle.proof_digest[:8]
(2, 'f5f01b50')
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import chain
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from workc.bundle.layout import EVENTS, LIMITS, MANIFEST, RECEIPT, Limits
from workc.bundle.v01 import conclusions, digests, legality
from workc.bundle.v01.canonical import encode
from workc.bundle.v01.leaves import RECEIPT_TREES, event_leaf, manifest_leaves, receipt_leaves
from workc.bundle.v01.merkle import RootBuilder, Tree, root
from workc.bundle.v01.payloads import Facts, kind_of, payload_of
from workc.bundle.v01.plain import as_json
from workc.bundle.v01.policies import POLICIES
from workc.bundle.v01.receipt import ENF_VERSION, Projection
from workc.bundle.v01.run import ChildSpawned, IllegalRunError, Run, SkillExecuted
from workc.kernel.canonical import CanonicalError
from workc.kernel.rfc3339 import spell
from workc.kernel.selectors import Effect, SelectorError, normalise, uncovered
from workc.kernel.trie_merge import CompressionError, compress
from workc.kernel.values import JsonObject

BUNDLE_VERSION = "BUNDLE-0.1"
_VERSIONS: Mapping[str, str] = {
    "cj_version": "CJ-0.1",
    "proof_version": "PROOF-0.1",
    "fsm_version": "FSM-0.1",
    "enf_version": ENF_VERSION,
}


class Bundle(NamedTuple):
    """The files of a bundle by their paths, in order, and the digest that commits to them."""

    files: Mapping[str, bytes]
    proof_digest: str


def write(run: Run, limits: Limits = LIMITS) -> Bundle:
    """Returns the bundle of ``run``.

    Raises:
        IllegalRunError: no legal bundle, within ``limits``, can be made of it.
    """
    try:
        bundle = _write(_sound(run))
    except (CanonicalError, CompressionError, SelectorError) as error:
        raise IllegalRunError(str(error)) from None
    except RecursionError:
        raise IllegalRunError("a value is nested too deep, or contains itself") from None
    _check_limits(bundle, limits)
    return bundle


def _sound(run: Run) -> Run:
    """Returns the run, every field of its type and within its bounds, every rule obeyed."""
    try:
        fields = msgspec.to_builtins(run, builtin_types=(bytes,))
        sound = msgspec.convert(fields, Run, builtin_types=(bytes,))
    except (TypeError, UnicodeEncodeError, msgspec.ValidationError) as error:
        raise IllegalRunError(f"not a run: {error}") from None
    for problem in chain(legality.problems(sound), conclusions.problems(sound)):
        raise IllegalRunError(problem)
    return sound


def _write(run: Run) -> Bundle:
    declared = _declared(run)
    payloads = _payloads(run, declared)
    log, log_root = _log(run, payloads)
    body = Projection(run, payloads, declared).receipt()
    started = body["timestamp_utc"]
    evidence = [_entry(path, data) for path, data in sorted(run.evidence.items())]
    roots = {tree: root(tree, receipt_leaves(tree, body)) for tree in RECEIPT_TREES}
    roots[Tree.EVENT_LOG] = log_root
    roots[Tree.EVIDENCE] = root(Tree.EVIDENCE, manifest_leaves({"files": [*evidence]}))
    integrity = _integrity(run, body, roots)
    receipt = encode({**body, "integrity": integrity})
    entries = [_entry(EVENTS, log), *evidence, _entry(RECEIPT, receipt)]
    manifest: JsonObject = {
        "bundle_version": BUNDLE_VERSION,
        "created_utc": started,
        "files": [*entries],
        "loop_id": run.loop_id,
    }
    files = {EVENTS: log, MANIFEST: encode(manifest), RECEIPT: receipt, **run.evidence}
    return Bundle(dict(sorted(files.items())), str(integrity["proof_digest"]))


def _declared(run: Run) -> tuple[Effect, ...]:
    """Returns what is declared for the planned effects; it must cover what was done."""
    declared = compress([(effect.op, effect.selector) for effect in run.planned], run.k).effects
    done = [
        normalise(effect.op, effect.selector)
        for happening in run.happenings
        if isinstance(happening.what, SkillExecuted)
        for effect in happening.what.effects
    ]
    for effect in uncovered(declared, done):
        message = f"{effect.op} {effect.selector!a} was done, but no declared effect covers it"
        raise IllegalRunError(message)
    return declared


def _payloads(run: Run, declared: tuple[Effect, ...]) -> list[tuple[str, JsonObject]]:
    """Returns kind and payload of each event, further keys left out."""
    whats = [happening.what for happening in run.happenings]
    spawned = [what.child_loop_id for what in whats if isinstance(what, ChildSpawned)]
    spawns = {child: index for index, child in enumerate(spawned)}
    facts = Facts(run.lens, declared, run.k, spawns)
    return [(kind_of(each), payload_of(each, facts)) for each in run.happenings]


def _log(run: Run, payloads: list[tuple[str, JsonObject]]) -> tuple[bytes, str]:
    """Returns the bytes of the events, and their root."""
    lines: list[bytes] = []
    builder = RootBuilder(Tree.EVENT_LOG)
    before = digests.GENESIS
    for seq, (happening, (kind, payload)) in enumerate(zip(run.happenings, payloads, strict=True)):
        event_id = happening.event_id
        event: JsonObject = {
            "event_id": f"evt-{seq:06}" if event_id is UNSET else event_id,
            "loop_id": run.loop_id,
            "seq": seq,
            "ts_utc": spell(happening.at_ms),
            "phase": happening.phase,
            "kind": kind,
            "payload": payload | {key: as_json(value) for key, value in happening.more.items()},
            "prev_event_hash": before,
        }
        before = digests.event_hash(event)
        builder.add(event_leaf(before, seq))
        lines.append(encode(event | {"event_hash": before}) + b"\n")
    return b"".join(lines), builder.root()


def _integrity(run: Run, body: JsonObject, roots: Mapping[Tree, str]) -> JsonObject:
    receipt_hash = digests.receipt_hash(body)
    return {
        **_VERSIONS,
        "policy_id": run.policy_id,
        "policy_hash": POLICIES[run.policy_id],
        "receipt_hash": receipt_hash,
        "proof_digest": digests.proof_digest(receipt_hash, roots),
        "roots": {tree.field: value for tree, value in roots.items()},
    }


def _entry(path: str, data: bytes) -> JsonObject:
    return {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}


def _check_limits(bundle: Bundle, limits: Limits) -> None:
    lines = bundle.files[EVENTS].splitlines()
    documents = [len(bundle.files[path]) for path in (MANIFEST, RECEIPT)]
    sizes = (
        ("files", len(bundle.files), limits.names),
        ("events", len(lines), limits.events),
        ("bytes in an event", max(map(len, lines)), limits.line_bytes),
        ("bytes in the receipt or the manifest", max(documents), limits.document_bytes),
        ("bytes in a file", max(map(len, bundle.files.values())), limits.file_bytes),
    )
    for what, size, limit in sizes:
        if size > limit:
            raise IllegalRunError(f"{size} {what}, where {limit} are the most")
