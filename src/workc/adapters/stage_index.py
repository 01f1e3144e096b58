"""What a registry knows of its stages without reading them: rows, their lifecycle, their words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import msgspec

from workc.adapters.stage_objects import changed
from workc.kernel import jcs
from workc.kernel.failure import refuse
from workc.stages.stage.types import NType, type_json
from workc.stages.stage.value import Stage, State
from workc.stages.stage.value_kinds import kinds_of
from workc.stages.stage.words import grams_of, stage_words

#: So many hex digits of an id are its place: a number that JSON keeps, too.
_PLACE_DIGITS = 13


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A stage as the index has it.

    ``object`` and ``envelope`` are digests of files; ``signature`` and ``signer`` are Base64, of the
    signature over the stage's evidence and of the key that made it.
    """

    id: str
    signature_id: str
    object: str
    signature: str | None
    signer: str | None
    envelope: str | None
    name: str
    description: str
    state: State
    successor: str | None


#: The columns of a row, as a query selects them.
COLUMNS: tuple[str, ...] = tuple(Row.__struct_fields__)


class StageIndex:
    """Reads and writes rows over a connection; whoever writes is within a transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def row(self, stage: str) -> Row | None:
        """Returns the row of an id, or None."""
        found = self._rows("id = ?", (stage,))
        return found[0] if found else None

    def rows(self, states: Iterable[State], name: str | None = None) -> list[Row]:
        """Returns the stages of some states in order of names and ids; of one name, if it is given."""
        listed = [*states]
        marks = ", ".join("?" * len(listed))
        given = (*listed, name, name)
        return self._rows(
            f"state IN ({marks}) AND (? IS NULL OR name = ?) ORDER BY name, id", given
        )

    def beginning(self, start: str, most: int) -> list[Row]:
        """Returns at most so many stages whose ids begin so, in order of ids."""
        end = start + "g"
        return self._rows(f"id >= ? AND id < ? ORDER BY id LIMIT {int(most)}", (start, end))

    def called(self, name: str) -> list[Row]:
        """Returns the stages of a name, or the one that has it as its id, in order of ids."""
        return self._rows("? IN (id, name) ORDER BY id", (name,))

    def partners(self, name: str) -> list[Row]:
        """Returns the stages that a property means by a name, an id or a signature id, in order of ids."""
        return self._rows("? IN (id, signature_id, name) ORDER BY id", (name,))

    def active(self, signature_id: str) -> Row | None:
        """Returns the stage of a signature that is active, or None."""
        found = self._rows("signature_id = ? AND state = 'Active'", (signature_id,))
        return found[0] if found else None

    def successor_of(self, stage: str) -> str | None:
        """Returns the successor of an id; None if it has none or is not there."""
        found = self.row(stage)
        return None if found is None else found.successor

    def put(self, stage: Stage, digest: str) -> None:
        """Writes the row and the words of a stage in place of those that it has, but not its envelope."""
        place = place_of(stage.id)
        twin = self._connection.execute(
            "SELECT id FROM stages WHERE place = ?", (place,)
        ).fetchone()
        if twin is not None and twin[0] != stage.id:
            raise refuse("INVALID_INPUT", f"{stage.id} begins as {twin[0]} does")
        values = (
            place,
            stage.id,
            stage.signature_id,
            digest,
            stage.ed25519_signature,
            stage.signer_public_key,
            stage.name or "",
            stage.description,
            self._type(stage.signature.input),
            self._type(stage.signature.output),
            stage.lifecycle.state,
            stage.lifecycle.successor_id,
        )
        # Not REPLACE: that would take the row away first, to which others may refer.
        self._connection.execute(
            f"""INSERT INTO stages (place, id, signature_id, object, signature, signer, name,
                description, takes, gives, state, successor) VALUES ({", ".join("?" * len(values))})
                ON CONFLICT (place) DO UPDATE SET object = excluded.object,
                signature = excluded.signature, signer = excluded.signer, description = excluded.description,
                state = excluded.state, successor = excluded.successor""",  # noqa: S608 - marks alone
            values,
        )
        self._put_words(place, stage)

    def move(self, stage: str, state: State, successor: str | None = None) -> None:
        """Writes the state of a stage."""
        self._connection.execute(
            "UPDATE stages SET state = ?, successor = ? WHERE id = ?", (state, successor, stage)
        )

    def sign(self, stage: str, signature: str, signer: str, envelope: str) -> None:
        """Writes who signed a stage, and the digest of the file that holds what was signed."""
        self._connection.execute(
            "UPDATE stages SET signature = ?, signer = ?, envelope = ? WHERE id = ?",
            (signature, signer, envelope, stage),
        )

    def _put_words(self, place: int, stage: Stage) -> None:
        words = stage_words(stage)
        self._connection.execute("DELETE FROM words WHERE rowid = ?", (place,))
        self._connection.execute(
            "INSERT INTO words (rowid, marked) VALUES (?, ?)", (place, " ".join(words.marked()))
        )
        # Examples may hold anything: what they say is found, and nobody's misspelling is held
        # against it.
        self._connection.executemany(
            "INSERT OR IGNORE INTO grams (gram, word) VALUES (?, ?)",
            [(gram, word) for word in words.spoken() for gram in grams_of(word)],
        )

    def _type(self, item: NType) -> int:
        """Returns the number of a type, which is written if it has none."""
        text = jcs.encode(type_json(item)).decode()
        self._connection.execute(
            "INSERT OR IGNORE INTO types (kinds, json) VALUES (?, ?)", (kinds_of(item), text)
        )
        (found,) = self._connection.execute(
            "SELECT number FROM types WHERE json = ?", (text,)
        ).fetchone()
        return int(found)

    def _rows(self, where: str, values: tuple[object, ...]) -> list[Row]:
        """Returns rows; ``where`` is ours, and holds nothing that anybody else wrote."""
        query = f"SELECT {', '.join(COLUMNS)} FROM stages WHERE {where}"  # noqa: S608 - see above
        found = self._connection.execute(query, cast("tuple[str]", values))
        return read_rows(found, self._path)


def read_rows(found: sqlite3.Cursor, path: Path) -> list[Row]:
    """Returns rows of the columns that :data:`COLUMNS` names, each checked.

    Raises:
        Refusal: ``STAGE_CHANGED`` if one is none that was ever written.
    """
    rows: list[Row] = []
    # All at once: a statement that is not at its end would keep its lock.
    for values in found.fetchall():
        try:
            rows.append(msgspec.convert(dict(zip(COLUMNS, values, strict=True)), Row))
        except msgspec.ValidationError as error:
            raise changed(path, f"a row of the index is none: {error}") from None
    return rows


def place_of(stage: str) -> int:
    """Returns the place of an id among all: its beginning as a number.

    Raises:
        Refusal: ``INVALID_INPUT`` if it is no digest.
    """
    try:
        return int(stage[:_PLACE_DIGITS], 16)
    except ValueError:
        raise refuse("INVALID_INPUT", f"{stage!r:.70} is no id of a stage") from None
