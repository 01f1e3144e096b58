"""Work on many files at once: reading and hashing let go of the interpreter, so two cores help.

Small files are done one after the other: handing the interpreter over at each call for each file
costs more time than threads save.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

_T = TypeVar("_T")

#: A file of so many bytes is large, and from so many bytes in large files on, all are worked on
#: side by side.
LARGE_BYTES = 1_000_000
WORTH_THREADS_BYTES = 16_777_216
#: What one thread is given at a time: large against the cost of handing it over.
BATCH_BYTES = 4_194_304
MAX_THREADS = 4


def side_by_side(work: Callable[[str], _T], sizes: Mapping[str, int]) -> Iterator[_T]:
    """Yields ``work(path)`` for each path of ``sizes``, in order; sizes are in bytes."""
    if sum(size for size in sizes.values() if size >= LARGE_BYTES) < WORTH_THREADS_BYTES:
        yield from map(work, sizes)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - see LAZY in tests/meta

    def batch(paths: list[str]) -> list[_T]:
        return [work(path) for path in paths]

    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as pool:
        for results in pool.map(batch, _batches(sizes)):
            yield from results


def _batches(sizes: Mapping[str, int]) -> list[list[str]]:
    batches: list[list[str]] = [[]]
    full = 0
    for path, size in sizes.items():
        if full >= BATCH_BYTES:
            batches.append([])
            full = 0
        batches[-1].append(path)
        full += size
    return batches
