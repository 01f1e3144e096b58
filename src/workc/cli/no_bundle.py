"""What stands at a path where a bundle was expected, and what to do with it instead."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from workc.adapters.run_folder import BUNDLE, JOURNAL
from workc.api.bundles import bundle_above, may_be_bundle
from workc.api.transport import SUFFIX
from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.cli.text import argument
from workc.kernel.events import UNREADABLE

#: A file larger than this is not read to find out what it is.
_MAX_BYTES = 16_777_216
_LIST = "workc ls"
_PARTS = (RECEIPT, MANIFEST, EVENTS)


class NoBundle(NamedTuple):
    """What it is, and what may come next."""

    what: str
    tries: tuple[str, ...] = (_LIST,)


class _Proof(msgspec.Struct, frozen=True):
    inclusion_version: str


def no_bundle(text: str, command: str) -> NoBundle | None:
    """Returns what stands at a path if it is no bundle at all, or None if it may be one, good or bad.

    ``command`` is what is proposed for the bundle that it lies in, or that lies in it.
    """
    path = Path(text)
    if path.is_dir():
        return None if _has(path, *_PARTS) else _folder(path, f"workc {command}")
    if may_be_bundle(path):
        return None
    if not path.is_file():
        return NoBundle("neither a folder nor a file")
    return _file(path, f"workc {command}")


def _has(folder: Path, *names: str) -> bool:
    return any(os.path.lexists(folder / name) for name in names)


def _folder(path: Path, command: str) -> NoBundle:
    below, above = path / BUNDLE, bundle_above(path)
    if above is not None:
        return NoBundle("a folder within a bundle", (f"{command} {_name(above)}",))
    if _has(below, *_PARTS):
        return NoBundle("the folder that a bundle stands in", (f"{command} {_name(below)}",))
    if _has(path, JOURNAL):
        return NoBundle("the folder of a run that has not ended", (f"workc show {_name(path)}",))
    if (path / "runs").is_dir():
        return NoBundle("a store of runs", (f"workc ls --store {_name(path)}",))
    if not any(path.iterdir()):
        return NoBundle("an empty folder")
    return NoBundle(f"a folder without {RECEIPT} and {MANIFEST}")


def _file(path: Path, command: str) -> NoBundle:
    above = bundle_above(path)
    if above is not None:
        return NoBundle("a file of a bundle", (f"{command} {_name(above)}",))
    if path.suffix == SUFFIX:
        return NoBundle("a file that does not begin as an archive does", ("get it anew",))
    if path.suffix in {".yaml", ".yml"}:
        return NoBundle("a workflow", (f"workc run {_name(path)}",))
    if _is_proof(path):
        return NoBundle("the proof of a part of one", (f"workc verify-proof {_name(path)}",))
    return NoBundle("a file, and no archive")


def _is_proof(path: Path) -> bool:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return False
        msgspec.json.decode(path.read_bytes(), type=_Proof)
    except (OSError, *UNREADABLE):
        return False
    return True


def _name(path: Path) -> str:
    return argument(str(path))
