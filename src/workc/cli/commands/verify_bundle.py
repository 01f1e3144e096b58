"""``workc verify-bundle``: asks the oracle about bundles and shows what it says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from workc.api.verification import verify_bundle
from workc.cli import exits, options
from workc.cli.errors import error_document, stop
from workc.cli.moment import Moment
from workc.cli.state import State
from workc.cli.text import json_text, printable
from workc.kernel.failure import Failure
from workc.kernel.values import Json, JsonObject
from workc.verify.case import refused
from workc.verify.expectations import Expectations
from workc.verify.rules import NAMES_ARE_READABLE
from workc.verify.verdict import Verdict

if TYPE_CHECKING:
    from workc.verify.signatures.trust import Trust

#: So many findings of a child are shown; all of them stand in its own verdict.
MAX_OF_CHILD = 3
_HEX = re.compile(r"[0-9a-f]*")
#: Of several bundles the exit code that stands first here is the answer.
_WORST = (exits.PROVEN_BAD, exits.UNDECIDED, exits.USAGE, exits.OK)


@click.command("verify-bundle", epilog="Example: workc verify-bundle .workc/runs/*/bundle")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--expect-digest", metavar="HEX", help="The proof digest that the bundle must have.")
@click.option("--expect-run-id", metavar="ID", help="The run that the bundle must be of.")
@click.option("--expect-nonce", metavar="HEX", help="The nonce that the run must have.")
@click.option(
    "--not-before",
    type=Moment(),
    metavar="TIME",
    help="When the run must not have ended before: 2026-12-31T23:59:59Z.",
)
@click.option("--trust", metavar="FILE", help="The trust file by which signatures are judged.")
@click.option("--require-signature", is_flag=True, help="Refuse a bundle that nobody signed.")
@click.option("--at", metavar="TIME", help="When keys must be valid: 2026-12-31T23:59:59Z (now).")
@click.option("--recursive", is_flag=True, help="Verify the bundles of children too.")
@click.option(
    "--children",
    type=options.Folder(),
    multiple=True,
    metavar="DIR",
    help="Verify children, looked for in DIR (beside PATH).",
)
@options.metrics_file
@click.option(
    "--explain-rules",
    is_flag=True,
    allow_from_autoenv=False,
    help="List every rule, and judge nothing.",
)
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    paths: tuple[str, ...],
    expect_digest: str | None,
    expect_run_id: str | None,
    expect_nonce: str | None,
    not_before: int | None,
    trust: str | None,
    require_signature: bool,
    at: str | None,
    recursive: bool,
    children: tuple[Path, ...],
    metrics_file: str | None,
    explain_rules: bool,
) -> int:
    """Decide whether each bundle is what was sealed: exit 0 yes, 5 no, 6 cannot be judged."""
    if explain_rules and paths:
        raise click.UsageError("--explain-rules takes no PATH", click.get_current_context())
    if explain_rules:
        from workc.cli.rules_text import show_rules  # noqa: PLC0415 - judging needs no list

        show_rules(state)
        return exits.OK
    if not paths:
        raise click.UsageError("Missing argument 'PATH...'.", click.get_current_context())
    wanted = Expectations(
        proof_digest=expected_digest(expect_digest),
        run_id=expect_run_id,
        nonce=_hex("--expect-nonce", expect_nonce, 32),
        not_before_ms=not_before,
    )
    demands = _demands(paths, trust, require_signature=require_signature, at=at)
    for folder in children:
        if not folder.is_dir():
            message = f"there is no folder {printable(str(folder))}"
            raise stop("INVALID_INPUT", message, "--children DIR: a folder that holds bundles")
    keep = _keeper(state, metrics_file)
    kin = _Kin(recursive or bool(children), children or None)
    verdicts = [_judge(path, wanted, demands, kin) for path in paths]
    if verdicts == [None]:
        raise stop("INVALID_INPUT", _missing(paths[0]), "workc ls")
    if state.json:
        _print_json(state, paths, verdicts)
    else:
        for path, verdict in zip(paths, verdicts, strict=True):
            show_verdict(state, path, verdict)
    return keep(verdicts, min((exit_of(verdict) for verdict in verdicts), key=_WORST.index))


class _Kin(NamedTuple):
    """Whether children are verified too, and where they are looked for."""

    recursive: bool
    children: tuple[Path, ...] | None


class _Demands(NamedTuple):
    """What ``verify_bundle`` takes beside what is expected, once for all bundles."""

    trust: Trust | None
    require_signature: bool
    at_ms: int | None


def _keeper(state: State, name: str | None) -> Callable[[list[Verdict | None], int], int]:
    """Returns what keeps the metrics of the verdicts, where that is wanted, and gives the exit code."""
    if name is None:
        return lambda _verdicts, code: code
    from workc.api.metering import Meter  # noqa: PLC0415 - most bundles are verified uncounted
    from workc.cli.metrics_file import keep_metrics, metrics_target  # noqa: PLC0415 - the same

    target = metrics_target(state, name)

    def keep(verdicts: list[Verdict | None], code: int) -> int:
        meter = Meter()
        for verdict in verdicts:
            if verdict is not None:
                meter.verified(verdict)
        return keep_metrics(state, target, meter.read(), code)

    return keep


def _demands(
    paths: tuple[str, ...], trust: str | None, *, require_signature: bool, at: str | None
) -> _Demands:
    """Returns what the options demand of signatures; keys must be valid now if nobody says when.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is no trust file for them, or it or the time is none.
    """
    if trust is None:
        for name, given in (("--require-signature", require_signature), ("--at", at is not None)):
            if given:
                raise stop("INVALID_INPUT", f"{name} needs --trust FILE", "workc keys trust --help")
        return _Demands(None, require_signature=False, at_ms=None)
    from workc.cli import trust_options  # noqa: PLC0415 - most bundles are verified without

    at_ms = trust_options.read_time(at)
    return _Demands(trust_options.read_trust_file(trust, paths), require_signature, at_ms)


def expected_digest(text: str | None) -> str | None:
    """Returns the digest that ``--expect-digest`` gives, in lower case.

    Raises:
        Refusal: ``INVALID_INPUT`` if it is none.
    """
    return _hex("--expect-digest", text, 64)


def _hex(option: str, text: str | None, digits: int) -> str | None:
    """Returns the text in small letters, if it was given and is hex of its length."""
    small = text.lower() if text is not None else None
    if small is not None and not (len(small) == digits and _HEX.fullmatch(small)):
        raise stop("INVALID_INPUT", f"{option} takes {digits} hex digits", "workc show RUN")
    return small


def _judge(path: str, wanted: Expectations, demands: _Demands, kin: _Kin) -> Verdict | None:
    """Returns the verdict on a path, or None if there is nothing."""
    try:
        os.lstat(path)
        return verify_bundle(
            path,
            expect_digest=wanted.proof_digest,
            expect_run_id=wanted.run_id,
            expect_nonce=wanted.nonce,
            not_before_ms=wanted.not_before_ms,
            **demands._asdict(),
            **kin._asdict(),
        )
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        return refused(NAMES_ARE_READABLE, ".", error.strerror or type(error).__name__)


def _missing(path: str) -> str:
    return f"there is no file or folder {printable(path)}"


def exit_of(verdict: Verdict | None) -> int:
    """Returns what one verdict exits with; None stands for a path where nothing is."""
    if verdict is None:
        return exits.USAGE
    if verdict.ok:
        return exits.OK
    return exits.UNDECIDED if verdict.undecided else exits.PROVEN_BAD


def _print_json(state: State, paths: tuple[str, ...], verdicts: list[Verdict | None]) -> None:
    found: list[Json] = [
        _entry(path, verdict) for path, verdict in zip(paths, verdicts, strict=True)
    ]
    state.out(json_text(found[0] if len(found) == 1 else found))


def _entry(path: str, verdict: Verdict | None) -> JsonObject:
    if verdict is not None:
        return {**verdict.to_json(), "path": path}
    failure = Failure(code="INVALID_INPUT", message=_missing(path), details={"path": path})
    return error_document(failure, ["workc ls"], exits.USAGE)


def show_verdict(state: State, path: str, verdict: Verdict | None) -> None:
    """Writes a verdict: whether the bundle passed, every finding, what was not checked."""
    paint = state.console.paint
    if verdict is None:
        state.out(f"{paint('✗ NONE', 'bad')}  {printable(path)}  there is no file or folder")
        return
    if verdict.ok:
        state.out(f"{paint('✓ PASS', 'good')}  {printable(path)}")
        state.out(f"  digest  {verdict.proof_digest}")
        state.out(f"  run     {printable(verdict.run_id or '')}")
        for signer in verdict.signers:
            state.out(f"  signed  {printable(signer.name)}  keyid {signer.keyid}")
    else:
        why = "  (cannot be judged)" if verdict.undecided else ""
        state.out(f"{paint('✗ FAIL', 'bad')}  {printable(path)}{why}")
    for child in verdict.children:
        _show_child(state, child)
    for finding in verdict.failures:
        for line in finding_lines(finding.to_json()):
            state.out(f"  {line}")
    for text in (*verdict.not_checked, *verdict.notes):
        state.out(paint(f"  - not checked  {printable(text)}", "weak"))


def _show_child(state: State, child: Verdict, depth: int = 1) -> None:
    paint = state.console.paint
    mark = paint("✓ PASS", "good") if child.ok else paint("✗ FAIL", "bad")
    state.out(f"  {'  ' * depth}{mark}  child {printable(str(child.run_id))}")
    for finding in child.failures[:MAX_OF_CHILD]:
        for line in finding_lines(finding.to_json()):
            state.out(f"    {'  ' * depth}{line}")
    for grandchild in child.children:
        _show_child(state, grandchild, depth + 1)


def finding_lines(found: JsonObject) -> list[str]:
    """Returns a finding as lines: what, where, and what was expected."""
    where = str(found["path"])
    if "line" in found:
        where += f":{found['line']}"
    if "pointer" in found:
        where += f" {found['pointer']}"
    lines = [
        f"{found['code']}  step {found['step']}  {printable(where)}",
        f"    {printable(str(found['message']))}  (rule {found['rule']})",
    ]
    pairs = ((name, found[name]) for name in ("expected", "actual") if name in found)
    return [*lines, *(f"    {name:8}  {printable(str(value))}" for name, value in pairs)]
