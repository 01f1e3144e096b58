r"""Reads the code of a function, without running it, for what it reaches around ``ctx``.

The function, and the functions and classes of the same file that it calls or names, are walked; what
is decorated is walked only where it is called, since a skill is handed on to be called. Imports are
followed through their aliases (``import time as t``, ``from time import time``). A name that the
code binds itself stands for what it binds. What is reached through an object, another file or a
name made at run time is not seen.

>>> source = "import time as t\ndef stamp():\n    return later()\ndef later():\n    return t.time()\n"
>>> [(found.name, found.line, found.function) for found in read_function(source, 2)]
[('time.time', 5, 'later')]
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workc.stages.reaches import (
    BUILTINS,
    METHODS,
    NAMES,
    OPENERS,
    READ,
    SEEDED,
    UNSEEDED,
    WRITTEN,
    Reach,
    reach_of,
)

#: Stands before what the file itself defines, so that it is no module's.
_OWN = "<own>."
_WRITING = frozenset("wax+")

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Found:
    """One reach: the dotted name, its line (from 1), and the function of the file it stands in."""

    name: str
    reach: Reach
    line: int
    function: str


def read_function(source: str | bytes, first_line: int) -> tuple[Found, ...]:
    """Returns what the function that begins at a line reaches, in order of lines.

    ``first_line`` is that of the first decorator, as ``co_firstlineno`` has it. Where the source
    is no Python, or nothing begins there, nothing is found.
    """
    try:
        return _read(ast.parse(source), first_line)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _read(tree: ast.Module, first_line: int) -> tuple[Found, ...]:
    start = next((each for each in _functions(tree) if _first_line(each) == first_line), None)
    if start is None:
        return ()
    file = _File(tree)
    waiting: list[_Definition] = [start]
    seen: set[_Definition] = set()
    found: set[Found] = set()
    while waiting:
        definition = waiting.pop()
        if definition not in seen:
            seen.add(definition)
            reader = _Reader(file, definition.name)
            reader.read(definition)
            found |= reader.found
            waiting += [file.definitions[name] for name in reader.named]
    return tuple(sorted(found, key=lambda each: (each.line, each.name)))


def _functions(tree: ast.Module) -> Iterator[_Function]:
    return (node for node in ast.walk(tree) if isinstance(node, _Function))


def _first_line(node: _Function) -> int:
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


class _File:
    """What the names of a file stand for, as far as its top level says."""

    def __init__(self, tree: ast.Module) -> None:
        self.definitions: dict[str, _Definition] = {
            node.name: node for node in tree.body if isinstance(node, _Definition)
        }
        self.names = {
            **_bound(tree.body),
            **{name: _OWN + name for name in self.definitions},
        }


def _bound(body: Iterable[ast.AST]) -> dict[str, str | None]:
    """Returns the names that statements bind, each with what it stands for, if that is known.

    What is inside a function or a class is bound there and not here.
    """
    names: dict[str, str | None] = {}
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import() | ast.ImportFrom():
                names |= _imported(node)
            case ast.Name(ctx=ast.Store()):
                names.setdefault(node.id, None)
            case ast.ExceptHandler(name=str(name)):
                names.setdefault(name, None)
            case _:
                pass
        if isinstance(node, _Definition):
            names.setdefault(node.name, None)
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return names


def _imported(node: ast.Import | ast.ImportFrom) -> dict[str, str | None]:
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: alias.name
            if alias.asname
            else alias.name.partition(".")[0]
            for alias in node.names
        }
    module = None if node.level else node.module
    if module is not None and node.names[0].name == "*":
        before = f"{module}."
        starred = (name for name in NAMES if name.rpartition(".")[0] == module)
        return {name.removeprefix(before): name for name in starred}
    return {
        alias.asname or alias.name: None if module is None else f"{module}.{alias.name}"
        for alias in node.names
    }


class _Reader(ast.NodeVisitor):
    """Walks one definition; ``named`` are the definitions of the file that it names."""

    def __init__(self, file: _File, function: str) -> None:
        self._scopes: list[dict[str, str | None]] = [file.names]
        self._definitions = file.definitions
        self._function = function
        self.found: set[Found] = set()
        self.named: set[str] = set()

    def read(self, definition: _Definition) -> None:
        """Walks a definition; what its decorators do is done once, when it is imported."""
        if isinstance(definition, ast.ClassDef):
            for statement in definition.body:
                self.visit(statement)
        else:
            self._walk(definition)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Walks an inner function."""
        self._walk(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Walks an inner function."""
        self._walk(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Walks a lambda."""
        with self._scope(_parameters(node.args)):
            self.visit(node.body)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Walks what a handler does; the exception that it names is nothing that is done."""
        for statement in node.body:
            self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Walks the value; an annotation does nothing."""
        if node.value is not None:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        """Judges what is called, then walks the arguments."""
        name = self._resolved(node.func)
        self._follow(name)
        reach = _called(name, node)
        if reach is not None:
            self._take(name or ast.unparse(node.func)[-40:], reach, node.lineno)
        elif name not in SEEDED:
            self.visit(node.func)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.visit(argument)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Judges a name with dots."""
        if not self._judged(node):
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """Judges a name."""
        self._judged(node)

    def _walk(self, node: _Function) -> None:
        for default in (*node.args.defaults, *(each for each in node.args.kw_defaults if each)):
            self.visit(default)
        with self._scope({**_bound(node.body), **_parameters(node.args)}):
            for statement in node.body:
                self.visit(statement)

    @contextmanager
    def _scope(self, names: dict[str, str | None]) -> Generator[None, None, None]:
        self._scopes.append(names)
        try:
            yield
        finally:
            self._scopes.pop()

    def _judged(self, node: ast.expr) -> bool:
        name = self._resolved(node)
        if name is None:
            return False
        # What is decorated, a skill it may be, is not run where it is only handed on.
        self._follow(name, undecorated=True)
        reach = reach_of(name, is_called=False)
        if reach is not None:
            self._take(name, reach, node.lineno)
        return True

    def _follow(self, name: str | None, *, undecorated: bool = False) -> None:
        if name is None or not name.startswith(_OWN):
            return
        own = name.removeprefix(_OWN).partition(".")[0]
        if not (undecorated and self._definitions[own].decorator_list):
            self.named.add(own)

    def _resolved(self, node: ast.expr) -> str | None:
        match node:
            case ast.Name(id=name):
                for scope in reversed(self._scopes):
                    if name in scope:
                        return scope[name]
                return name if name in BUILTINS else None
            case ast.Attribute(value=value, attr=attr):
                base = self._resolved(value)
                return None if base is None else f"{base}.{attr}"
            case _:
                return None

    def _take(self, name: str, reach: Reach, line: int) -> None:
        self.found.add(Found(name, reach, line, self._function))


def _parameters(arguments: ast.arguments) -> dict[str, str | None]:
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    given += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    return {each.arg: None for each in given}


def _called(name: str | None, node: ast.Call) -> Reach | None:
    """Returns what a call reaches by its name, its mode or its method."""
    if name in OPENERS:
        return WRITTEN if _writes(node) else READ
    if name in SEEDED:
        return None if node.args or node.keywords else UNSEEDED
    if name is not None:
        return reach_of(name, is_called=True)
    return METHODS.get(node.func.attr) if isinstance(node.func, ast.Attribute) else None


def _writes(node: ast.Call) -> bool:
    """Says whether an open() may write, as far as its mode is written down."""
    modes = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant)]
    return any(isinstance(text, str) and _WRITING & set(text) for text in texts)
