"""What the fixture ``workc`` gives a test: it makes runs, from recordings unless told otherwise."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import pytest

from workc.adapters.budget_tracker import BudgetTracker
from workc.api.recorder import ReplayRecorder
from workc.api.replay import ReplayReport, replay
from workc.api.runtime import Runtime
from workc.api.simulation import simulated
from workc.api.sources import Source
from workc.api.story import tell_step
from workc.api.verification import verify_bundle
from workc.api.workflows import Workflow
from workc.kernel.arguments import shown
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Misuse
from workc.kernel.values import Json
from workc.pytest_plugin.closed_sockets import Sockets, closed
from workc.pytest_plugin.recordings import forget, place_of, put, recorded, write_page
from workc.runtime.outcome import StructuredOutcome
from workc.stages.skill import Skill
from workc.verify.verdict import Verdict

Mode = Literal["none", "record-missing", "rewrite"]
Faults = Mapping[str, Sequence[str]]

_FAULTS_EXAMPLE = '{"fetch": ["TIMEOUT", "HTTP_5XX"]}'
_BUDGET = pytest.StashKey[BudgetTracker | None]()
_UNRECORDED = frozenset({"CAPTURE_MISSING", "EXTERNAL_CALL_BLOCKED"})


@dataclass(frozen=True)
class Marked:
    """What the marker says; see the plugin's module."""

    faults: Faults | None = None
    seed: int = 1
    budget_cents: int | None = None
    sockets: Sockets = "closed"


class Step:
    """What became of one step of a run."""

    def __init__(self, detail: Mapping[str, Any]) -> None:
        """Takes what the records say of the step: ``workc.step/1``."""
        self._detail = detail

    @property
    def status(self) -> str:
        """Returns success, failure or skipped."""
        return str(self._detail["status"])

    @property
    def code(self) -> str | None:
        """Returns the failure code, None for a step that succeeded."""
        return cast("str | None", self._detail["code"])

    @property
    def attempts(self) -> int:
        """Returns how many attempts were made."""
        return int(self._detail["attempts"])

    @property
    def retried(self) -> list[str]:
        """Returns the codes of attempts that were followed by another."""
        return [str(retry["code"]) for retry in self._detail["retries"]]

    @property
    def value(self) -> Json:
        """Returns what the step gave, None if it gave nothing."""
        given = [record["value"] for record in self._detail["records"] if "value" in record]
        return given[-1] if given else None

    def __repr__(self) -> str:
        """Returns what a failed assertion shows."""
        return f"<step {self._detail['step']}: {self.status} {self.code or ''} x{self.attempts}>"


class Run:
    """One run of a test: its outcome, and the bundle that it left in ``path``."""

    def __init__(
        self, outcome: StructuredOutcome, path: Path, code: Workflow[..., object] | None
    ) -> None:
        self.outcome = outcome
        self.path = path
        self._code = code

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as many types as the outcome has
        """Returns what the outcome has under this name: ``ok``, ``output``, ``code`` and the rest."""
        return getattr(self.outcome, name)

    def step(self, name: str) -> Step:
        """Returns one step, by its name.

        Raises:
            Refusal: ``INVALID_INPUT`` if there is none, with the names there are.
        """
        return Step(tell_step(self._source, name))

    def verify(self) -> Verdict:
        """Returns the oracle's verdict on the bundle."""
        return verify_bundle(self._bundle)

    def replay(self) -> ReplayReport:
        """Runs the bundle again and returns whether every byte came out the same."""
        return replay(self._bundle, workflow=self._code)

    @property
    def _bundle(self) -> Path:
        if self.outcome.bundle is None:
            raise Misuse(f"the run did not begin: {self.outcome.code}: {self.outcome.message}")
        return self.path

    @cached_property
    def _source(self) -> Source:
        return Source(self._bundle, sealed=True)

    def __repr__(self) -> str:
        """Returns what a failed assertion shows."""
        return f"<run {self.outcome.status} {self.outcome.code}: {self.outcome.message}>"


