"""What is measured, and the floors that it is measured against."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

import workc
from workc.adapters.bundle_folder import BundleFolder, BundleWriter
from workc.bundle.seal import seal
from workc.kernel import events
from workc.kernel.events import Path as Path_
from workc.kernel.events import RawEvent, Record

#: Where the first step of a workflow function stands in the root lane.
STEP_PLACE = 4


@workc.skill(pure=True)
def increment(x: int) -> int:
    """Adds one."""
    return x + 1


@workc.skill
def touch(x: int) -> int:
    """Does nothing that workc knows of: an opaque effect, asked ahead and answered."""
    return x


@workc.workflow
async def pure_steps(ctx: workc.WorkflowContext, count: int) -> int:
    """Runs ``count`` pure steps one after the other."""
    value: object = 0
    for _ in range(count):
        value = await ctx.call(increment, x=value)
    return count


@workc.skill(pure=True)
def blob(x: int) -> str:
    """Returns 100 kB that no other number gives, which stand in a file of their own."""
    return f"{x:08d}" * 12_500


@workc.workflow
async def blobs(ctx: workc.WorkflowContext, count: int) -> int:
    """Makes ``count`` files of 100 kB."""
    for number in range(count):
        await ctx.call(blob, x=number)
    return count


@workc.workflow
async def effects(ctx: workc.WorkflowContext, count: int) -> int:
    """Makes ``count`` effects one after the other."""
    for number in range(count):
        await ctx.call(touch, x=number)
    return count


def bare_hashes(folder: Path) -> None:
    """Is the floor of a verification: every file read and hashed, and nothing asked of it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                hashlib.file_digest(file, "sha256")


def long_log(out: Path, count: int) -> None:
    """Seals a bundle with ``count`` pure steps: those of a real run of one, repeated."""
    with tempfile.TemporaryDirectory() as name:
        short = Path(name) / "short"
        workc.Runtime().run(pure_steps, {"count": 1}, out=short)
        lines = (short / "events.jsonl").read_bytes().splitlines()
        writer = BundleWriter(out)
        reader = BundleFolder(short)
        seal(_repeated(lines, count), writer, lambda path: reader.chunks(path, 1 << 30))
        writer.finish()


def _repeated(lines: list[bytes], count: int) -> Iterator[Record]:
    for event in map(events.decode_event, lines):
        if event.kind != "SkillExecuted":
            shift = count - 1 if event.at[0] > STEP_PLACE else 0
            yield _record(event, (event.at[0] + shift,), event.payload)
            continue
        payload = bytes(event.payload)
        for number in range(STEP_PLACE, STEP_PLACE + count):
            named = payload.replace(b"increment-4.0", b"increment-%d.0" % number)
            yield _record(event, (number, 0, 0), msgspec.Raw(named))


def _record(event: RawEvent, at: Path_, payload: msgspec.Raw) -> Record:
    return Record(
        at=at, at_ms=event.at_ms, kind=event.kind, n=0, payload=payload, phase=event.phase, prev=""
    )


def chained_lines(count: int) -> None:
    """Is the floor of a journaled step: one hash-chained JSON line each, flushed."""
    with tempfile.TemporaryFile() as file:
        prev = "0" * 64
        for number in range(count):
            event = {
                "n": number,
                "prev": prev,
                "kind": "step",
                "payload": {"x": number, "s": "a" * 120},
            }
            line = json.dumps(event, sort_keys=True, separators=(",", ":")).encode()
            prev = hashlib.sha256(b"\x00" + line).hexdigest()
            file.write(line + b"\n")
            file.flush()


def bare_fsyncs(count: int, folder: Path) -> None:
    """Is the floor of a durable effect: two appends of 313 bytes, each with fdatasync."""
    with (folder / "floor").open("wb") as file:
        for _ in range(2 * count):
            file.write(b"x" * 313)
            file.flush()
            os.fdatasync(file.fileno())
