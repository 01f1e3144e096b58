"""A good bundle of format 0.1 that mutants are made of."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.kernel.digest import sha256_hex
from workc.sim.json_text import JsonTextError, read_json, spell_json
from workc.sim.tamper import subject
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.mutant import Mutant
from workc.sim.tamper.parts import Component, Files
from workc.sim.tamper.place import BAD_MANIFEST, BAD_RECEIPT, HASH, MISSING, VERSION, Place
from workc.sim.tamper.rungs import LISTED
from workc.sim.tamper.v01.draft import Draft, receipt_hash
from workc.sim.tamper.v01.judged import Documents
from workc.sim.tamper.v01.places import OTHER_VERSION


class Subject(subject.Subject):
    """A bundle of format 0.1; what is asked of it again and again is kept."""

    components: ClassVar[tuple[Component, ...]] = ("receipt", "events", "manifest", "evidence")
    sealed_to: ClassVar[dict[Component, int]] = {"receipt": LISTED}
    strangers: ClassVar[tuple[str, ...]] = (
        "extra", ".hidden", "a/b/c", "a b", "~", "evidence/zz", "artifacts/zz",
        "signatures/zz.dsse.json",
    )  # fmt: skip
    unsafe_names: ClassVar[tuple[str, ...]] = (*subject.UNSAFE_NAMES, " x", "x ", "con .txt")
    #: A receipt that holds the manifest names the manifest's version, which is none of a receipt.
    swapped_documents = VERSION

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self.documents = Documents(files)

    def found_in(self, path: str, data: bytes) -> Place:
        """Returns what is found of the bundle with other bytes in one file."""
        if path == RECEIPT:
            return self.documents.of_receipt(data)
        return self.documents.of_manifest(data) if path == MANIFEST else HASH

    def found_without(self, path: str) -> Place:
        """Returns what is found of the bundle without a file; all but the manifest are listed."""
        return BAD_MANIFEST if path == MANIFEST else MISSING

    def found_renamed(self, path: str) -> Place:
        """Returns what is found of the bundle with a file under a name that is not listed."""
        return self.found_without(path)

    def resealed(self, path: str, data: bytes, at: str) -> Mutant | None:
        """Returns the bundle with another receipt, which the manifest lists.

        None if two rules of one step are broken, of which either may be found first.
        """
        expected = self.documents.of_listed_receipt(data, is_hashed=False)
        if expected is None:
            return None
        return Mutant(self.listing(data), expected, f"{path}, {at}")

    def hashed(self, data: bytes, at: str) -> Mutant | None:
        """Returns the bundle with another receipt and its hash, if the receipt is none of its form."""
        try:
            value = read_json(data)
        except JsonTextError:
            return None
        integrity = value.get("integrity") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(integrity, dict):
            return None
        if "receipt_hash" in integrity:
            integrity["receipt_hash"] = receipt_hash(value)
        followed = spell_json(value)
        expected = self.documents.of_listed_receipt(followed, is_hashed=True)
        if expected is None or expected not in {BAD_RECEIPT, OTHER_VERSION, VERSION}:
            return None
        return Mutant(self.listing(followed), expected, f"{RECEIPT}, {at}")

    def listing(self, receipt: bytes) -> dict[str, bytes]:
        """Returns the bundle with another receipt and a manifest that lists it."""
        manifest = read_json(self.files[MANIFEST])
        files = manifest["files"] if isinstance(manifest, dict) else None
        for entry in files if isinstance(files, list) else ():
            if isinstance(entry, dict) and entry["path"] == RECEIPT:
                entry |= {"sha256": sha256_hex(receipt), "size_bytes": len(receipt)}
        return {**self.files, RECEIPT: receipt, MANIFEST: spell_json(manifest)}

    @cached_property
    def lines(self) -> list[bytes]:
        """Returns the lines of the events, without newlines."""
        return self.files[EVENTS].split(b"\n")[:-1]

    @cached_property
    def events(self) -> list[Doc]:
        """Returns the events; do not change them."""
        return self.draft().events

    @cached_property
    def phases(self) -> list[str]:
        """Returns the receipt's sequence of phases."""
        return [str(phase) for phase in self.draft().receipt["phase_sequence"]]

    def draft(self) -> Draft:
        """Returns the bundle taken apart, to be changed."""
        return Draft(self.files)
