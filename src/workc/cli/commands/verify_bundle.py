"""``workc verify-bundle``: asks the oracle about bundles and shows what it says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from workc.api.verification import verify_bundle
from workc.cli import exits, options
from workc.cli.errors import Stopped, error_document, stop
from workc.cli.moment import Moment
from workc.cli.state import State
from workc.cli.text import MAX_ARGUMENT, argument, printable
from workc.cli.verdict_text import show_verdict
from workc.kernel.failure import Refusal
from workc.kernel.values import Json, JsonObject
from workc.verify.case import refused
from workc.verify.expectations import Expectations
from workc.verify.rules import NAMES_ARE_READABLE
from workc.verify.verdict import Verdict

if TYPE_CHECKING:
    from workc.api.tested_stages.checking import Checked
    from workc.verify.signatures.trust import Trust

_WHERE_DIGESTS_ARE = {
    "--expect-digest": "workc show last",
    "--expect-nonce": "the nonce in the receipt.json that you got from elsewhere",
}
_HEX = re.compile(r"[0-9a-f]*")
#: Of several bundles the exit code that stands first here is the answer.
_WORST = (exits.PROVEN_BAD, exits.UNDECIDED, exits.USAGE, exits.OK)


@click.command("verify-bundle", epilog="Example: workc verify-bundle .workc/runs/*/bundle")
@click.argument("paths", nargs=-1, metavar="BUNDLE|RUN...")
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
    help="Verify children, looked for in DIR (beside the bundle).",
)
@click.option(
    "--stages",
    is_flag=False,
    flag_value="",
    multiple=True,
    metavar="[WHERE]",
    help="Say whether a report verifies each stage; WHERE: report or store.",
)
@options.metrics_file
@click.option(
    "--explain-rules",
    is_flag=True,
    allow_from_autoenv=False,
    help="List every rule, and judge nothing.",
)
@options.store
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
    stages: tuple[str, ...],
    metrics_file: str | None,
    explain_rules: bool,
) -> int:
    """Decide whether each bundle is what was sealed: exit 0 yes, 5 no, 6 cannot be judged."""
    if explain_rules and paths:
        raise click.UsageError("--explain-rules takes no BUNDLE", click.get_current_context())
    if explain_rules:
        from workc.cli.rules_text import show_rules  # noqa: PLC0415 - judging needs no list

        show_rules(state)
        return exits.OK
    if not paths:
        raise click.UsageError("Missing argument 'BUNDLE|RUN...'.", click.get_current_context())
    wanted = Expectations(
        proof_digest=expected_digest(expect_digest),
        run_id=expect_run_id,
        nonce=_hex("--expect-nonce", expect_nonce, 32),
        not_before_ms=not_before,
    )
    named = [_find(state, path) for path in paths]
    places = [each.path for each in named]
    demands = _demands(places, trust, require_signature=require_signature, at=at)
    for folder in children:
        if not folder.is_dir():
            message = f"there is no folder {printable(str(folder))}"
            raise stop("INVALID_INPUT", message, "--children DIR: a folder that holds bundles")
    keep = _keeper(state, metrics_file)
    kin = _Kin(recursive or bool(children), children or None)
    check = _stage_check(state, stages, kin)
    asked = [check(_judge(each, wanted, demands, kin)) for each in named]
    if len(asked) == 1 and asked[0].refusal is not None:
        raise asked[0].refusal
    if state.json:
        found: list[Json] = [_entry(each) for each in asked]
        state.document(found[0] if len(found) == 1 else found)
    else:
        for each in asked:
            _show(state, each)
    verdicts = [each.verdict for each in asked]
    return keep(verdicts, min((_exit_of(each) for each in asked), key=_WORST.index))


class _Kin(NamedTuple):
    """Whether children are verified too, and where they are looked for."""

    recursive: bool
    children: tuple[Path, ...] | None


def _stage_check(state: State, places: tuple[str, ...], kin: _Kin) -> Callable[[_Asked], _Asked]:
    """Returns what adds to a bundle that passed what reports say of its stages, if that is asked for."""
    if not places:
        return lambda asked: asked
    from workc.cli.stage_check import checked, reports_at  # noqa: PLC0415 - few ask for it

    reports = reports_at(state, places)

    def check(asked: _Asked) -> _Asked:
        if asked.verdict is None or not asked.verdict.ok:
            return asked
        found = checked(asked.path, asked.verdict, reports, kin.children, recursive=kin.recursive)
        return asked._replace(stages=found)

    return check


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
    paths: Sequence[str], trust: str | None, *, require_signature: bool, at: str | None
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
        given = (
            f"{len(small)} of them" if _HEX.fullmatch(small) else repr(printable(text or "", 80))
        )
        message = f"{option} takes {digits} hex digits, not {given}"
        raise stop("INVALID_INPUT", message, _WHERE_DIGESTS_ARE[option])
    return small


class _Asked(NamedTuple):
    """A bundle: where it stands, or why nothing does; and the verdict on it."""

    path: str
    refusal: Stopped | None = None
    verdict: Verdict | None = None
    stages: Checked | None = None


def _find(state: State, path: str) -> _Asked:
    """Returns what stands at a path, else the bundle of the run of that name."""
    if _stands(path):
        return _Asked(path)
    from workc.cli.named import named_bundle  # noqa: PLC0415 - most bundles are named by a path

    try:
        return _Asked(str(named_bundle(state, path, "verify-bundle")))
    except Refusal as refusal:
        failure = msgspec.structs.replace(refusal.failure, details={"path": path})
        tries = refusal.tries if isinstance(refusal, Stopped) else state.tries
        return _Asked(path, Stopped(failure, tries))


def _stands(path: str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        # Something may be there: that it cannot be looked at is for the verdict to say.
        return True
    return True


def _judge(asked: _Asked, wanted: Expectations, demands: _Demands, kin: _Kin) -> _Asked:
    if asked.refusal is not None:
        return asked
    try:
        os.lstat(asked.path)
        verdict = verify_bundle(
            asked.path,
            expect_digest=wanted.proof_digest,
            expect_run_id=wanted.run_id,
            expect_nonce=wanted.nonce,
            not_before_ms=wanted.not_before_ms,
            **demands._asdict(),
            **kin._asdict(),
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
        verdict = refused(NAMES_ARE_READABLE, ".", why)
    return asked._replace(verdict=verdict)


def exit_of(verdict: Verdict) -> int:
    """Returns what one verdict exits with."""
    if verdict.ok:
        return exits.OK
    return exits.UNDECIDED if verdict.undecided else exits.PROVEN_BAD


def _exit_of(asked: _Asked) -> int:
    if asked.stages is not None:
        from workc.cli.stage_check import exit_of_stages  # noqa: PLC0415 - few ask for it

        return exit_of_stages(asked.stages)
    return exits.USAGE if asked.verdict is None else exit_of(asked.verdict)


def _entry(asked: _Asked) -> JsonObject:
    if asked.refusal is not None:
        return error_document(asked.refusal.failure, asked.refusal.tries, exits.USAGE)
    verdict = asked.verdict
    said = {**(verdict.to_json() if verdict is not None else {}), "path": asked.path}
    if asked.stages is not None:
        from workc.cli.stage_check import stages_json  # noqa: PLC0415 - few ask for it

        said["stages"] = stages_json(asked.stages, asked.path)
    return said


def _show(state: State, asked: _Asked) -> None:
    if asked.verdict is not None:
        _show_judged(state, asked.path, asked.verdict)
        if asked.stages is not None:
            from workc.cli.stage_check import show_stages  # noqa: PLC0415 - few ask for it

            show_stages(state, asked.stages, asked.path)
    elif asked.refusal is not None:
        head = state.console.paint("✗ NONE", "bad")
        state.out(f"{head}  {printable(asked.path, MAX_ARGUMENT)}")
        state.out(f"  {asked.refusal.failure.message}")


def _show_judged(state: State, path: str, verdict: Verdict) -> None:
    if verdict.ok:
        show_verdict(state, path, verdict)
        return
    from workc.cli.no_bundle import no_bundle  # noqa: PLC0415 - most bundles are good

    # What cannot be looked at may be anything.
    found = None if verdict.undecided else no_bundle(path, "verify-bundle")
    if found is None:
        show_verdict(state, path, verdict)
        state.advise("next", f"workc explain {argument(path)}")
        return
    show_verdict(state, path, verdict, found.what)
    for text in found.tries:
        state.advise("try", text)
