"""What a caller gives a run of this machine: roots, programs and targets, checked and in one value.

Names go into the run's grants, and so into its evidence. Where the folders of the roots are stays here,
and in the notes of the run's folder, from which a run that goes on takes them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, cast

from workc.adapters.place import path_of
from workc.kernel.arguments import instance, shown, switch, texts
from workc.kernel.failure import Misuse
from workc.kernel.values import Json, JsonObject
from workc.stages.grants import Grants, Mode

Path_: TypeAlias = str | os.PathLike[str]
#: A folder, or a folder and whether it may be written: ``("docs", "ro")``.
Root: TypeAlias = Path_ | tuple[Path_, Mode]
#: Under this name the notes of a run's folder keep where its roots are.
NOTE = "roots"


@dataclass(frozen=True, kw_only=True)
class Access:
    """Grants, and the absolute path of the folder of each root."""

    grants: Grants = field(default_factory=Grants)
    folders: Mapping[str, Path] = field(default_factory=dict[str, Path])

    def notes(self) -> JsonObject:
        """Returns what the run's folder notes of it: nothing if there is no root."""
        found: JsonObject = {name: str(folder) for name, folder in self.folders.items()}
        return {NOTE: found} if found else {}


def access_of(
    roots: Mapping[str, Root],
    programs: Iterable[str] = (),
    publish: Iterable[str] = (),
    *,
    dry_run: bool = False,
) -> Access:
    """Returns what a run may do to this machine.

    Raises:
        Misuse: a name is none, or the folder of a root is not there.
    """
    given = {name: _root(name, root) for name, root in _rows(roots)}
    grants = Grants(
        roots={name: mode for name, (_, mode) in given.items()},
        programs=tuple(sorted(set(texts("programs", programs)))),
        targets=tuple(sorted(set(texts("publish", publish)))),
        dry_run=switch("dry_run", dry_run),
    )
    return Access(grants=grants, folders={name: folder for name, (folder, _) in given.items()})


def noted_folders(notes: Mapping[str, Json]) -> dict[str, Path]:
    """Returns the folders of the roots that a run has noted."""
    found = notes.get(NOTE)
    rows = found.items() if isinstance(found, dict) else ()
    return {name: Path(folder) for name, folder in rows if isinstance(folder, str)}


def _rows(roots: object) -> Iterable[tuple[str, object]]:
    rows = cast(
        "Mapping[object, object]", instance("roots", roots, Mapping, "a mapping of folders")
    )
    for name, root in rows.items():
        yield instance("the name of a root", name, str, "a text"), root


def _root(name: str, root: object) -> tuple[Path, Mode]:
    place, mode = cast("tuple[object, object]", root) if _is_pair(root) else (root, "rw")
    if mode not in ("rw", "ro"):
        raise Misuse(f"the mode of the root {name} is rw or ro, not {shown(mode)}")
    path = Path(os.path.abspath(path_of(f"the root {name}", place)))
    if not os.fspath(cast("Path_", place)):
        # Else it would be the current folder, which nobody has named.
        raise Misuse(f"the root {name} is a folder that is there, not ''")
    try:
        is_folder = path.is_dir()
        str(path).encode()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        raise Misuse(f"the root {name} is a folder that is there, not {shown(str(place))}")
    return path, mode


def _is_pair(root: object) -> bool:
    if not isinstance(root, tuple):
        return False
    parts = len(cast("tuple[object, ...]", root))
    if parts != 2:
        raise Misuse(f"a root is a folder, or a folder and a mode, not {parts} of them")
    return True
