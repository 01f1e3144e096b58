"""Certification: a set of bundles is replayed, each in several environments, each time in a process.

A process of its own is what a user's replay is: nothing that was imported or seeded before is in
it, and code that ends or blocks its process is a finding and stops nobody else.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from workc.adapters.children import Children, Ended
from workc.adapters.driver import Interrupted
from workc.api.bundle_search import Sought
from workc.api.replay import ReplayReport
from workc.api.replay_environments import Environment
from workc.kernel.events import UNREADABLE
from workc.kernel.values import Json, JsonObject
from workc.runtime.divergence import Divergence

Judgement = Literal["bad", "differs", "unjudged", "identical"]

#: From the worst to the best: that of a bundle is the worst of its replays.
ORDER: tuple[Judgement, ...] = ("bad", "differs", "unjudged", "identical")
#: What `workc replay` exits with, when it has judged.
_JUDGED: Mapping[int | None, Judgement] = {
    0: "identical",
    4: "differs",
    5: "bad",
    6: "unjudged",
}
#: Sent by somebody else, not raised by what a process does.
_SENT = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_DOCUMENTS = msgspec.json.Decoder(dict[str, object])


def worst(judgements: Iterable[Judgement]) -> Judgement:
    """Returns the worst of the judgements; where there are none, nothing was judged."""
    ranked = sorted(judgements, key=ORDER.index)
    return ranked[0] if ranked else "unjudged"


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """One replay: in which environment, what was judged, and what was found where it is not identical.

    ``exit`` is that of the process: None if its time was over, minus a signal's number if killed.
    """

    environment: int
    judgement: Judgement
    exit: int | None
    duration_ms: int
    replayed_digest: str | None = None
    divergences: tuple[Divergence, ...] = ()

    def to_json(self) -> JsonObject:
        """Returns the replay as JSON."""
        return {
            "environment": self.environment,
            "judgement": self.judgement,
            "exit": self.exit,
            "duration_ms": self.duration_ms,
            "replayed_digest": self.replayed_digest,
            "divergences": [found.to_json() for found in self.divergences],
        }


class Certified(msgspec.Struct, frozen=True, kw_only=True):
    """One bundle with its replays, in the order of the environments.

    What the first replay that could read them says of the bundle stands here: ``run_id``,
    ``proof_digest``, ``events``, and the steps whose code did not run (``opaque``).
    """

    bundle: str
    replays: tuple[Replayed, ...]
    run_id: str | None = None
    proof_digest: str | None = None
    events: int = 0
    opaque: tuple[str, ...] = ()

    @property
    def judgement(self) -> Judgement:
        """Returns the worst of its replays."""
        return worst(replay.judgement for replay in self.replays)

    @property
    def identical(self) -> int:
        """Returns how many replays came out the same."""
        return sum(replay.judgement == "identical" for replay in self.replays)

    def to_json(self) -> JsonObject:
        """Returns the bundle as JSON."""
        return {
            "bundle": self.bundle,
            "judgement": self.judgement,
            "identical": self.identical,
            "run_id": self.run_id,
            "proof_digest": self.proof_digest,
            "events": self.events,
            "opaque": list[Json](self.opaque),
            "replays": [replay.to_json() for replay in self.replays],
        }


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a certification found: the environments, and every bundle in the order it was named."""

    environments: tuple[Environment, ...]
    bundles: tuple[Certified, ...]

    @property
    def judgement(self) -> Judgement:
        """Returns the worst of all bundles."""
        return worst(bundle.judgement for bundle in self.bundles)

    @property
    def identical(self) -> int:
        """Returns how many replays came out the same."""
        return sum(bundle.identical for bundle in self.bundles)

    @property
    def replays(self) -> int:
        """Returns how many replays there were to be."""
        return sum(len(bundle.replays) for bundle in self.bundles)

    def to_json(self) -> JsonObject:
        """Returns all of it as JSON, schema ``workc.certify/1``."""
        return {
            "schema": "workc.certify/1",
            "ok": self.judgement == "identical",
            "judgement": self.judgement,
            "identical": self.identical,
            "replays": self.replays,
            "environments": [
                {"number": each.number, "variables": dict[str, Json](each.variables)}
                for each in self.environments
            ],
            "bundles": [bundle.to_json() for bundle in self.bundles],
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How bundles are replayed. ``code`` None: where each was run from, as the store notes it.

    ``base`` is the environment that those of the replays are made of; ``timeout_s`` is for each.
    """

    environments: tuple[Environment, ...]
    store: Path
    code: Path | None
    base: Mapping[str, str]
    jobs: int
    timeout_s: int


#: Is told of each replay as it ends: how many have, of how many, and which it was.
Watch = Callable[[int, int, Sought, Replayed], None]


def certify(
    bundles: Sequence[Sought], plan: Plan, children: Children, watch: Watch | None = None
) -> Certificate:
    """Replays every bundle in every environment and returns what came of it.

    Raises:
        Interrupted: ``children`` were told to stop.
        OSError: a process could not be started.
    """
    with ThreadPoolExecutor(plan.jobs, thread_name_prefix="workc-certify") as pool:
        futures = [
            [pool.submit(_replay, sought, each, plan, children) for each in plan.environments]
            for sought in bundles
        ]
        of = {
            future: sought for sought, row in zip(bundles, futures, strict=True) for future in row
        }
        try:
            for done, future in enumerate(as_completed(of), 1):
                if children.stopped:
                    pool.shutdown(cancel_futures=True)
                    break
                replayed, _ = future.result()
                if watch is not None:
                    watch(done, len(of), of[future], replayed)
        except BaseException:
            children.interrupt()
            raise
    if children.stopped:
        raise Interrupted
    found = [_certified(each.name, row) for each, row in zip(bundles, futures, strict=True)]
    return Certificate(environments=plan.environments, bundles=tuple(found))


_Result = tuple[Replayed, ReplayReport | None]


def _certified(name: str, futures: Sequence[Future[_Result]]) -> Certified:
    results = [future.result() for future in futures]
    reports = (report for _, report in results if report is not None)
    told = next((report for report in reports if report.run_id is not None), None)
    replays = tuple(replayed for replayed, _ in results)
    if told is None:
        return Certified(bundle=name, replays=replays)
    return Certified(
        bundle=name,
        replays=replays,
        run_id=told.run_id,
        proof_digest=told.proof_digest,
        events=told.events,
        opaque=told.opaque,
    )


def _replay(sought: Sought, where: Environment, plan: Plan, children: Children) -> _Result:
    if sought.path is None:
        found = Divergence(code="INVALID_INPUT", message="the run is not sealed: it has not ended")
        return _unreported(where, Ended(None, b"", "", 0), "unjudged", found)
    command = [sys.executable, "-P", "-m", "workc", "replay", str(sought.path.absolute()), "--json"]
    command += ["--store", str(plan.store)]
    command += [] if plan.code is None else ["--code", str(plan.code)]
    ended = children.run(command, where.over(plan.base), plan.timeout_s)
    document = _document(ended.stdout)
    report = _report(document)
    judgement = _JUDGED.get(ended.code)
    if report is None or judgement is None:
        return _unreported(where, ended, *_ending(ended, document, plan.timeout_s))
    replayed = Replayed(
        environment=where.number,
        judgement=judgement,
        exit=ended.code,
        duration_ms=ended.duration_ms,
        replayed_digest=report.replayed_digest,
        divergences=report.divergences,
    )
    return replayed, report


def _unreported(
    where: Environment, ended: Ended, judgement: Judgement, found: Divergence
) -> _Result:
    replayed = Replayed(
        environment=where.number,
        judgement=judgement,
        exit=ended.code,
        duration_ms=ended.duration_ms,
        divergences=(found,),
    )
    return replayed, None


def _document(data: bytes) -> dict[str, object]:
    try:
        return _DOCUMENTS.decode(data)
    except UNREADABLE:
        return {}


def _report(document: Mapping[str, object]) -> ReplayReport | None:
    if document.get("schema") != "workc.replay/1":
        return None
    try:
        return msgspec.convert(document, ReplayReport)
    except msgspec.ValidationError:
        return None


def _ending(
    ended: Ended, document: Mapping[str, object], timeout_s: int
) -> tuple[Judgement, Divergence]:
    """Returns what it means that a process gave no report of a replay.

    The recorded run came to its end, so a replay that ends its process has come out different. One
    that was ended from outside, or whose time was over, shows nothing.
    """
    code = ended.code
    if code is None:
        message = f"the replay did not end within {timeout_s} s"
        return "unjudged", Divergence(code="TIMEOUT", message=message)
    if document.get("schema") == "workc.error/1":
        refused = Divergence(code=str(document.get("code")), message=str(document.get("message")))
        return "unjudged", refused
    if code < 0:
        name = _signal_name(-code)
        message = f"the replay was ended by {name}; the recorded run came to its end"
        judgement: Judgement = "unjudged" if -code in _SENT else "differs"
        return judgement, Divergence(code="REPLAY_DIVERGED", message=message + _last_words(ended))
    message = f"the replay ended its process with {code} and gave no report"
    return "differs", Divergence(code="REPLAY_DIVERGED", message=message + _last_words(ended))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_words(ended: Ended) -> str:
    lines = [line.strip() for line in ended.stderr_tail.splitlines() if line.strip()]
    return f"; its last words: {lines[-1][:200]}" if lines else ""
