"""The code of skills: loading it from files, and the digest that names its version.

The digest of a user's function is that of the file that holds it, so that a changed helper in the
same file counts too; what the file imports is not seen. Without a file (an interpreter session) it
is the function's own compiled form.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import cast

from workc.kernel.failure import Refusal, refuse
from workc.stages.exception import FILE_MODULE_PREFIX, words_of
from workc.stages.skill import Skill


def digest_of(function: object) -> str:
    """Returns the digest of the code that a function comes from."""
    source = source_of(function)
    if source is not None:
        return hashlib.sha256(source).hexdigest()
    parts = _compiled(getattr(function, "__code__", None))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _compiled(code: object) -> list[str]:
    """Returns what a function was compiled to, constants and inner functions included."""
    names = ("co_code", "co_names", "co_varnames", "co_freevars")
    parts = [repr(getattr(code, name, None)) for name in names]
    for constant in getattr(code, "co_consts", ()):
        if isinstance(constant, CodeType):
            parts += _compiled(constant)
        elif isinstance(constant, frozenset):
            # A set's order differs from process to process.
            parts += sorted(map(repr, cast("frozenset[object]", constant)))
        else:
            parts.append(f"{type(constant).__name__} {constant!r}")
    return parts


def source_of(function: object) -> bytes | None:
    """Returns the bytes of the file that a function comes from, if there is one."""
    try:
        name = inspect.getsourcefile(inspect.unwrap(function))  # type: ignore[arg-type]
        return Path(name).read_bytes() if name else None
    except (TypeError, OSError):
        return None


def load_module(
    name: str, folder: Path, *, inside: bool = False, never: Path | None = None
) -> ModuleType:
    """Returns the module of a ``.py`` file seen from ``folder``, or of a dotted name.

    With ``inside`` a file must stand below the folder: a workflow, which may come with a bundle
    from somebody else, names no other. Nothing below ``never`` is loaded: that is the bundle, which
    may be anybody's.

    Raises:
        Refusal: ``SKILL_NOT_FOUND``, saying what went wrong when it was imported.
    """
    try:
        if name.endswith(".py"):
            return _load_file(_placed(name, folder.resolve(), inside=inside, never=never))
        if never is not None:
            _refuse_packages_in(never, name)
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        # A module that ends the process when it is imported is no module.
        raise _not_loaded(name, error) from error


class _NotThere(Exception):
    """There is no such file; says where it was looked for."""


def _not_loaded(name: str, error: BaseException) -> Refusal:
    match error:
        case _NotThere():
            message = str(error)
        case ModuleNotFoundError() if _is_or_holds(error.name, name):
            message = f"{name} cannot be imported: no folder in sys.path holds {error.name}"
        case SyntaxError():
            where = Path(error.filename or name).name
            place = where if error.lineno is None else f"{where}, line {error.lineno}"
            message = f"{name} cannot be imported: {place}: {error.msg}"
        case _:
            line = _line_in(name, error.__traceback__)
            message = f"{name} cannot be imported: {words_of(error)}{line}"
    return refuse("SKILL_NOT_FOUND", message, file=name)


def _is_or_holds(found: str | None, name: str) -> bool:
    """Says whether a module that was not found is the one that was asked for, or its package."""
    return found is not None and (name == found or name.startswith(f"{found}."))


def _line_in(name: str, trace: TracebackType | None) -> str:
    """Returns the last line of the file itself that an import went through, if any."""
    lines = [
        number
        for frame, number in traceback.walk_tb(trace)
        if name.endswith(".py") and Path(frame.f_code.co_filename).name == Path(name).name
    ]
    return f" (line {lines[-1]})" if lines else ""


class _SourceLoader(SourceFileLoader):
    """Always compiles the source: bytecode of an edit within the same second would be stale."""

    def path_stats(self, path: str) -> Mapping[str, object]:
        """Raises OSError, which says that there is no bytecode, and that none is to be kept."""
        raise OSError(f"bytecode of {path} is not used")


def _refuse_packages_in(never: Path, name: str) -> None:
    """Refuses a dotted name any part of which stands below ``never``, before that is executed."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        spec = importlib.util.find_spec(".".join(parts[:count]))
        if spec is None:
            return
        places = [*(spec.submodule_search_locations or ()), spec.origin or ""]
        if any(_is_below(Path(place), never) for place in places if place):
            raise _NotThere(f"{name} stands in the bundle itself, whose code is not run")


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _placed(name: str, folder: Path, *, inside: bool, never: Path | None) -> Path:
    path = (folder / name).resolve()
    if never is not None and _is_below(path, never):
        raise _NotThere(f"{name} stands in the bundle itself, whose code is not run")
    if inside and not path.is_relative_to(folder):
        raise _NotThere(f"{name} stands outside {folder}: a workflow names files below its own")
    return path


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise _NotThere(f"there is no file {path}")
    name = FILE_MODULE_PREFIX + path.stem
    loader = _SourceLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # The module must be known by name while it runs: annotations are resolved through it.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def skills_in(module: ModuleType) -> dict[str, Skill[..., object]]:
    """Returns the skills that a module defines or imports, by name."""
    found = [as_skill(value) for value in vars(module).values()]
    return {skill.name: skill for skill in found if skill is not None}


def as_skill(value: object) -> Skill[..., object] | None:
    """Returns the value if it is a skill."""
    return cast("Skill[..., object]", value) if isinstance(value, Skill) else None
