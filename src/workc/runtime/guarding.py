"""What the code of a run is run in: a guard that watches it, where there is one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from types import coroutine
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

#: Returns the context for the code of a step, by the name of the step and its function.
Guard: TypeAlias = "Callable[[str, object], AbstractContextManager[None]]"
Context: TypeAlias = "Callable[[], AbstractContextManager[None]]"


def unguarded(_name: str, _function: object) -> AbstractContextManager[None]:
    """Returns a context that does nothing."""
    return nullcontext()


def context_of(guard: Guard, name: str, function: object) -> Context:
    """Returns what gives the context for the code of a step; ``nullcontext`` where there is no guard."""
    return nullcontext if guard is unguarded else partial(guard, name, function)


def within(outer: Context, inner: Context) -> Context:
    """Returns what gives both contexts as one."""
    return outer if inner is nullcontext else partial(_both, outer, inner)


@contextmanager
def _both(outer: Context, inner: Context) -> Generator[None, None, None]:
    with outer(), inner():
        yield


@coroutine
def guarded(work: Coroutine[object, Any, T], context: Context) -> Generator[object, Any, T]:
    """Returns what a coroutine gives, run piece by piece, each in a context of its own.

    Where it waits, other lanes run in the same thread, which are not to be in its context.
    """
    if context is nullcontext:
        return (yield from work.__await__())
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
