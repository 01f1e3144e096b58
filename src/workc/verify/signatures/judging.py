"""Step signatures: judges every file of signatures, then all of them together.

Needs a trust file, and is imported only where there is one: what cannot be judged is said to be open,
never passed. Each file is read once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from workc.bundle.layout import is_signature
from workc.verify.case import Case
from workc.verify.expectations import Proven
from workc.verify.reader import Item, Reader, ReadError
from workc.verify.signatures.dsse import Envelope, Signature, read_envelope
from workc.verify.signatures.ed25519 import keyid_of, signature_problem, verifies
from workc.verify.signatures.presence import ALL
from workc.verify.signatures.rules import (
    FILE_IS_READABLE,
    KEY_IS_TRUSTED,
    KEY_IS_VALID,
    MAX_ENVELOPE_BYTES,
    NAMED_KEY_SIGNED,
    SIGNATURE_IS_STRICT,
    SIGNATURE_IS_THERE,
    THRESHOLD_IS_REACHED,
    VERSION_IS_RECENT,
    BrokenRuleError,
)
from workc.verify.signatures.statement import check_statement
from workc.verify.signatures.timestamps import to_text
from workc.verify.signatures.trust import Demands, Trust, TrustedKey
from workc.verify.verdict import Signer

#: What the trust file says of one key, at least once.
Entries: TypeAlias = "tuple[TrustedKey, ...]"


class TrustJudge:
    """Judges by a trust file; see ``workc.verify.signatures.presence.Judge``."""

    def __init__(self, demands: Demands) -> None:
        self._demands = demands

    def judge(
        self,
        reader: Reader,
        files: Mapping[str, Item],
        readable: tuple[str, ...],
        said: Proven | None,
        case: Case,
    ) -> tuple[Signer, ...]:
        """Returns whose good signatures the bundle has, in order of keyids.

        Without ``said`` it is not known what a signature should be about, so the step stays open.
        """
        if said is None:
            return ()
        count = sum(map(is_signature, files))
        if not count and self._demands.required:
            case.fail(SIGNATURE_IS_THERE, ALL, "nobody signed this bundle; a signature is required")
        _check_version(said, self._demands.trust, case)
        signers = _Signers(said, self._demands)
        for path in readable:
            _take_file(reader, path, signers, case)
        if count and signers.good == count:
            _check_threshold(signers, self._demands.trust, case)
        case.take("signatures")
        return signers.found()

    def open_points(self, files: Mapping[str, Item], *, signed: bool) -> tuple[str, ...]:
        """Returns that nobody signed, or that no time was given; nothing if all was judged."""
        if not any(map(is_signature, files)):
            return ("signature: nobody signed this bundle, so who sealed it is not known",)
        if not signed:
            return ("signature: they are not all good, so who sealed the bundle is not known",)
        if self._demands.at_ms is None:
            return ("validity: no time was given, so not_before and not_after were not compared",)
        return ()


def _check_version(said: Proven, trust: Trust, case: Case) -> None:
    if not trust.accepts_version(said.bundle_version):
        case.fail(
            VERSION_IS_RECENT,
            ALL,
            "the trust file does not accept bundles of so old a format",
            expected=f"{trust.min_version} or later",
            actual=said.bundle_version,
        )


def _check_threshold(signers: _Signers, trust: Trust, case: Case) -> None:
    count = len(signers.found())
    if count < trust.threshold:
        case.fail(
            THRESHOLD_IS_REACHED,
            ALL,
            "too few keys of the trust file have signed",
            expected=f"{trust.threshold} or more",
            actual=count,
        )


def _take_file(reader: Reader, path: str, signers: _Signers, case: Case) -> None:
    try:
        signers.take(_read(reader, path))
    except BrokenRuleError as error:
        case.fail(
            error.rule,
            path,
            str(error),
            pointer=error.pointer,
            expected=error.expected,
            actual=error.actual,
        )


def _read(reader: Reader, path: str) -> bytes:
    try:
        return b"".join(reader.chunks(path, MAX_ENVELOPE_BYTES))
    except ReadError as error:
        raise BrokenRuleError(FILE_IS_READABLE, str(error)) from None


class _Signers:
    """Takes the files of signatures one by one and counts the keys that made them.

    ``good`` is the number of files that were taken without a reason against them.
    """

    def __init__(self, said: Proven, demands: Demands) -> None:
        self._said = said
        self._at_ms = demands.at_ms
        self._keys = demands.trust.by_key()
        self._signed: dict[bytes, TrustedKey] = {}
        self.good = 0

    def found(self) -> tuple[Signer, ...]:
        """Returns the keys that have signed, each once."""
        found = (Signer(name=e.name, keyid=keyid_of(key)) for key, e in self._signed.items())
        return tuple(sorted(found, key=lambda signer: signer.keyid))

    def take(self, data: bytes) -> None:
        """Takes the bytes of one file.

        Raises:
            BrokenRuleError: why it is not good; it counts for nobody then.
        """
        envelope = read_envelope(data)
        signed: dict[bytes, TrustedKey] = {}
        for index, signature in enumerate(envelope.signatures):
            where = f"/signatures/{index}"
            entries = self._key_of(signature, envelope, where)
            signed[entries[0].public_key] = self._valid_entry(entries, where)
        check_statement(envelope.payload, self._said)
        self._signed.update(signed)
        self.good += 1

    def _key_of(self, signature: Signature, envelope: Envelope, where: str) -> Entries:
        """Returns the entries of the trusted key that made a signature."""
        problem = signature_problem(signature.data)
        if problem is not None:
            text = f"it is no signature: {problem}"
            raise BrokenRuleError(SIGNATURE_IS_STRICT, text, pointer=f"{where}/sig")
        message = envelope.signed_bytes()
        groups = self._keys.values()
        named = [entries for entries in groups if _is_named(entries, signature.keyid)]
        others = [entries for entries in groups if not _is_named(entries, signature.keyid)]
        for entries in (*named, *others):
            if verifies(entries[0].public_key, signature.data, message):
                return entries
        if named:
            text = f"it names the key {named[0][0].name} and is by no key of the trust file"
            raise BrokenRuleError(NAMED_KEY_SIGNED, text, pointer=where)
        raise BrokenRuleError(KEY_IS_TRUSTED, "it is by no key of the trust file", pointer=where)

    def _valid_entry(self, entries: Entries, where: str) -> TrustedKey:
        """Returns the first entry of a key that is valid at the time of the caller."""
        at_ms = self._at_ms
        if at_ms is None:
            return entries[0]
        for entry in entries:
            if entry.is_valid_at(at_ms):
                return entry
        raise BrokenRuleError(
            KEY_IS_VALID,
            f"the key {entries[0].name} is not valid at this time",
            pointer=where,
            expected=_span(entries[0]),
            actual=to_text(at_ms),
        )


def _is_named(entries: Entries, keyid: str) -> bool:
    return any(entry.keyid == keyid for entry in entries)


def _span(entry: TrustedKey) -> str:
    since = "" if entry.not_before_ms is None else f"from {to_text(entry.not_before_ms)}"
    until = "" if entry.not_after_ms is None else f"until {to_text(entry.not_after_ms)}"
    return " ".join(filter(None, (since, until)))
