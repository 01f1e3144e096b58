"""The in-toto Statement about a sealed run: writes it, and compares one that was verified.

Its subject is the run, by its id and the proof digest, which commits to all else in the bundle;
the predicate repeats what a reader of the signature wants to know without the bundle.
"""

from __future__ import annotations

from typing import Final

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import JsonObject
from workc.verify.expectations import Proven
from workc.verify.rules import Rule
from workc.verify.signatures.rules import (
    PREDICATE_IS_TRUE,
    PREDICATE_TYPE_IS_OURS,
    STATEMENT_FORM,
    STATEMENT_TYPE_IS_V1,
    SUBJECT_IS_ONE,
    SUBJECT_IS_THE_DIGEST,
    SUBJECT_IS_THE_RUN,
    BrokenRuleError,
)

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
#: A URI (RFC 3986) of a scheme of our own: it names a meaning, and there is nothing to fetch.
PREDICATE_TYPE: Final = "workc:sealed-run/v1"


class _Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not named here may not stand there."""


class _Digest(_Closed, frozen=True):
    sha256: str


class _Subject(_Closed, frozen=True):
    digest: _Digest
    name: str


class _Predicate(_Closed, frozen=True):
    bundle_version: str
    lock_level: str
    outcome: str


class _Statement(_Closed, frozen=True):
    kind: str = msgspec.field(name="_type")
    predicate: _Predicate
    predicate_type: str = msgspec.field(name="predicateType")
    subject: list[_Subject]


def write_statement(said: Proven) -> bytes:
    """Returns the statement about a bundle: canonical JSON, the same bytes for the same bundle."""
    statement: JsonObject = {
        "_type": STATEMENT_TYPE,
        "predicate": {
            "bundle_version": said.bundle_version,
            "lock_level": said.lock_level,
            "outcome": said.outcome,
        },
        "predicateType": PREDICATE_TYPE,
        "subject": [{"digest": {"sha256": said.proof_digest}, "name": said.run_id}],
    }
    return jcs.encode(statement)


def check_statement(payload: bytes, said: Proven) -> None:
    """Compares a verified payload with the bundle that it should be about.

    Raises:
        BrokenRuleError: it is no such statement, or is about something else.
    """
    statement = _parse(payload)
    _must(STATEMENT_TYPE_IS_V1, "/_type", STATEMENT_TYPE, statement.kind)
    _must(PREDICATE_TYPE_IS_OURS, "/predicateType", PREDICATE_TYPE, statement.predicate_type)
    if len(statement.subject) != 1:
        message = f"a statement is about one subject, this one about {len(statement.subject)}"
        raise BrokenRuleError(SUBJECT_IS_ONE, message, pointer="/subject")
    subject, predicate = statement.subject[0], statement.predicate
    _must(
        SUBJECT_IS_THE_DIGEST, "/subject/0/digest/sha256", said.proof_digest, subject.digest.sha256
    )
    _must(SUBJECT_IS_THE_RUN, "/subject/0/name", said.run_id, subject.name)
    _must(
        PREDICATE_IS_TRUE,
        "/predicate/bundle_version",
        said.bundle_version,
        predicate.bundle_version,
    )
    _must(PREDICATE_IS_TRUE, "/predicate/lock_level", said.lock_level, predicate.lock_level)
    _must(PREDICATE_IS_TRUE, "/predicate/outcome", said.outcome, predicate.outcome)


def _parse(payload: bytes) -> _Statement:
    try:
        return msgspec.convert(jcs.parse(payload), _Statement)
    except (CanonicalError, msgspec.ValidationError) as error:
        raise BrokenRuleError(STATEMENT_FORM, f"the payload is no statement: {error}") from None


def _must(rule: Rule, pointer: str, expected: str, actual: str) -> None:
    """Refuses another value; the pointer leads into the payload."""
    if actual != expected:
        message = "the signed statement says something else"
        raise BrokenRuleError(rule, message, pointer=pointer, expected=expected, actual=actual)
