"""Which skills a verified bundle says it called, and the ids of those that are stages.

The bundle is read again for this. What is read is held to the proof digest of the verdict, so that it is the
bundle that was verified, whatever became of the files since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from workc.api.sources import split_lines
from workc.bundle.documents import (
    Manifest,
    NotCanonicalError,
    Receipt,
    proof_digest,
    read_manifest,
    read_receipt,
)
from workc.bundle.layout import (
    EVENTS,
    MANIFEST,
    MAX_DOCUMENT_BYTES,
    MAX_FILE_BYTES,
    RECEIPT,
)
from workc.kernel.digest import sha256_hex
from workc.kernel.events import UNREADABLE
from workc.kernel.stage_ids import StageIds
from workc.runtime.workflow.facts import CHILD_PREFIX
from workc.verify.reader import Reader, ReadError

_CALLS = ("SkillAsked", "SkillExecuted")
#: What is called where a step runs a child: nobody's skill.
_CHILD = ""


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """A skill that a run called: the digest of its code, its ids if it has some, its attempts.

    ``code`` is empty where the run names none.
    """

    name: str
    code: str
    ids: StageIds | None
    attempts: int


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """What a run called, by name; ``children`` says whether it called other runs, too."""

    skills: tuple[Called, ...]
    children: bool


class _Payload(msgspec.Struct, frozen=True):
    skill: str = ""
    step: str = ""


class _Event(msgspec.Struct, frozen=True):
    kind: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"{}")


_EVENTS = msgspec.json.Decoder(_Event)
_PAYLOADS = msgspec.json.Decoder(_Payload)


def calls_of(reader: Reader, digest: str) -> Calls:
    """Returns what a bundle of format 0.2 with this proof digest says that it called.

    Raises:
        ReadError: it cannot be read, or is not that bundle.
    """
    try:
        receipt, manifest = _documents(reader, digest)
        attempts = _attempts(reader, manifest)
    except (NotCanonicalError, *UNREADABLE) as error:
        raise _changed() from error
    stages = receipt.stages or {}
    listed = [
        Called(name=name, code=receipt.code.get(name, ""), ids=stages.get(name), attempts=number)
        for name, number in sorted(attempts.items())
        if name != _CHILD
    ]
    return Calls(skills=tuple(listed), children=_CHILD in attempts)


def _documents(reader: Reader, digest: str) -> tuple[Receipt, Manifest]:
    receipt = read_receipt(_read(reader, RECEIPT))
    data = _read(reader, MANIFEST)
    if proof_digest(receipt) != digest or sha256_hex(data) != receipt.manifest_sha256:
        raise _changed()
    return receipt, read_manifest(data)


def _read(reader: Reader, path: str) -> bytes:
    return b"".join(reader.chunks(path, MAX_DOCUMENT_BYTES))


def _attempts(reader: Reader, manifest: Manifest) -> dict[str, int]:
    """Returns how often each skill was executed; 0 of one that was asked only."""
    found: dict[str, int] = {}
    spawning: set[str] = set()
    hasher = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for chunk in reader.chunks(EVENTS, MAX_FILE_BYTES):
            hasher.update(chunk)
            yield chunk

    for line in split_lines(hashed()):
        event = _EVENTS.decode(line)
        if event.kind == "ChildSpawned":
            spawning.add(_PAYLOADS.decode(event.payload).step)
        elif event.kind in _CALLS:
            name = _called(_PAYLOADS.decode(event.payload), spawning)
            found[name] = found.get(name, 0) + (event.kind == "SkillExecuted")
    listed = {entry.path: entry.sha256 for entry in manifest.files}
    if listed.get(EVENTS) != hasher.hexdigest():
        raise _changed()
    return found


def _called(said: _Payload, spawning: set[str]) -> str:
    """Returns the skill that was called. A skill may have the name of a child, and is none for that."""
    is_child = said.skill.startswith(CHILD_PREFIX) and said.step in spawning
    return _CHILD if is_child else said.skill


def _changed() -> ReadError:
    return ReadError("it is not the bundle that was verified a moment ago")
