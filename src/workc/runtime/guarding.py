"""What the code of a run is run in: a guard that watches it, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager, nullcontext
from types import coroutine
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

#: Returns the context for the code of a step, by the name of the step and its function.
Guard: TypeAlias = "Callable[[str, object], AbstractContextManager[None]]"


def unguarded(_name: str, _function: object) -> AbstractContextManager[None]:
    """Returns a context that does nothing."""
    return nullcontext()


@coroutine
def guarded(
    work: Coroutine[object, Any, T], context: Callable[[], AbstractContextManager[None]]
) -> Generator[object, object, T]:
    """Returns what a coroutine gives, run piece by piece, each in a context of its own.

    Where it waits, other lanes run in the same thread, which are not to be in its context.
    """
    answer: object = None
    error: BaseException | None = None
    try:
        while True:
            try:
                with context():
                    operation = work.send(answer) if error is None else work.throw(error)
            except StopIteration as end:
                value: T = end.value
                return value
            answer, error = None, None
            try:
                answer = yield operation
            except GeneratorExit:
                raise
            except BaseException as thrown:  # noqa: BLE001 - it is handed on to the code
                error = thrown
    finally:
        work.close()