class Kit:
    """Makes the runs of one test. Each run has a recording of its own, in the order of the runs."""

    def __init__(
        self, place: Path, folder: Path, mode: Mode, marked: Marked, budget: BudgetTracker | None
    ) -> None:
        self._place = place
        self._folder = folder
        self._mode: Mode = mode
        self._marked = marked
        self._budget = budget
        self._unused: list[str] = []
        self._settled = self._is_new = False
        self.runs: list[Run] = []

    def run(
        self,
        workflow: str | Path | Workflow[..., object],
        inputs: Mapping[str, Json] | None = None,
        *,
        faults: Faults | None = None,
        seed: int | None = None,
        budget_cents: int | None = None,
        skills: Iterable[Skill[..., object]] = (),
        **settings: object,
    ) -> Run:
        """Runs a workflow and returns what became of it; ``settings`` are those of ``workc.Runtime``.

        Replayed, it takes no time: waits and time limits pass in virtual time, and the same code,
        recording and ``seed`` give the same bundle. ``faults`` fail attempts of steps before anything
        is asked: ``{"fetch": ["TIMEOUT", "HTTP_5XX"]}`` fails the first two of ``fetch``.
        """
        number = len(self.runs) + 1
        recording, bundle = self._target / str(number), self._folder / f"run-{number}"
        recorder = self._recorder(recording)
        is_recorded = recorder.bundle is not None
        runtime = self._runtime(
            recorder,
            {
                **settings,
                "seed": self._marked.seed if seed is None else seed,
                "budget_cents": self._marked.budget_cents if budget_cents is None else budget_cents,
                "inject": injections(self._marked.faults if faults is None else faults),
            },
        )
        for skill in skills:
            runtime.register_skill(skill.name, skill)
        outcome = runtime.run(workflow, inputs, out=bundle)
        if not is_recorded and recorder.bundle is not None and recording.exists():
            write_page(recording)
            self._is_new = True
        self._unused += [f"run {number} did not ask for {each}" for each in recorder.unused]
        code = workflow if isinstance(workflow, Workflow) else None
        made = Run(self._with_hint(outcome, is_recorded), bundle, code)
        self.runs.append(made)
        return made

    @contextmanager
    def expect(self, code: str) -> Generator[None, None, None]:
        """Fails the test unless a run within ends with this code.

        Raises:
            Misuse: the catalog has no such code.
        """
        if code not in CATALOG:
            raise Misuse(f"{code!r} is no failure code; `workc failures` lists them")
        before = len(self.runs)
        yield
        found = [run.outcome.code for run in self.runs[before:]]
        if code not in found:
            ended = ", ".join(found) or "no run"
            pytest.fail(f"expected a run to end with {code}; there was {ended}", pytrace=False)

    def sockets(self) -> AbstractContextManager[None]:
        """Returns the context in which sockets are closed as the test's marker and mode say."""
        return closed("open" if self._mode != "none" else self._marked.sockets)

    def left_over(self) -> list[str]:
        """Returns a sentence for everything that was recorded for the test and not used."""
        beyond = [each for each in recorded(self._place) if int(each.name) > len(self.runs)]
        return [*self._unused, *(f"there is no run {each.name} for {each}" for each in beyond)]

    def settle(self, *, passed: bool) -> str:
        """Ends the recordings of the test, and returns what is to be said of them, else "".

        What was rewritten is put in its place. If the test failed it stays away from what was recorded
        before: what was good is not lost to a bad day of the world.
        """
        if self._settled:
            return ""
        self._settled = True
        said = self._rewritten(passed=passed) if self._mode == "rewrite" else ""
        if said or passed or not self._is_new:
            return said
        return (
            f"the test failed, and what was recorded for it stays in {self._place}: if the world is to "
            "blame, record anew with --workc=rewrite"
        )

    def _rewritten(self, *, passed: bool) -> str:
        before = recorded(self._place)
        if before and not passed:
            return (
                f"the test failed, so {self._place} stays as it was; what was recorded now is in "
                f"{self._target}"
            )
        for old in before:
            forget(old)
        for new in recorded(self._target):
            put(new, self._place)
        return ""

    @property
    def _target(self) -> Path:
        """Returns where what is recorded goes to at first."""
        return self._folder / "recorded" if self._mode == "rewrite" else self._place

    def _recorder(self, recording: Path) -> ReplayRecorder:
        if self._mode == "none" and not recording.is_dir():
            return ReplayRecorder()
        recording.parent.mkdir(parents=True, exist_ok=True)
        return ReplayRecorder(recording)

    def _runtime(self, recorder: ReplayRecorder, settings: Mapping[str, Any]) -> Runtime:
        """Returns a runtime: simulated where it replays, live where it is to record."""
        if self._mode != "none" and recorder.bundle is None:
            return Runtime(**settings, recorder=recorder, budget=self._budget)
        base = Runtime(**settings).settings
        kept = recorder if recorder.bundle is not None else None
        return simulated(
            {}, seed=settings["seed"], settings=replace(base, recorder=kept), environment=None
        )

    def _with_hint(self, outcome: StructuredOutcome, is_recorded: object) -> StructuredOutcome:
        if self._mode != "none" or is_recorded or outcome.code not in _UNRECORDED:
            return outcome
        note = "nothing is recorded for this run: record it with --workc=record-missing"
        return _with_note(outcome, note)


