"""A registry of stages: a folder with an index in SQLite and, beside it, a file for each stage.

Files are named by their content; the index says which belongs to a stage, and which state that is in.
A file is written before the index refers to it and never changed, so whenever a process is killed there
is a whole registry. On every load the digest of the file and the ids of the stage are computed again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from workc.adapters.run_folder import FOLDER_MODE
from workc.adapters.stage_index import Row, StageIndex
from workc.adapters.stage_objects import StageObjects, changed
from workc.adapters.stage_search import StageSearch, Wanted
from workc.adapters.stage_tables import opened, writing
from workc.api.stage_adding import Added, Addition, judge
from workc.api.stage_files import Located
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import refuse
from workc.stages.stage.identity import checked
from workc.stages.stage.lifecycle import chain, move_problem, succession_problem
from workc.stages.stage.refinements import StageError
from workc.stages.stage.value import Lifecycle, Stage, State, stage_of_json

INDEX = "index.sqlite"
OBJECTS = "objects"
#: So many stages are named whose ids begin alike.
_MAX_ALIKE = 5


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A stage whose state changed; ``successor`` is the id of the one that replaces it."""

    id: str
    name: str
    before: State
    after: State
    successor: str | None = None


class Registry:
    """The stages of a folder; every method opens the index anew, so that many processes may work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._objects = StageObjects(folder / OBJECTS)

    def add(self, specs: Sequence[Located], *, replace: bool = False) -> list[Added]:
        """Adds stages, all or none, and returns what became of each, in the order given.

        A stage that is there with other examples, code or words is refused, or, with ``replace``,
        takes these from now on; its state and its signature stay.

        Raises:
            InvalidSpecs: what is wrong with them here; nothing was added.
            Refusal: ``STAGE_CHANGED`` or ``STORE_UNAVAILABLE``; OSError too.
        """
        (self.folder / OBJECTS).mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with self._index(create=True, write=True) as index:
            additions = judge(specs, index, replace=replace)
            for addition in additions:
                self._objects.put(addition.data)
            self._objects.sync()
            # In order of ids, which is how the index of words is laid out.
            for addition in sorted(additions, key=lambda each: each.added.id):
                self._put(index, addition)
        return [addition.added for addition in additions]

    def _put(self, index: StageIndex, addition: Addition) -> None:
        if addition.added.what != "known":
            index.put(addition.stage, addition.digest)

    def rows(self, states: Iterable[State], name: str | None = None) -> list[Row]:
        """Returns what the index says of the stages in some states, by name and id."""
        with self._index() as index:
            return index.rows(states, name)

    @property
    def is_there(self) -> bool:
        """Returns whether there is a registry, whatever is in it."""
        return (self.folder / INDEX).is_file()

    def named(self, text: str) -> Row:
        """Returns the stage of an id, of a name, or of the beginning of an id.

        Raises:
            Refusal: ``INVALID_INPUT`` if there is none, or several.
        """
        found = self.find_named(text)
        if found is None:
            message = (
                f"no stage of {self.folder} is called {text!r:.70}, or has an id that begins so"
            )
            raise refuse("INVALID_INPUT", message)
        return found

    def find_named(self, text: str) -> Row | None:
        """Returns the stage of an id, of a name, or of the beginning of an id; None if there is none.

        Of several with one name it is the one that is active.

        Raises:
            Refusal: ``INVALID_INPUT`` if there are several.
        """
        start = text.lower()
        with self._index() as index:
            called = index.called(text)
            active = [row for row in called if row.state == "Active"]
            found = (active if len(active) == 1 else called) if text else []
            found = found or (index.beginning(start, _MAX_ALIKE) if start else [])
        if len(found) <= 1:
            return found[0] if found else None
        length = max(len(start), 6) + 6
        ids = ", ".join(row.id[:length] for row in found[:_MAX_ALIKE])
        what = "stages are called" if called else "ids begin"
        raise refuse("INVALID_INPUT", f"several {what} {text!r:.70}: {ids}")

    def partner(self, name: str) -> Row | None:
        """Returns the stage that a property runs by a name or an id: of several the active one, or the first."""
        with self._index() as index:
            found = index.partners(name)
        return next((row for row in found if row.state == "Active"), found[0] if found else None)

    def load(self, row: Row) -> Stage:
        """Returns the stage of a row, with the state that the index has.

        Raises:
            Refusal: ``STAGE_CHANGED`` if its file, or the row, is not what was added.
        """
        data = self._objects.get(row.object)
        try:
            stage = checked(stage_of_json(jcs.parse(data)))
        except (CanonicalError, StageError) as error:
            raise changed(self.folder / OBJECTS / f"{row.object}.json", str(error)) from None
        if (stage.id, stage.signature_id) != (row.id, row.signature_id):
            raise changed(
                self.folder / INDEX, f"the row of {row.id[:12]} names another stage's file"
            )
        state = Lifecycle(state=row.state, successor_id=row.successor)
        return msgspec.structs.replace(
            stage,
            lifecycle=state,
            ed25519_signature=row.signature,
            signer_public_key=row.signer,
        )

    def chain(self, stage: str) -> tuple[Row, ...]:
        """Returns the stage and its successors, to the last one.

        Raises:
            Refusal: ``STAGE_CHANGED`` if they lead back into themselves, or to nothing.
        """
        with self._index() as index:
            try:
                found = [index.row(each) for each in chain(stage, index.successor_of)]
            except StageError as error:
                raise changed(self.folder / INDEX, str(error)) from None
        rows = tuple(row for row in found if row is not None)
        if len(rows) < len(found):
            raise changed(self.folder / INDEX, f"a successor of {stage[:12]} is not there")
        return rows

    def activate(self, stage: str) -> list[Moved]:
        """Makes a stage the active one of its signature; the one before is deprecated in its favour.

        Raises:
            Refusal: ``INVALID_INPUT`` if its state does not allow it; see :meth:`load`.
        """
        with self._index(write=True) as index:
            row = self._fresh(index, stage)
            if row.state == "Active":
                return []
            _allow(row, "Active")
            before = index.active(row.signature_id)
            moved = [] if before is None else [self._move(index, before, "Deprecated", row.id)]
            return [*moved, self._move(index, row, "Active")]

    def deprecate(self, stage: str, by: str) -> list[Moved]:
        """Says that a stage is replaced by another.

        Raises:
            Refusal: ``INVALID_INPUT`` if its state does not allow it, or the successors would lead back
                to it; see :meth:`load`.
        """
        with self._index(write=True) as index:
            row, successor = self._fresh(index, stage), self._fresh(index, by)
            if (row.state, row.successor) == ("Deprecated", successor.id):
                return []
            _allow(row, "Deprecated")
            try:
                why = succession_problem(row.id, by, successor.state, index.successor_of)
            except StageError as error:
                raise changed(self.folder / INDEX, str(error)) from None
            if why is not None:
                raise refuse("INVALID_INPUT", f"{row.id[:12]} cannot be deprecated: {why}")
            return [self._move(index, row, "Deprecated", by)]

    def bury(self, stage: str) -> list[Moved]:
        """Withdraws a stage for good; it can still be read.

        Raises:
            Refusal: see :meth:`load`.
        """
        with self._index(write=True) as index:
            row = self._fresh(index, stage)
            return [] if row.state == "Tombstone" else [self._move(index, row, "Tombstone")]

    def put_signature(self, row: Row, signature: str, signer: str, envelope: bytes) -> None:
        """Writes who signed the stage of a row that was loaded, and what was signed.

        Raises:
            Refusal: ``STAGE_CHANGED`` if another process has put other content there since.
        """
        with self._index(write=True) as index:
            if self._fresh(index, row.id).object != row.object:
                raise changed(
                    self.folder / INDEX, f"{row.id[:12]} was replaced while it was signed"
                )
            digest = self._objects.put(envelope)
            self._objects.sync()
            index.sign(row.id, signature, signer, digest)

    def envelope(self, digest: str) -> bytes:
        """Returns what was signed, by its digest.

        Raises:
            Refusal: ``STAGE_CHANGED`` if it is not there as it was.
        """
        return self._objects.get(digest)

    def find(self, wanted: Wanted) -> list[Row]:
        """Returns the stages that are looked for, the best first; see ``workc.adapters.stage_search``."""
        path = self.folder / INDEX
        with opened(path) as connection:
            return StageSearch(connection, path).find(wanted)

    def meant(self, words: Iterable[str]) -> dict[str, list[str]]:
        """Returns, for each word that no stage has, those that may have been meant."""
        path = self.folder / INDEX
        with opened(path) as connection:
            return StageSearch(connection, path).meant(words)

    def _fresh(self, index: StageIndex, stage: str) -> Row:
        """Returns the row as it is in this transaction; its file must be what was added."""
        row = index.row(stage)
        if row is None:
            raise refuse("INVALID_INPUT", f"there is no stage {stage:.70} any more")
        self.load(row)
        return row

    def _move(
        self, index: StageIndex, row: Row, after: State, successor: str | None = None
    ) -> Moved:
        index.move(row.id, after, successor)
        return Moved(id=row.id, name=row.name, before=row.state, after=after, successor=successor)

    @contextmanager
    def _index(self, *, create: bool = False, write: bool = False) -> Generator[StageIndex]:
        with opened(self.folder / INDEX, create=create) as connection:
            index = StageIndex(connection, self.folder / INDEX)
            if not write:
                yield index
                return
            with writing(connection):
                yield index


def _allow(row: Row, after: State) -> None:
    why = move_problem(row.state, after)
    if why is not None:
        raise refuse("INVALID_INPUT", f"{row.id[:12]} cannot become {after}: {why}")
