"""What a command says when it cannot do what it was asked: code, one sentence, what to do next.

Every way out ends here: a refusal, a mistake in the command, the file system, our own bug. A
traceback is shown with ``--debug`` or WORKC_DEBUG=1 and never otherwise.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence

import click

from workc.cli import exits
from workc.cli.state import State
from workc.cli.text import MAX_ARGUMENT, printable
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure, Misuse, Refusal
from workc.kernel.values import JsonObject

#: What the disk refuses whatever the name is (POSIX, Base Definitions, errno.h).
_DISK = frozenset({errno.EDQUOT, errno.EIO, errno.ENOSPC, errno.EROFS})

#: Options of every command that are often written before it.
_LATER = frozenset({"--json", "--color", "--debug", "--store", "--quiet", "-q"})


class Stopped(Refusal):
    """A refusal by a command, with the commands that may come next."""

    def __init__(self, failure: Failure, tries: Sequence[str] = ()) -> None:
        super().__init__(failure)
        self.tries = tuple(tries)


def stop(code: str, message: str, *tries: str) -> Stopped:
    """Returns the refusal to raise."""
    return Stopped(Failure(code=code, message=message), tries)


def report(state: State, error: BaseException) -> int:
    """Says what went wrong and returns what to exit with."""
    if isinstance(error, Stopped):
        return _refused(state, error.failure, error.tries or state.tries)
    if isinstance(error, click.UsageError):
        return _usage(state, error)
    failure = _failure_of(error)
    return (
        _bug(state, error) if failure is None else _refused(state, failure, _tries(state, failure))
    )


def _tries(state: State, failure: Failure) -> tuple[str, ...]:
    """Returns what may come next; any other code than INVALID_INPUT has a hint of its own."""
    missing = failure.details.get("missing")
    if isinstance(missing, list) and missing:
        return (" ".join(f"--input {name}=..." for name in missing[:5]),)
    return state.tries if failure.code == "INVALID_INPUT" else ()


def _failure_of(error: BaseException) -> Failure | None:
    """Returns what an error means for the caller, or None if it is our bug."""
    match error:
        case Refusal():
            return error.failure
        case click.ClickException():
            return _invalid(error.format_message())
        case Misuse():
            return Failure(code="INVALID_WORKFLOW", message=str(error))
        case OSError():
            return _os_failure(error)
        case _:
            return None


def _invalid(message: str) -> Failure:
    return Failure(code="INVALID_INPUT", message=message)


def _os_failure(error: OSError) -> Failure:
    """Returns what the file system said: about a name, or about the disk itself."""
    why = error.strerror or type(error).__name__
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    # What no name stands beside is not about what the caller named.
    code = "STORE_UNAVAILABLE" if error.errno in _DISK or not names else "INVALID_INPUT"
    return Failure(code=code, message=f"{' and '.join(names)}: {why}" if names else why)


def _refused(state: State, failure: Failure, tries: Sequence[str]) -> int:
    code = exits.exit_of_code(failure.code)
    if state.json:
        state.document(error_document(failure, tries, code))
    show_failure(state, failure, tries)
    return code


def error_document(failure: Failure, tries: Sequence[str], code: int) -> JsonObject:
    """Returns a refusal as JSON, schema ``workc.error/1``."""
    return {
        "schema": "workc.error/1",
        "ok": False,
        "status": "failure",
        "code": failure.code,
        "message": failure.message,
        "hint": CATALOG[failure.code].hint,
        "details": failure.details,
        "try": [*tries],
        "exit": code,
    }


def show_failure(state: State, failure: Failure, tries: Sequence[str] = ()) -> None:
    """Writes a failure to stderr: code and message, the cause, the hint, what to type next."""
    head = state.console.paint(f"✗ {failure.code}", "bad", err=True)
    state.err(f"{head}  {printable(failure.message, MAX_ARGUMENT)}")
    # The hint of INVALID_INPUT points to details, which only a program sees.
    if not tries and failure.code != "INVALID_INPUT":
        state.err(f"  hint: {CATALOG[failure.code].hint}")
    for line in tries:
        state.advise("try", line)


def _usage(state: State, error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        state.console.err(error.format_message())
        return exits.USAGE
    path = error.ctx.command_path if error.ctx is not None else "workc"
    message = error.format_message()
    if isinstance(error, click.NoSuchOption) and path == "workc" and error.option_name in _LATER:
        message = f"{error.option_name} goes after the command: workc COMMAND {error.option_name}"
    return _refused(state, _invalid(message), (f"{path} --help",))


def _bug(state: State, error: BaseException) -> int:
    import traceback  # noqa: PLC0415 - most commands meet no bug

    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" at {place[0].name}:{place[0].lineno}" if place else ""
    message = f"{type(error).__name__}{where}; this is a bug of workc"
    tries = ("the same command with --debug, and please report what it shows",)
    code = _refused(state, Failure(code="INTERNAL_ERROR", message=message), tries)
    if state.debug:
        # As it is: a traceback is not for people who want short lines.
        state.console.err("".join(traceback.format_exception(error)))
    return code
