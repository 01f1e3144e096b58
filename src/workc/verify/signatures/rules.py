"""The rules of signatures (docs/spec/bundle-0.2.md, section 12): step "signatures".

A number is never given again. Without a trust file only the limits are judged.
"""

from __future__ import annotations

from typing import Final

from workc.verify.rules import Rule
from workc.verify.verdict import VerifyFailCode

MAX_SIGNATURE_FILES: Final = 64
MAX_ENVELOPE_BYTES: Final = 65_536
MAX_SIGNATURES: Final = 8


def _rule(number: str, code: VerifyFailCode, text: str) -> Rule:
    return Rule(f"12.{number}", code, "signatures", "bundle-0.2, section 12", text)


FILES_ARE_FEW = _rule(
    "01", "LIMIT_EXCEEDED", f"There are at most {MAX_SIGNATURE_FILES} files of signatures."
)
FILE_IS_SMALL = _rule(
    "02", "LIMIT_EXCEEDED", f"A file of signatures has at most {MAX_ENVELOPE_BYTES:,} bytes."
)
FILE_IS_READABLE = _rule("03", "FILE_UNREADABLE", "A file of signatures can be read.")
ENVELOPE_FORM = _rule(
    "04", "SIGNATURE_INVALID", "A file of signatures is one DSSE envelope in strict JSON."
)
PAYLOAD_TYPE_IS_IN_TOTO = _rule(
    "05", "SIGNATURE_INVALID", "The payload type is that of in-toto Statements."
)
BASE64_IS_CANONICAL = _rule(
    "06", "SIGNATURE_INVALID", "Payload and signatures are canonical base64."
)
SIGNATURES_ARE_FEW = _rule(
    "07", "SIGNATURE_INVALID", f"An envelope has 1 to {MAX_SIGNATURES} signatures."
)
SIGNATURE_IS_STRICT = _rule(
    "08",
    "SIGNATURE_INVALID",
    "A signature has 64 bytes, an R that is canonical and not of low order, an S below the order.",
)
NAMED_KEY_SIGNED = _rule(
    "09", "SIGNATURE_INVALID", "A signature that names a trusted key is by a trusted key."
)
KEY_IS_TRUSTED = _rule("10", "SIGNER_UNTRUSTED", "Every signature is by a key of the trust file.")
KEY_IS_VALID = _rule(
    "11", "SIGNER_UNTRUSTED", "The key of every signature is valid at the time of the caller."
)
STATEMENT_FORM = _rule(
    "12", "SIGNATURE_INVALID", "The payload is one in-toto Statement in strict JSON."
)
STATEMENT_TYPE_IS_V1 = _rule("13", "SIGNATURE_INVALID", "The statement is of version 1.")
PREDICATE_TYPE_IS_OURS = _rule(
    "14", "SIGNATURE_INVALID", "The predicate type is that of sealed runs."
)
SUBJECT_IS_ONE = _rule("15", "SIGNATURE_INVALID", "The statement is about one subject.")
SUBJECT_IS_THE_DIGEST = _rule(
    "16", "SIGNATURE_INVALID", "The subject's digest is the proof digest of the bundle."
)
SUBJECT_IS_THE_RUN = _rule("17", "SIGNATURE_INVALID", "The subject's name is the run's id.")
PREDICATE_IS_TRUE = _rule("18", "SIGNATURE_INVALID", "The predicate says what the receipt says.")
THRESHOLD_IS_REACHED = _rule(
    "19", "SIGNER_UNTRUSTED", "As many keys have signed as the trust file demands."
)
SIGNATURE_IS_THERE = _rule(
    "20", "SIGNATURE_MISSING", "There is a signature if the caller demands one."
)
VERSION_IS_RECENT = _rule(
    "21", "SIGNER_UNTRUSTED", "The bundle's format is not older than the trust file demands."
)

SIGNATURE_RULES = (
    FILES_ARE_FEW,
    FILE_IS_SMALL,
    FILE_IS_READABLE,
    ENVELOPE_FORM,
    PAYLOAD_TYPE_IS_IN_TOTO,
    BASE64_IS_CANONICAL,
    SIGNATURES_ARE_FEW,
    SIGNATURE_IS_STRICT,
    NAMED_KEY_SIGNED,
    KEY_IS_TRUSTED,
    KEY_IS_VALID,
    STATEMENT_FORM,
    STATEMENT_TYPE_IS_V1,
    PREDICATE_TYPE_IS_OURS,
    SUBJECT_IS_ONE,
    SUBJECT_IS_THE_DIGEST,
    SUBJECT_IS_THE_RUN,
    PREDICATE_IS_TRUE,
    THRESHOLD_IS_REACHED,
    SIGNATURE_IS_THERE,
    VERSION_IS_RECENT,
)


class BrokenRuleError(Exception):
    """The one reason why a file of signatures is not good: the rule, and what was found."""

    def __init__(
        self,
        rule: Rule,
        message: str,
        *,
        pointer: str | None = None,
        expected: str | None = None,
        actual: str | None = None,
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.pointer = pointer
        self.expected = expected
        self.actual = actual