def _with_note(outcome: StructuredOutcome, note: str) -> StructuredOutcome:
    """Returns an outcome with one note and a message that says it too."""
    return msgspec.structs.replace(
        outcome, message=f"{outcome.message} ({note})", notes=(*outcome.notes, note)
    )


def injections(faults: Faults | None) -> list[str]:
    """Returns faults as a runtime takes them: ``step:attempt:CODE``.

    Raises:
        Misuse: they are no codes by step.
    """
    if not _are_faults({} if faults is None else faults):
        raise Misuse(f"faults are lists of codes by step, {_FAULTS_EXAMPLE}, not {shown(faults)}")
    return [
        f"{step}:{attempt}:{code}"
        for step, codes in (faults or {}).items()
        for attempt, code in enumerate(codes, start=1)
    ]


def _are_faults(said: object) -> bool:
    """Returns whether each step has a list; a text is none, though it has parts."""
    if not isinstance(said, Mapping):
        return False
    values = cast("Mapping[object, object]", said).values()
    return all(isinstance(codes, Sequence) and not isinstance(codes, str) for codes in values)


def kit_of(request: pytest.FixtureRequest, folder: object) -> Kit:
    """Returns the kit of the test that asks for the fixture."""
    config = request.config
    marker = request.node.get_closest_marker("workc")
    marked = Marked() if marker is None else _marked(marker)
    place = place_of(Path(request.node.path), request.node.nodeid)
    mode = cast("Mode", config.getoption("workc_mode"))
    return Kit(place, Path(str(folder)) / "workc", mode, marked, _budget(config))


def _marked(marker: pytest.Mark) -> Marked:
    if marker.args:
        raise pytest.UsageError("the marker workc takes names: @pytest.mark.workc(seed=7)")
    try:
        return Marked(**marker.kwargs)
    except TypeError as error:
        known = ", ".join(Marked.__dataclass_fields__)
        raise pytest.UsageError(f"the marker workc takes {known}: {error}") from None


def _budget(config: pytest.Config) -> BudgetTracker | None:
    """Returns the ceiling of the session: one for all its tests."""
    if _BUDGET not in config.stash:
        cents = cast("int | None", config.getoption("workc_budget_cents"))
        config.stash[_BUDGET] = (
            None if cents is None else BudgetTracker(ceiling_cents=_share(config, cents))
        )
    return config.stash[_BUDGET]


def _share(config: pytest.Config, cents: int) -> int:
    """Returns what this process may spend of the session's ceiling: its part where there are several."""
    workers = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    return cents // int(workers)
