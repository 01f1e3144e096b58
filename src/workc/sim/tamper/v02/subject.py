"""A good bundle of format 0.2 that mutants are made of."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import ClassVar

from workc.bundle.layout import EVENTS, MANIFEST, RECEIPT
from workc.kernel import canonical
from workc.kernel.canonical import CanonicalError
from workc.kernel.digest import sha256_hex
from workc.sim.tamper import subject
from workc.sim.tamper.attack import Doc
from workc.sim.tamper.mutant import Mutant
from workc.sim.tamper.parts import Component, Files
from workc.sim.tamper.place import BAD_MANIFEST, BAD_RECEIPT, HASH, MISSING, UNLISTED, Place
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v02.draft import Draft, bodies_in, digest_of
from workc.sim.tamper.v02.judged import Documents

#: Who names a file: the kind of an event and the field of its payload.
Role = tuple[str, str]


class Subject(subject.Subject):
    """A bundle of format 0.2; what is asked of it again and again is kept."""

    components: ClassVar[tuple[Component, ...]] = (
        "receipt",
        "events",
        "manifest",
        "evidence",
        "artifacts",
    )
    sealed_to: ClassVar[dict[Component, int]] = {"receipt": DIGESTED, "manifest": DIGESTED}

    strangers: ClassVar[tuple[str, ...]] = (
        "extra", ".hidden", "a/b/c", "evidence/zz", "artifacts/zz", "signatures/zz.txt",
    )  # fmt: skip
    unsafe_names: ClassVar[tuple[str, ...]] = (*subject.UNSAFE_NAMES, "a b", "~", "x" * 129)
    swapped_documents = BAD_MANIFEST

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self.documents = Documents(files)

    def found_in(self, path: str, data: bytes) -> Place:
        """Returns what is found of the bundle with other bytes in one file."""
        if path == RECEIPT:
            return self.documents.of_receipt(data)
        return self.documents.of_manifest(data) if path == MANIFEST else HASH

    def found_without(self, path: str) -> Place:
        """Returns what is found of the bundle without a file."""
        return {MANIFEST: BAD_MANIFEST, RECEIPT: BAD_RECEIPT}.get(path, MISSING)

    def found_renamed(self, path: str) -> Place:
        """Returns what is found of the bundle with a file under a name that is not listed.

        A receipt of another name is a file that is not listed, which is found before it is missed.
        """
        return UNLISTED if path == RECEIPT else self.found_without(path)

    def resealed(self, path: str, data: bytes, at: str) -> Mutant | None:
        """Returns the bundle with another document and all that follows from it in the receipt.

        None if nothing can follow: the receipt is none, or only what follows was changed.
        """
        where = f"{path}, {at}"
        if path == MANIFEST:
            expected = self.documents.of_manifest(data, is_receipted=True)
            receipt = _followed(self.files[RECEIPT], manifest_sha256=sha256_hex(data))
            files = {**self.files, path: data}
        else:
            receipt = _followed(data)
            expected = self.documents.of_receipt(receipt or b"")
            files = dict(self.files)
        if receipt is None or {**files, RECEIPT: receipt} == self.files:
            return None
        return Mutant({**files, RECEIPT: receipt}, expected, where)

    @cached_property
    def lines(self) -> list[bytes]:
        """Returns the lines of the events, without newlines."""
        return self.files[EVENTS].split(b"\n")[:-1]

    @cached_property
    def events(self) -> list[Doc]:
        """Returns the events; do not change them."""
        return self.draft().events

    @cached_property
    def _lanes(self) -> dict[tuple[int, ...], list[Doc]]:
        found: dict[tuple[int, ...], list[Doc]] = defaultdict(list)
        for event in self.events:
            found[tuple(event["at"][:-1])].append(event)
        return found

    def lane(self, event: Doc) -> list[Doc]:
        """Returns the events of the lane that an event stands in."""
        return self._lanes[tuple(event["at"][:-1])]

    @cached_property
    def roles(self) -> dict[str, set[Role]]:
        """Returns by path who names a file."""
        found: dict[str, set[Role]] = defaultdict(set)
        for event in self.events:
            for field, value in event["payload"].items():
                for body in bodies_in(value):
                    found[body["path"]].add((event["kind"], field))
        return found

    def draft(self) -> Draft:
        """Returns the bundle taken apart, to be changed."""
        return Draft(self.files)


def _followed(receipt: bytes, **fields: str) -> bytes | None:
    """Returns a receipt with other fields and the proof digest that follows, if it is JSON still."""
    try:
        value = canonical.decode(receipt)
    except CanonicalError:
        return None
    if not isinstance(value, dict):
        return None
    value = {**value, **fields}
    return canonical.encode({**value, "proof_digest": digest_of(value)})
