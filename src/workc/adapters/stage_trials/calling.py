"""The code of a stage, loaded so that it can be called with an input, again and again."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Protocol, cast

from workc.adapters.code import load_module, skills_in
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.exception import failure_of
from workc.stages.plain import Unfit, plain
from workc.stages.skill import Skill
from workc.stages.stage.refinements import StageError
from workc.stages.stage.trial import EXHAUSTED, Call, Origin

Function = Callable[..., object]


class Expired(BaseException):
    """The time of the code is over; no ``except Exception`` of it holds this."""


class Implementation(Protocol):
    """What can be called with an input."""

    @property
    def function(self) -> Function:
        """Returns the function itself."""
        ...

    @property
    def scope(self) -> dict[str, object]:
        """Returns the names that the function sees."""
        ...

    @property
    def source(self) -> str:
        """Returns the text that holds the function."""
        ...

    def call(self, value: Json, function: Function | None = None) -> Call:
        """Returns what the function, or another in its place, makes of an input.

        Raises:
            Expired: its time is over.
        """
        ...


class OfCode:
    """A stage whose JSON holds its code: the function is called with the input alone."""

    def __init__(self, code: str, name: str) -> None:
        """Runs the module.

        Raises:
            StageError: it raises something.
        """
        module = ModuleType(f"workc_stage_{name}")
        self.source = code
        self.scope: dict[str, object] = vars(module)
        # Annotations and classes of the code are looked up through the module's name.
        sys.modules[module.__name__] = module
        try:
            exec(compile(code, f"{name}.py", "exec"), self.scope)  # noqa: S102 - it is what is tested
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is somebody else's
            raise StageError(f"the code cannot be loaded: {failure_of(error).message}") from None
        self.function = cast("Function", self.scope[name])

    def call(self, value: Json, function: Function | None = None) -> Call:
        """Returns what the function makes of the value."""
        before = jcs.encode(value)
        made = _called(function or self.function, (value,), {})
        return _finished(made, _encoded, mutated=_spelled(value) != before)


class OfSkill:
    """A stage that is a decorated function: the input holds its parameters by name."""

    def __init__(self, skill: Skill[..., object]) -> None:
        self.skill = skill
        self.function: Function = skill.function
        plain_function = cast("FunctionType", inspect.unwrap(skill.function))
        self.scope: dict[str, object] = plain_function.__globals__
        self._file = plain_function.__code__.co_filename

    @property
    def source(self) -> str:
        """Returns the text of the file, the empty one if it cannot be read."""
        try:
            return Path(self._file).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def call(self, value: Json, function: Function | None = None) -> Call:
        """Returns what the function makes of the parameters."""
        try:
            arguments = self.skill.bind(cast("JsonObject", value))
        except Refusal as refusal:
            return Call(code=refusal.failure.code, message=refusal.failure.message)
        before = _spelled(arguments)
        made = _called(function or self.function, (), arguments)
        return _finished(made, self.skill.conclude, mutated=_spelled(arguments) != before)


class Modules:
    """Python modules by place, each loaded once: a worker serves many stages of one file."""

    def __init__(self) -> None:
        self._loaded: dict[str, ModuleType] = {}

    def at(self, place: str) -> ModuleType:
        """Returns the module of a file, which sees its own folder, or of a dotted name.

        Raises:
            Refusal: ``SKILL_NOT_FOUND``: it cannot be loaded.
        """
        if place not in self._loaded:
            path = Path(place)
            if place.endswith(".py") and str(path.parent) not in sys.path:
                sys.path.insert(0, str(path.parent))
            self._loaded[place] = load_module(place, path.parent)
        return self._loaded[place]


def implementation_of(origin: Origin, modules: Modules) -> Implementation:
    """Returns the code of a stage.

    Raises:
        StageError: it cannot be loaded, or has no such function.
    """
    if origin.code is not None:
        return OfCode(origin.code, origin.function)
    try:
        found = skills_in(modules.at(origin.place)).get(origin.function)
    except Refusal as refusal:
        raise StageError(refusal.failure.message) from None
    if found is None:
        raise StageError(f"{origin.place} has no skill {origin.function!r:.80}")
    return OfSkill(found)


def _called(function: Function, positional: tuple[object, ...], named: dict[str, object]) -> object:
    """Returns what a function gives, or the exception that it raises."""
    try:
        given = function(*positional, **named)
        return _awaited(given) if inspect.iscoroutine(given) else given
    except Expired:
        raise
    # The code of a stage is somebody else's: whatever it raises is data here.
    except BaseException as error:  # noqa: BLE001 - see above
        return _Raised(error)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _awaited(coroutine: Coroutine[object, object, object]) -> object:
    """Returns what a coroutine gives that waits for nobody."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    coroutine.close()
    raise refuse("SKILL_FAILED", "the code waits for an event loop, which a trial has not")


def _finished(made: object, conclude: Callable[[object], Json], *, mutated: bool) -> Call:
    if isinstance(made, _Raised):
        if isinstance(made.error, MemoryError):
            return Call(code=EXHAUSTED, message="the code used up its memory", mutated=mutated)
        failure = failure_of(made.error)
        return Call(code=failure.code, message=failure.message, mutated=mutated)
    try:
        output = jcs.encode(conclude(made)).decode()
    except (Refusal, CanonicalError) as error:
        words = error.failure.message if isinstance(error, Refusal) else str(error)
        return Call(code="INVALID_OUTPUT", message=words, mutated=mutated)
    return Call(output=output, mutated=mutated)


def _encoded(value: object) -> Json:
    return cast("Json", value)


def _spelled(value: object) -> bytes:
    """Returns how a value is spelled now; what has no JSON form is never found to have changed."""
    try:
        return jcs.encode(value)
    except CanonicalError:
        pass
    try:
        return jcs.encode(plain(value))
    except (Unfit, CanonicalError, RecursionError):
        return b""
