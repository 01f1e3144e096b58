"""The tables of a registry of stages in SQLite: made once, opened by many processes at a time.

The rollback journal is used, with its writes synchronised: a process that is killed between any two
writes leaves the tables as they were, for whoever opens them next. A writer takes its lock before it
reads, so that what it has read is still so when it commits; the others wait.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from workc.adapters.stage_objects import changed
from workc.kernel.failure import refuse

#: How long a process waits for another that writes.
WAIT_SECONDS = 30.0
_VERSION = 1
#: ``place`` is the beginning of the id as a number: rows are in order of ids, and so is what is found.
#: Only one stage of a signature is active at a time, whoever writes.
_TABLES = (
    "CREATE TABLE types (number INTEGER PRIMARY KEY, kinds INTEGER NOT NULL, json TEXT NOT NULL UNIQUE)",
    """CREATE TABLE stages (
        place INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        signature_id TEXT NOT NULL,
        object TEXT NOT NULL,
        signature TEXT,
        signer TEXT,
        envelope TEXT,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        takes INTEGER NOT NULL REFERENCES types,
        gives INTEGER NOT NULL REFERENCES types,
        state TEXT NOT NULL CHECK (state IN ('Draft', 'Active', 'Deprecated', 'Tombstone')),
        successor TEXT REFERENCES stages (id) DEFERRABLE INITIALLY DEFERRED,
        CHECK ((state = 'Deprecated') = (successor IS NOT NULL))
    )""",
    "CREATE UNIQUE INDEX one_active ON stages (signature_id) WHERE state = 'Active'",
    "CREATE INDEX by_types ON stages (takes, gives)",
    # Words come cut and in small letters, so that each is a token of this tokenizer as it stands.
    "CREATE VIRTUAL TABLE words USING fts5 (marked, tokenize = 'ascii', detail = 'none')",
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, 'row')",
    "CREATE TABLE grams (gram TEXT, word TEXT, PRIMARY KEY (gram, word)) WITHOUT ROWID",
)


@contextmanager
def opened(path: Path, *, create: bool = False) -> Generator[sqlite3.Connection]:
    """Gives a connection to the tables, which are made if they are not there and may be.

    Raises:
        Refusal: ``INVALID_INPUT`` if there is no registry; ``STAGE_CHANGED`` if the file is none, or
            damaged, or of another version; ``STORE_UNAVAILABLE`` if it cannot be opened or is
            locked for too long.
    """
    if not create and not path.is_file():
        raise refuse("INVALID_INPUT", f"there is no registry of stages in {path.parent}")
    with _told(path):
        # isolation_level None: transactions begin where they are said to, and nowhere else.
        found = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            found.execute("PRAGMA synchronous = FULL")
            found.execute("PRAGMA foreign_keys = ON")
            _prepare(found, path)
            yield found
        finally:
            found.close()


@contextmanager
def writing(connection: sqlite3.Connection) -> Generator[None]:
    """Makes what is done within one whole: all of it is written, or, on an error, nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if _version(connection) == 0:
        with writing(connection):
            # Another process may have made them since.
            for statement in _TABLES if _version(connection) == 0 else ():
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
    if _version(connection) != _VERSION:
        raise changed(
            path, f"it is of version {_version(connection)}, and this workc reads {_VERSION}"
        )


def _version(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


@contextmanager
def _told(path: Path) -> Generator[None]:
    """Says what the database refuses in the words of the catalog."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise refuse("STORE_UNAVAILABLE", f"{path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise changed(path, f"the index is damaged: {error}") from None
