"""Which bundles the arguments of a command mean: bundles, archives, folders that hold some, runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workc.adapters.run_folder import BUNDLE, JOURNAL
from workc.api.bundles import may_be_bundle
from workc.api.relatives import CHILDREN
from workc.api.sources import find_source, stands
from workc.api.store import Store
from workc.api.transport import SUFFIX
from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.kernel.failure import refuse


@dataclass(frozen=True, slots=True)
class Sought:
    """A bundle that was found, or a run that has none (``path`` None), whose folder is ``run``."""

    name: str
    path: Path | None
    run: Path | None = None


def bundles_of(texts: Sequence[str], store: Store) -> list[Sought]:
    """Returns the bundles that the texts name, each once, in the order of the texts and of names.

    Raises:
        Refusal: ``INVALID_INPUT`` if one names nothing, or a folder in which there is no bundle.
    """
    found: dict[str, Sought] = {}
    for text in texts:
        for sought in _named_by(text, store):
            found.setdefault(os.path.realpath(sought.path or sought.run or sought.name), sought)
    return list(found.values())


def _named_by(text: str, store: Store) -> list[Sought]:
    path = Path(text)
    if "\0" in text or not path.is_dir() or _is_bundle(path) or (path / JOURNAL).is_file():
        return [_one(text, store)]
    inside = list(_below(path))
    if not inside:
        raise refuse("INVALID_INPUT", f"{text!r} is no bundle and holds none")
    return inside


def _one(text: str, store: Store) -> Sought:
    if stands(text) and not may_be_bundle(Path(text)):
        raise refuse("INVALID_INPUT", f"{text!r} is no bundle: a bundle is a folder or an archive")
    source = find_source(text, store)
    return Sought(text, source.path) if source.sealed else Sought(text, None, source.path)


def _is_bundle(path: Path) -> bool:
    return any((path / name).is_file() for name in (EVENTS, MANIFEST, RECEIPT))


def _fail(error: OSError) -> None:
    # A folder that cannot be read may hold a bundle.
    raise error


def _below(top: Path) -> Iterator[Sought]:
    for folder, folders, files in os.walk(top, onerror=_fail):
        here = Path(folder)
        folders.sort()
        if _is_bundle(here):
            folders.clear()
            yield Sought(str(here), here)
        elif JOURNAL in files:
            bundle = here / BUNDLE
            # Those of the runs that it started stand below it.
            folders[:] = [name for name in folders if name == CHILDREN]
            yield Sought(str(here), bundle) if bundle.is_dir() else Sought(str(here), None, here)
        else:
            archives = sorted(name for name in files if name.endswith(SUFFIX))
            yield from (Sought(str(here / name), here / name) for name in archives)
