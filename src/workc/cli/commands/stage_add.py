"""``workc stage add``: stages from files of JSON, all of them or none."""

from __future__ import annotations

from pathlib import Path

import click

from workc.api.stage_adding import Added
from workc.api.stage_files import InvalidSpecs, read_stages
from workc.cli import exits
from workc.cli.errors import show_failure
from workc.cli.options import common
from workc.cli.registries import option_of, refused_files, registry_at, registry_option
from workc.cli.state import State
from workc.cli.text import MAX_ARGUMENT, count, printable, short
from workc.kernel.values import Json


@click.command("add", epilog="Example: workc stage add stages.json")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--replace", is_flag=True, help="Put examples, code and words in place of those there."
)
@registry_option
@common
@click.pass_obj
def command(state: State, *, files: tuple[str, ...], registry: Path, replace: bool) -> int:
    """Add the stages of JSON files, or of folders of them; exit 2, and none, if one is wrong.

    A file holds one stage or a list of them. Their ids may be left out.
    """
    place = registry_at(state, registry)
    try:
        added = place.add(read_stages(map(Path, files)), replace=replace)
    except InvalidSpecs as invalid:
        return _invalid(state, registry, invalid)
    if state.json:
        stages: list[Json] = [each.to_json() for each in added]
        _document(state, registry, stages, [], exits.OK)
        return exits.OK
    _show(state, registry, added)
    return exits.OK


def _show(state: State, registry: Path, added: list[Added]) -> None:
    new = sum(each.what != "known" for each in added)
    head = state.console.paint(f"✓ {count(new, 'stage')} added", "good")
    known = "" if new == len(added) else f" · {len(added) - new} there already"
    state.out(f"{head}{known}  {printable(str(registry), MAX_ARGUMENT)}")
    rows = [(short(e.id), e.what, e.state, printable(e.name or "—", 100)) for e in added]
    state.table([("id", "what", "state", "name"), *rows])
    if new:
        state.advise("next", f"workc stage list{option_of(registry)}")


def _invalid(state: State, registry: Path, invalid: InvalidSpecs) -> int:
    if state.json:
        problems: list[Json] = [problem.to_json() for problem in invalid.problems]
        _document(state, registry, [], problems, exits.USAGE)
    refused = refused_files(state, invalid, "nothing was added")
    show_failure(state, refused.failure, refused.tries)
    return exits.USAGE


def _document(
    state: State, registry: Path, stages: list[Json], problems: list[Json], code: int
) -> None:
    state.document(
        {
            "schema": "workc.stage-added/1",
            "ok": code == exits.OK,
            "registry": str(registry),
            "stages": stages,
            "problems": problems,
            "exit": code,
        }
    )
