"""The rules of the policy of a run, read once more when the events have been read.

Rules that are no canonical JSON object, or longer than a line of the log may be, say nothing: whoever
demands a policy compares the digest of its rules.
"""

from __future__ import annotations

from collections.abc import Mapping

from workc.bundle.documents import FileEntry
from workc.bundle.layout import MAX_LINE_BYTES
from workc.bundle.policies import DEFAULT, OFFLINE, policy_name
from workc.kernel.canonical import CanonicalError, decode
from workc.kernel.payloads import Body, Policy, given
from workc.kernel.values import Json, JsonObject
from workc.verify.case import Case
from workc.verify.reader import Reader, ReadError
from workc.verify.v02 import rules

#: Names of rules that are known: of nearly all bundles they need not be read again.
SAY_NOTHING_MORE = frozenset({DEFAULT, OFFLINE})


def rules_of(
    reader: Reader, entries: Mapping[str, FileEntry], policy: Policy, case: Case
) -> JsonObject:
    """Returns the members of the rules, none if they say nothing."""
    if policy_name(policy.rules_sha256) in SAY_NOTHING_MORE:
        return {}
    try:
        found: Json = decode(_text_of(reader, entries, policy.rules, case) or b"{}")
    except CanonicalError:
        return {}
    return found if isinstance(found, dict) else {}


def _text_of(
    reader: Reader, entries: Mapping[str, FileEntry], policy: Body, case: Case
) -> bytes | None:
    inline = given(policy.inline)
    if inline is not None:
        return inline.encode("utf-8", "surrogatepass")
    entry = entries.get(given(policy.path) or "")
    if entry is None or entry.size > MAX_LINE_BYTES:
        return None
    try:
        return b"".join(reader.chunks(entry.path, entry.size))
    except ReadError as error:
        case.fail(rules.FILE_READABLE, entry.path, str(error))
        return None
