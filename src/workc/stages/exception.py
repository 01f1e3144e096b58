"""Turns the exception of somebody else's code into a failure that reads alike on every machine.

What is kept: the type, the words (bounded, no address of an object) and the frames of the code
that was called, each as module, function and line. What is dropped: paths, the frames of the
engine and those of Python's own library, whose lines differ from one version to the next.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import TracebackType
from typing import cast

from workc.kernel.canonical import CanonicalError
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, Refusal
from workc.kernel.jcs import normalise
from workc.kernel.values import Json, JsonObject

#: Characters of an exception's own words that are kept.
MAX_WORDS = 500
#: Exceptions of a group that are told of.
MAX_INNER = 5
#: What Python says of a recursion that is too deep ends with what it was doing just then, or with
#: the size of the stack (3.14); neither is the same in a replay.
_OWN_WORDS_OF_DEPTH = ("maximum recursion depth exceeded", "Stack overflow")
_TOO_DEEP = "maximum recursion depth exceeded"
#: Frames that are kept, the outermost first: where a recursion that is too deep ends depends on
#: how deep its caller stood, where it began does not.
MAX_FRAMES = 20

#: The name of the module that the interpreter was started with.
MAIN = "__main__"
#: What stands before the name of a module that was loaded from a file, so that it hides no other.
FILE_MODULE_PREFIX = "workc_file_"

#: How Python's repr spells where an object lies; the second form is what ctypes and others print.
_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]+|\b0x[0-9a-fA-F]{8,}")


def words_of(error: BaseException) -> str:
    """Returns ``TypeName: words``; only the name if there are no words, or no way to get them."""
    name = _printable(type(error).__name__)
    try:
        words = str(error)
    # The method that answers is somebody else's and may raise whatever it likes.
    except Exception:  # noqa: BLE001 - see above
        return name
    if isinstance(error, RecursionError) and words.startswith(_OWN_WORDS_OF_DEPTH):
        words = _TOO_DEEP
    words = _printable(_ADDRESS.sub("0x..", words))[:MAX_WORDS]
    shown = f"{name}: {words}" if words else name
    if not isinstance(error, BaseExceptionGroup):
        return shown
    return f"{shown}: {_inner_words(cast('BaseExceptionGroup[BaseException]', error))}"


def _inner_words(group: BaseExceptionGroup[BaseException]) -> str:
    """Returns the words of the first exceptions of a group, those of groups inside it too."""
    waiting: list[BaseException] = list(group.exceptions)
    shown: list[str] = []
    while waiting and len(shown) < MAX_INNER:
        error = waiting.pop(0)
        if isinstance(error, BaseExceptionGroup):
            waiting = [*cast("BaseExceptionGroup[BaseException]", error).exceptions, *waiting]
        else:
            shown.append(words_of(error))
    return "; ".join([*shown, "..."] if waiting else shown)[:MAX_WORDS]


def _printable(text: str) -> str:
    # A lone surrogate could not be written into a record.
    return text.encode("utf-8", "backslashreplace").decode()


def failure_of(error: BaseException) -> Failure:
    """Returns what a skill's exception means: its own failure for a refusal, else SKILL_FAILED.

    A refusal whose code is not in the catalog, or whose details are not JSON, is a defect of the
    skill and becomes SKILL_FAILED like any other exception.
    """
    if isinstance(error, Refusal) and (passed := _sound(error.failure)) is not None:
        return passed
    details: JsonObject = {
        "exception": _printable(f"{_module_of(type(error))}.{type(error).__qualname__}"),
        "frames": list[Json](_frames(error.__traceback__)),
    }
    return Failure(code="SKILL_FAILED", message=words_of(error), details=details)


def failure_of_port(error: Exception) -> Failure:
    """Returns what a port answers that raised: its refusal, or that its code has a bug."""
    if isinstance(error, Refusal):
        return error.failure
    found = failure_of(error)
    message = f"the port failed: {found.message}"
    return Failure(code="INTERNAL_ERROR", message=message, details=found.details)


def _sound(failure: Failure) -> Failure | None:
    if failure.code not in CATALOG:
        return None
    try:
        message = cast("str", normalise(failure.message))
        details = cast("JsonObject", normalise(failure.details))
    except CanonicalError:
        return None
    after = failure.retry_after_ms
    return Failure(code=failure.code, message=message, details=details, retry_after_ms=after)


def _frames(traceback: TracebackType | None) -> Iterator[JsonObject]:
    kept = 0
    while traceback is not None and kept < MAX_FRAMES:
        scope = traceback.tb_frame.f_globals
        module = stable_name(str(scope.get("__name__", "")), scope.get("__file__"))
        if not _is_hidden(module):
            kept += 1
            function = _printable(traceback.tb_frame.f_code.co_qualname)
            yield {"module": module, "function": function, "line": traceback.tb_lineno}
        traceback = traceback.tb_next


def _module_of(kind: type) -> str:
    module = sys.modules.get(kind.__module__)
    return stable_name(kind.__module__, getattr(module, "__file__", None))


def stable_name(module: str, file: object) -> str:
    """Returns a module's name, the same whether its file was run, imported or loaded by path.

    A file that is run is ``__main__``; one that a workflow names is loaded under a name of ours.
    Both go by the name of their file.
    """
    if module != MAIN and not module.startswith(FILE_MODULE_PREFIX):
        return _printable(module)
    stem = str(file or module).replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    return _printable(stem.removeprefix(FILE_MODULE_PREFIX))


def _is_hidden(module: str) -> bool:
    package = module.partition(".")[0]
    # Of workc itself only the library of skills is code that was called, and not the caller.
    engine = package == "workc" and not module.startswith("workc.skills")
    return engine or package in sys.stdlib_module_names
