"""Sealing: a pure function from a journal's records and a run's files to a bundle.

It may be repeated after a crash and gives the same bytes. Files are only copied if an event
refers to them: what a crashed attempt left behind is not evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Protocol

from workc.bundle import documents
from workc.bundle.documents import FileEntry, Manifest, Receipt
from workc.bundle.layout import BUNDLE_VERSION, EVENTS, MANIFEST, RECEIPT
from workc.bundle.projection import Projection
from workc.bundle.sequence import sequence
from workc.kernel import events
from workc.kernel.events import Record


class BundleSink(Protocol):
    """Where a bundle is written to, file by file."""

    def write(self, path: str, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Writes one file and returns its SHA-256 in hex and its size in bytes."""
        ...


def seal(
    records: Iterable[Record], sink: BundleSink, read: Callable[[str], Iterable[bytes]]
) -> Receipt:
    """Writes the bundle of ``records``, which stand sorted by place, and returns its receipt.

    ``read`` gives the bytes of a file that a record refers to.

    Raises:
        ProjectionError: the run has not reached its lock.
    """
    projection = Projection()
    entries = [_events(records, sink, projection)]
    for path in sorted(projection.bodies):
        sha256, size = sink.write(path, read(path))
        entries.append(FileEntry(path=path, sha256=sha256, size=size))
    entries.sort(key=lambda entry: entry.path)
    started = projection.started
    manifest = Manifest(
        bundle_version=BUNDLE_VERSION, files=entries, run_id=started.run_id if started else ""
    )
    data = documents.encode(manifest)
    receipt = projection.receipt(hashlib.sha256(data).hexdigest(), entries)
    sink.write(MANIFEST, [data])
    sink.write(RECEIPT, [documents.encode(receipt)])
    return receipt


def _events(records: Iterable[Record], sink: BundleSink, projection: Projection) -> FileEntry:
    def lines() -> Iterable[bytes]:
        for line, leaf, event in sequence(records):
            payload = events.decode_payload(event.kind, event.payload)
            projection.grow((leaf,))
            projection.add(line, event.phase, event.ts, payload)
            yield line + b"\n"

    sha256, size = sink.write(EVENTS, lines())
    return FileEntry(path=EVENTS, sha256=sha256, size=size)
