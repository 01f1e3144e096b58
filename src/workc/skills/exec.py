"""The skill ``exec``: one allowed program, run to its end; no shell reads its arguments."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypeAlias, TypedDict

import msgspec

from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json
from workc.skills.file_content import content, utf8
from workc.skills.http_call import MaxBytes, TimeoutMs
from workc.stages.context import Context
from workc.stages.effects import PortResult, ProgramRun
from workc.stages.program_failure import program_failure
from workc.stages.skill import skill

Argv: TypeAlias = Annotated[list[str], msgspec.Meta(min_length=1, max_length=1024)]
Operands: TypeAlias = Annotated[list[str], msgspec.Meta(max_length=1024)]
Variables: TypeAlias = Annotated[list[str], msgspec.Meta(max_length=64)]


class ProgramResult(TypedDict):
    """What the skill returns: the status, or the signal that ended the program, and its output.

    What is no UTF-8 stands in ``stdout_base64`` or ``stderr_base64`` instead.
    """

    exit: int | None
    signal: int | None
    stdout: NotRequired[str]
    stdout_base64: NotRequired[str]
    stderr: NotRequired[str]
    stderr_base64: NotRequired[str]


@skill(name="exec", effects=("Process",))
async def run_program(
    ctx: Context,
    argv: Argv,
    *,
    operands: Operands | None = None,
    cwd: str | None = None,
    env: Variables | None = None,
    stdin: str = "",
    timeout_ms: TimeoutMs = 60_000,
    max_bytes: MaxBytes = 1_048_576,
    check: bool = True,
    idempotent: bool = False,
) -> ProgramResult:
    """Runs a program and returns its status and what it wrote.

    ``operands`` follow ``argv``; one that begins with ``-`` is refused, so that data cannot become
    an option.

    Raises:
        Refusal: ``PROGRAM_FAILED`` for another status than 0 if ``check``, and for a program that
            was stopped by ``timeout_ms`` and is not ``idempotent``; ``OPERATION_NOT_ALLOWED``,
            ``INVALID_INPUT``, ``NOT_FOUND``, ``OUTPUT_TOO_LARGE``, ``FILE_FAILED``, ``TIMEOUT``.
    """
    for operand in operands or ():
        if operand.startswith("-"):
            raise refuse("INVALID_INPUT", f"an operand begins with a -: {operand[:64]!a}")
    request = ProgramRun(
        argv=(*argv, *(operands or ())),
        cwd=cwd,
        env=tuple(env or ()),
        stdin=utf8(stdin, "stdin"),
        timeout_ms=timeout_ms,
        max_bytes=max_bytes,
        idempotent=idempotent,
    )
    result = await _ended(ctx, request)
    if check and result.facts.get("exit") != 0:
        raise Refusal(program_failure(argv[0], result))
    return _told(result)


async def _ended(ctx: Context, request: ProgramRun) -> PortResult:
    try:
        return await ctx.program(request)
    except Refusal as refusal:
        failure = refusal.failure
        own = failure.details.get("timeout_ms") == request.timeout_ms > 0
        if failure.code != "TIMEOUT" or request.idempotent or not own:
            raise
        # A time that is over is tried again by default; what half of a program did must not be.
        message = f"{failure.message}; it is not idempotent, so it is not run again"
        raise refuse("PROGRAM_FAILED", message, timeout_ms=request.timeout_ms) from None


def _told(result: PortResult) -> ProgramResult:
    told: ProgramResult = {
        "exit": _number(result.facts.get("exit")),
        "signal": _number(result.facts.get("signal")),
    }
    text, in_base64 = content(result.data or b"")
    if text is None:
        told["stdout_base64"] = in_base64
    else:
        told["stdout"] = text
    text, in_base64 = content(result.errors or b"")
    if text is None:
        told["stderr_base64"] = in_base64
    else:
        told["stderr"] = text
    return told


def _number(fact: Json) -> int | None:
    return fact if isinstance(fact, int) else None
