"""What a run may do to the machine it runs on, as one value: roots, programs, targets.

Nothing is allowed that is not here, and here is nothing by default. A grant holds names alone: which
folder a root is, and where a program stands, only the machine knows. What was granted stands in the
policy's rules of every bundle, and only if something was.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.effects import FileRead, FileRequest, ProgramRun, Publication
from workc.stages.root_path import (
    RootPath,
    is_root_name,
    parse_file,
    parse_folder,
    segment_problem,
)
from workc.stages.url import parse_url

Mode = Literal["rw", "ro"]
#: The name of a program: what stands in a folder of PATH, never a path itself.
_PROGRAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+.-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
#: Variables that say what code a program loads or starts, by their names or how these begin.
_LOADING = re.compile(
    r"(?:LD|DYLD|GLIBC|GCONV|MALLOC|BASH|GIT|PYTHON|PERL5?|RUBY|NODE|JAVA|JDK|_JAVA|CLASSPATH|LUA)"
    r"(?:_.*|PATH|HOME|LIB|OPT|STARTUP|INSPECT)?"
    r"|(?:SHELL|BASH)OPTS|PATH|IFS|ENV|PS4|CDPATH|SHELL|EDITOR|VISUAL|PAGER|LOCPATH|HOSTALIASES"
    r"|PROMPT_COMMAND|TERMINFO|NLSPATH",
    re.IGNORECASE,
)
#: A folder of this name decides what other programs run (hooks), so nothing is written below it.
_CLOSED = ".git"


class Grants(msgspec.Struct, frozen=True, kw_only=True):
    """Names of roots with their modes, of programs, and targets of publications; sorted.

    In a ``dry_run`` files and publications are answered as if they were made, and nothing else
    that changes something is done.

    Raises:
        Misuse: a name is none.
    """

    roots: dict[str, Mode] = {}
    programs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Refuses names outside their grammar."""
        for root in self.roots:
            if not is_root_name(root):
                raise Misuse(f"a root is named by a-z, then a-z 0-9 _ -, at most 32: not {root!a}")
        for program in self.programs:
            if not _PROGRAM.fullmatch(program):
                raise Misuse(f"a program is named as in PATH, without a folder: not {program!a}")
        for target in self.targets:
            _check_target(target)

    def rules(self) -> JsonObject:
        """Returns what is granted as members of the policy's rules: none if nothing is."""
        programs, targets = list[Json](sorted(self.programs)), list[Json](sorted(self.targets))
        members: JsonObject = {
            "dry_run": self.dry_run,
            "programs": programs,
            "publish": targets,
            "roots": {name: self.roots[name] for name in sorted(self.roots)},
        }
        return {name: value for name, value in members.items() if value}

    def file(self, request: FileRequest) -> RootPath:
        """Returns the path of a file that may be read or written.

        Raises:
            Refusal: ``OPERATION_NOT_ALLOWED``, or ``INVALID_INPUT`` for what is no path.
        """
        path = parse_file(request.path)
        self._root(path, writes=not isinstance(request, FileRead))
        return path

    def folder(self, text: str) -> RootPath:
        """Returns the path of a folder that may be worked in; raises as :meth:`file`."""
        path = parse_folder(text)
        self._root(path, writes=False)
        return path

    def program(self, request: ProgramRun) -> str:
        """Returns the name of a program that may be run as it is asked for; raises as :meth:`file`."""
        name = request.argv[0] if request.argv else ""
        if name not in self.programs:
            how = f"give --allow-program {name}" if _PROGRAM.fullmatch(name) else "name a program"
            raise _denied(f"no program {name[:64]!a} is allowed: {how}", program=name[:64])
        if self.dry_run:
            raise _denied("a dry run starts no program", program=name)
        for text in request.argv:
            if "\0" in text or not _is_text(text):
                raise refuse("INVALID_INPUT", "an argument of a program holds what none may hold")
        for variable in request.env:
            _check_variable(variable)
        return name

    def target(self, request: Publication) -> RootPath | str:
        """Returns where a file is published: a path below a root, or an address.

        Raises:
            Refusal: as for :meth:`file`.
        """
        problem = segment_problem(request.name)
        if problem is not None or "/" in request.name:
            why = problem or "it holds a slash"
            raise refuse("INVALID_INPUT", f"nothing is published as {request.name[:100]!a}: {why}")
        if request.to not in self.targets:
            message = f"{request.to[:100]!a} is no allowed target: give --allow-publish TARGET"
            raise _denied(message, target=request.to[:100])
        if is_address(request.to):
            return request.to
        folder = parse_folder(request.to)
        path = RootPath(folder.root, (*folder.parts, request.name))
        self._root(path, writes=True)
        return path

    def _root(self, path: RootPath, *, writes: bool) -> None:
        mode = self.roots.get(path.root)
        if mode is None:
            message = f"no root {path.root} was given: give --root {path.root}=FOLDER"
            raise _denied(message, root=path.root)
        if writes and mode == "ro":
            message = f"the root {path.root} is only read: give --root {path.root}=FOLDER"
            raise _denied(message, root=path.root)
        if writes and any(part.lower() == _CLOSED for part in path.parts):
            raise _denied(f"nothing is written below {_CLOSED}: what stands there is run by others")


def grants_of(rules: JsonObject) -> Grants:
    """Returns what was granted to a run, by the rules that it recorded.

    Raises:
        Misuse: the rules hold something else.
    """
    names = {"dry_run": "dry_run", "programs": "programs", "publish": "targets", "roots": "roots"}
    members = {field: rules[name] for name, field in names.items() if name in rules}
    try:
        return msgspec.convert(members, Grants)
    except msgspec.ValidationError as error:
        raise Misuse(f"the rules of the run hold no grants: {error}") from None


def is_address(target: str) -> bool:
    """Returns whether a target of publications is an address and not a folder."""
    return target.startswith(("http://", "https://"))


def _check_target(target: str) -> None:
    try:
        if not is_address(target):
            parse_folder(target)
        elif not parse_url(target).text or "?" in target or "#" in target:
            raise Misuse(f"an address to publish to has no query and no fragment: not {target!a}")
    except Refusal as refusal:
        raise Misuse(f"a target is ROOT/FOLDER or an address: {refusal.failure.message}") from None


def _check_variable(name: str) -> None:
    if not _VARIABLE.fullmatch(name):
        raise refuse("INVALID_INPUT", f"{name[:64]!a} is not the name of an environment variable")
    if _LOADING.fullmatch(name):
        raise _denied(f"{name} says what code a program runs, so no program is given it")


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _denied(message: str, **details: object) -> Refusal:
    return refuse("OPERATION_NOT_ALLOWED", message, **details)
