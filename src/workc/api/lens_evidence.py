"""Evidence that a lens may look at: the output of an earlier run or of a bundle, if it verifies.

Nothing is taken from a bundle that the oracle has not passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from workc.adapters.bundle_folder import BundleFolder
from workc.adapters.lens import Proven
from workc.adapters.root_folders import RootFolders
from workc.adapters.run_folder import RunFolder
from workc.api.store import Store
from workc.bundle.documents import Receipt
from workc.bundle.layout import BUNDLE_VERSION, RECEIPT
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.events import UNREADABLE
from workc.kernel.failure import Refusal, refuse
from workc.kernel.payloads import Body, given
from workc.kernel.values import Json
from workc.stages.observation import MAX_ITEM_BYTES, Origin
from workc.stages.root_path import RootPath
from workc.verify.reader import ReadError
from workc.verify.verdict import Verdict
from workc.verify.verifier import verify

LAST = "last"
#: A receipt of a bundle that was verified is no larger.
_MAX_RECEIPT = 268_435_456
_RECEIPTS = msgspec.json.Decoder(Receipt)


class LensEvidence:
    """Answers :class:`workc.adapters.lens.Evidence` from a store and from folders below roots."""

    def __init__(self, store: Path | None, folders: RootFolders) -> None:
        self._store = store
        self._folders = folders

    def of_run(self, run: str) -> Proven:
        """Returns the output of a run that has ended, and what proves it."""
        if self._store is None:
            raise refuse("NOT_FOUND", "this run is kept in no store, so there is no earlier one")
        store = Store(self._store)
        folder = next(self._ended(store), None) if run == LAST else _named(store, run)
        if folder is None or not folder.bundle.is_dir():
            raise refuse(
                "NOT_FOUND", f"there is no run {run!a} in the store that has ended", run=run
            )
        return _output_of(BundleFolder(folder.bundle), f"the run {folder.path.name}")

    def of_bundle(self, path: RootPath) -> Proven:
        """Returns the output of the bundle in a folder below a root, and what proves it."""
        with self._folders.opened(path) as descriptor:
            # Whatever becomes of the path meanwhile, this stays the folder that was opened.
            held = BundleFolder(Path(f"/proc/self/fd/{descriptor}"))
            return _output_of(held, str(path))

    @staticmethod
    def _ended(store: Store) -> Iterator[RunFolder]:
        folders = (RunFolder(store.folder(run_id)) for run_id in store.ids())
        return (folder for folder in folders if folder.bundle.is_dir())


def _named(store: Store, run: str) -> RunFolder | None:
    try:
        return store.find(run)
    except Refusal:
        return None


def _output_of(bundle: BundleFolder, name: str) -> Proven:
    verdict = verify(bundle)
    if not verdict.ok:
        raise _unproven(verdict, name)
    if verdict.bundle_version != BUNDLE_VERSION:
        raise refuse(
            "NOT_FOUND", f"{name} verifies; its format, {verdict.bundle_version}, has no output"
        )
    try:
        receipt = _RECEIPTS.decode(b"".join(bundle.chunks(RECEIPT, _MAX_RECEIPT)))
        output = given(receipt.output)
        value = None if output is None else jcs.parse(_bytes(bundle, output, name))
    except (ReadError, CanonicalError, *UNREADABLE) as error:
        raise refuse("BUNDLE_INVALID", f"{name} cannot be read any more: {error}") from None
    if receipt.proof_digest != verdict.proof_digest:
        raise refuse("BUNDLE_INVALID", f"{name} was changed while it was read")
    if output is None:
        raise refuse("NOT_FOUND", f"{name} verifies, and its run gave no output")
    origin = Origin(run_id=receipt.run_id, proof_digest=verdict.proof_digest or "")
    return Proven(value, receipt.ended_ms, origin)


def _bytes(bundle: BundleFolder, output: Body, name: str) -> bytes:
    if output.path is msgspec.UNSET:
        return str(output.inline).encode()
    if (given(output.size) or 0) > MAX_ITEM_BYTES:
        message = f"the output of {name} has more than {MAX_ITEM_BYTES:,} bytes"
        raise refuse("OUTPUT_TOO_LARGE", message, max_bytes=MAX_ITEM_BYTES)
    return b"".join(bundle.chunks(str(output.path), MAX_ITEM_BYTES))


def _unproven(verdict: Verdict, name: str) -> Refusal:
    codes = list(dict.fromkeys(verdict.codes()))
    code = "BUNDLE_UNDECIDED" if verdict.undecided else "BUNDLE_INVALID"
    return refuse(code, f"{name} does not verify: {', '.join(codes)}", findings=list[Json](codes))
