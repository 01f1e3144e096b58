"""``ReplayRecorder``: records what the world answered a run, and plays it back to later runs.

    recorder = workc.ReplayRecorder("digest.workc")
    runtime = workc.Runtime(recorder=recorder)
    runtime.run("digest.yaml")      # the first time: asks the world, and the answers are kept
    runtime.run("digest.yaml")      # from then on: the world is not asked any more

A recording *is* the bundle of one run, so it can be verified, shown, signed and replayed like any
other. Playing back runs today's code on yesterday's answers; :meth:`ReplayRecorder.replay` shows
that code and answers still give the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from workc.adapters.bundle_folder import BundleWriter
from workc.adapters.place import new_place
from workc.api.replay import BundleFiles, ReplayReport, replay
from workc.api.standing_in import StandIn, recording_stand_in
from workc.api.transport import SUFFIX, contents, pack
from workc.api.verification import reader_of_bundle, verify_bundle
from workc.api.workflows import Skills, Workflow
from workc.bundle.layout import BUNDLE_VERSION, EVENTS
from workc.kernel import events, jcs
from workc.kernel.arguments import a
from workc.kernel.failure import Misuse, refuse
from workc.kernel.values import Json
from workc.runtime.playback import Playback
from workc.verify.reader import MemoryReader

Path_ = str | os.PathLike[str]


class ReplayRecorder:
    """Records the first run that is made with it, and answers every later one from that.

    With a ``path`` the recording is kept there: a folder, or an archive if the name ends in
    ``.workc``. One that is there already is loaded. A later run that asks for what was not
    recorded gets ``CAPTURE_MISSING``; it never falls back to the world.

    Raises:
        Refusal: ``INVALID_INPUT`` if what is at ``path`` is no bundle of format 0.2,
            ``CAPTURE_EDITED`` if it does not verify.
    """

    def __init__(self, path: Path_ | None = None) -> None:
        self._path = None if path is None else new_place("path", path)
        self._bundle: Mapping[str, bytes] | None = None
        self._digest = ""
        self._playback: Playback | None = None
        if self._path is not None and _is_there(self._path):
            self.load(self._path)

    @property
    def bundle(self) -> Mapping[str, bytes] | None:
        """Returns the recording as the files of a bundle by path, or None before the first run."""
        return self._bundle

    @property
    def events(self) -> tuple[Json, ...]:
        """Returns the recorded events in logical order, each as JSON; none before the first run."""
        lines = b"" if self._bundle is None else self._bundle[EVENTS]
        return tuple(jcs.parse(line) for line in lines.splitlines())

    @property
    def unused(self) -> tuple[str, ...]:
        """Returns the recorded requests that the last run did not make, such as ``GET http://x/``."""
        return () if self._playback is None else self._playback.unused

    def load(self, bundle: Path_ | Mapping[str, bytes]) -> None:
        """Takes the bundle of any run as the recording, in place of what was there.

        Raises:
            FileNotFoundError: there is nothing at that path.
            Refusal: as for the constructor.
        """
        verdict = verify_bundle(bundle)
        if not verdict.ok:
            found = verdict.failures[0]
            code = "INVALID_INPUT" if verdict.undecided else "CAPTURE_EDITED"
            raise refuse(code, f"the recording does not verify: {found.code}: {found.message}")
        if verdict.bundle_version != BUNDLE_VERSION:
            raise refuse("INVALID_INPUT", f"a recording is a bundle of format {BUNDLE_VERSION}")
        files = bundle if isinstance(bundle, Mapping) else contents(reader_of_bundle(bundle))
        self._take(files, str(verdict.proof_digest))

    def save(self, path: Path_) -> None:
        """Writes the recording: a folder, or an archive if the name ends in ``.workc``.

        Raises:
            Misuse: nothing has been recorded.
            FileExistsError: there is something at ``path`` already.
            OSError: it cannot be written there.
        """
        if self._bundle is None:
            raise Misuse("nothing has been recorded yet; run something with this recorder first")
        _write(self._bundle, new_place("path", path))

    def clear(self) -> None:
        """Forgets the recording, so that the next run is recorded anew; no file is removed."""
        self._bundle = None

    def replay(
        self,
        *,
        workflow: Workflow[..., object] | None = None,
        skills: Skills | None = None,
        code: Path_ = ".",
    ) -> ReplayReport:
        """Re-executes the recording and returns whether every byte came out the same.

        See :func:`workc.replay` for the arguments.

        Raises:
            Misuse: nothing has been recorded.
        """
        if self._bundle is None:
            raise Misuse("nothing has been recorded yet; run something with this recorder first")
        return replay(self._bundle, workflow=workflow, skills=skills, code=code)

    def stand_in(self) -> StandIn | None:
        """Returns who answers the next run: every run has all answers to itself."""
        if self._bundle is None:
            return None
        log = [events.decode_event(line) for line in self._bundle[EVENTS].splitlines()]
        self._playback = Playback(log, BundleFiles(MemoryReader(self._bundle)))
        return recording_stand_in(self._playback, self._digest)

    def keep(self, seal: Callable[[], Mapping[str, bytes]]) -> None:
        """Takes the bundle that ``seal`` gives of a run that has just ended, unless there is one.

        Raises:
            OSError: it cannot be written to the recorder's path.
        """
        if not callable(seal):
            raise Misuse(f"seal is a function, not {a(seal)}")
        if self._bundle is not None:
            return
        bundle = seal()
        self._take(bundle, str(verify_bundle(bundle).proof_digest))
        if self._path is not None:
            _write(bundle, self._path)

    def _take(self, bundle: Mapping[str, bytes], digest: str) -> None:
        self._bundle, self._digest = dict(bundle), digest


def _is_there(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))


def _write(bundle: Mapping[str, bytes], path: Path) -> None:
    if path.suffix == SUFFIX:
        pack(bundle, path)
        return
    writer = BundleWriter(path)
    try:
        for name, data in bundle.items():
            writer.write(name, (data,))
        writer.finish()
    except BaseException:
        writer.discard()
        raise
