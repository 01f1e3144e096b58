"""What a run left before its budget was raised: kept whole in its folder, below ``earlier/``.

Each journal and bundle stand in a folder that is named after the bundle's proof digest, which the
journal that came after names too. The step from one journal to the next is one rename; before it
nothing is changed, and after it only the bundle is still to be moved. So a crash leaves either the run
as it had ended, or one that :func:`keep_bundle` makes whole.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

#: The folder, within that of a run.
EARLIER = "earlier"
#: So many digits of a digest name a folder.
NAME_DIGITS = 16


def folder_of(run: Path, digest: str) -> Path:
    """Returns where journal and bundle of a digest are kept, or would be."""
    return run / EARLIER / digest[:NAME_DIGITS]


def keep_journal(journal: Path, kept: Path) -> None:
    """Keeps a journal under another name too; what is kept there already is the same."""
    if kept.exists():
        return
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.link(journal, kept)
    except OSError:
        # Not every file system knows a second name for a file.
        beside = kept.with_name(kept.name + ".new")
        shutil.copyfile(journal, beside)
        beside.replace(kept)


def keep_bundle(bundle: Path, digest: str) -> None:
    """Moves the bundle of a digest from its place in the folder of its run to where it is kept."""
    bundle.rename(folder_of(bundle.parent, digest) / bundle.name)


def kept_bundles(run: Path, name: str) -> list[Path]:
    """Returns the bundles that are kept of a run, the newest first."""
    found = [path for path in (run / EARLIER).glob(f"*/{name}") if path.is_dir()]
    return sorted(found, key=lambda path: (-path.stat().st_mtime_ns, path))
