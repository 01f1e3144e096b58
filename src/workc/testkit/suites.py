"""Suites of tests as a folder of them says: scenario files, golden bundles, one large run.

Each sub-folder that holds scenario files is a suite of its name. ``suites.toml`` may describe them,
put them in order, and say of which golden bundles the suites of kind ``tamper`` and ``versioning`` are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from workc.api.named_file import read_file
from workc.kernel.failure import refuse
from workc.sim.scenario.scenario import Scenario
from workc.sim.scenario.scenario_file import InvalidScenario, read_scenario
from workc.sim.scenario.scripts import IntentScript, PlanScript, PlanStepScript, ReadFile

Kind: TypeAlias = Literal["scenarios", "tamper", "versioning", "scale"]
FILE = "suites.toml"
_SUFFIXES = (".yaml", ".yml", ".json")
#: How testing specifications call suites.
_PREFIX = "suite_"
#: A step of a run that reads a file has so many events, and a run so many beside its steps.
_EVENTS_A_STEP, _EVENTS_BESIDE = 3, 6


class _Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``suites.toml`` says of one suite."""

    kind: Kind = "scenarios"
    description: str = ""
    folder: str | None = None
    bundles: str | None = None
    events: int = 10_000


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One test of a suite: a scenario, or a golden bundle. ``path`` is where it is from."""

    id: str
    kind: Kind
    path: str
    scenario: Scenario | None = None


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A suite: its name, what it is for, and the folders and files in which its tests are."""

    name: str
    description: str
    kind: Kind
    places: tuple[Path, ...]
    events: int = 0

    def readable(self) -> tuple[int, tuple[InvalidScenario, ...]]:
        """Returns how many tests can be run, and what is wrong with the files that hold none."""
        if self.kind != "scenarios":
            return len(self.cases()), ()
        files = [each for place in self.places for each in _files_at(place)]
        unfit = tuple(filter(None, map(_why_unfit, files)))
        return len(files) - len(unfit), unfit

    def cases(self) -> tuple[Case, ...]:
        """Returns the tests of the suite in the order of their names; none is an error of who runs it.

        Raises:
            InvalidScenario: a file is none.
            OSError: one cannot be read.
        """
        return tuple(_CASES[self.kind](self))


def find_suites(folder: Path) -> dict[str, Suite]:
    """Returns the suites of a folder by name, in the order of ``suites.toml``, then by name.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is no such folder, or ``suites.toml`` is none.
    """
    if not folder.is_dir():
        raise refuse("INVALID_INPUT", f"there is no folder {folder}, where the suites would be")
    said = _said(folder / FILE)
    here = sorted(each.name for each in folder.iterdir() if each.is_dir() and _files(each))
    found = {name: said.get(name, _Said()) for name in [*said, *here]}
    return {name: _suite(folder, name, each) for name, each in found.items()}


def suite_named(suites: Mapping[str, Suite], name: str) -> Suite:
    """Returns the suite of a name, which may begin with ``suite_``.

    Raises:
        Refusal: ``INVALID_INPUT``, with the suites that there are.
    """
    bare = name if name in suites else name.removeprefix(_PREFIX)
    if bare in suites:
        return suites[bare]
    near = get_close_matches(bare, suites, n=1)
    advice = f"did you mean {near[0]}?" if near else f"there are {', '.join(suites) or 'none'}"
    raise refuse("INVALID_INPUT", f"there is no suite {name[:100]}; {advice}")


def _said(path: Path) -> dict[str, _Said]:
    if not path.exists():
        return {}
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, _Said])
    except (ValueError, msgspec.ValidationError) as error:
        raise refuse("INVALID_INPUT", f"{path}: {error}") from None


def _suite(folder: Path, name: str, said: _Said) -> Suite:
    told = said.bundles if said.kind in ("tamper", "versioning") else said.folder
    place = folder / (told or name)
    return Suite(
        name=name,
        description=said.description,
        kind=said.kind,
        places=(place,) if place.exists() else (),
        events=said.events,
    )


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.suffix in _SUFFIXES and each.is_file())


def _scenarios(suite: Suite) -> Iterator[Case]:
    for place in suite.places:
        yield from map(read_case, _files_at(place))


def _files_at(place: Path) -> list[Path]:
    return _files(place) if place.is_dir() else [place]


def _why_unfit(path: Path) -> InvalidScenario | None:
    try:
        read_case(path)
    except InvalidScenario as invalid:
        return invalid
    return None


def _goldens(suite: Suite) -> Iterator[Case]:
    for place in suite.places:
        for receipt in sorted(place.rglob("receipt.json")):
            name = receipt.parent.relative_to(place).as_posix()
            yield Case(id=f"{suite.name}/{name}", kind=suite.kind, path=str(receipt.parent))


def _scale(suite: Suite) -> Iterator[Case]:
    steps = -(-(suite.events - _EVENTS_BESIDE) // _EVENTS_A_STEP)
    scenario = Scenario(
        id=f"{suite.name}/{suite.events}_events",
        description=f"A run of {suite.events} events at least.",
        intent=IntentScript(description="Read many files."),
        plan=PlanScript(
            steps=tuple(
                PlanStepScript(name=f"s{n}", action=ReadFile(path=f"src/{n}.txt"), after=())
                for n in range(steps)
            )
        ),
    )
    yield Case(id=scenario.id, kind="scale", path="", scenario=scenario)


_CASES = {
    "scenarios": _scenarios,
    "tamper": _goldens,
    "versioning": _goldens,
    "scale": _scale,
}


def read_case(path: Path) -> Case:
    """Returns a scenario file as a test.

    Raises:
        InvalidScenario: it is none.
        Refusal: ``INVALID_INPUT``: there is no such file.
    """
    scenario = read_scenario(read_file(path), str(path))
    return Case(id=scenario.id, kind="scenarios", path=str(path), scenario=scenario)
