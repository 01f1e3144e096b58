"""What a payload must be beyond its fields: grammars, bounds, and fields that depend on others.

Each rule looks at one payload alone (docs/spec/bundle-0.2.md, section 6).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import TypeAlias

from msgspec import UNSET

from workc.kernel.digest import is_hex_digest, sha256_hex
from workc.kernel.events import (
    Body,
    EffectAnswered,
    Payload,
    Policy,
    Response,
    RunStarted,
    SkillExecuted,
)

#: Where in the payload (a JSON pointer), and what is wrong there.
Problem: TypeAlias = tuple[str, str]

_RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: What would move a terminal's cursor or turn its text round (C0, DEL, C1, Unicode's bidi marks).
_UNSAFE_IN_NAME = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_SEED = re.compile(r"0|[1-9][0-9]{0,19}")
_SIXTEEN_BYTES = re.compile(r"[0-9a-f]{32}")
MAX_NAME = 256
MAX_SEED = 2**64 - 1
#: Three digits, the first not 0 (RFC 9110, section 15, and what clients take beyond 599).
STATUS_CODES = range(100, 1000)


def payload_problems(payload: Payload) -> Iterator[Problem]:
    """Yields what is wrong with one payload whose fields are those of its kind."""
    match payload:
        case RunStarted():
            yield from _of_start(payload)
        case SkillExecuted():
            yield from _of_mode(payload)
        case EffectAnswered(response=Response() as response):
            yield from _of_response(response)
        case _:
            pass


def _of_start(start: RunStarted) -> Iterator[Problem]:
    if not _RUN_ID.fullmatch(start.run_id):
        yield "/run_id", f"run_id is not {_RUN_ID.pattern}"
    if not 1 <= len(start.name) <= MAX_NAME or _UNSAFE_IN_NAME.search(start.name):
        yield "/name", f"name is not 1 to {MAX_NAME} characters without control characters"
    if not _SIXTEEN_BYTES.fullmatch(start.nonce):
        yield "/nonce", "nonce is not 32 lower-case hex digits"
    if not _SEED.fullmatch(start.seed) or int(start.seed) > MAX_SEED:
        yield "/seed", "seed is not a decimal number below 2^64"
    if start.policy.rules_sha256 != _rules_digest(start.policy):
        yield "/policy/rules_sha256", "rules_sha256 is not the SHA-256 of the rules"


def _rules_digest(policy: Policy) -> object:
    inline = policy.rules.inline
    return policy.rules.sha256 if inline is UNSET else sha256_hex(inline.encode())


def _of_mode(executed: SkillExecuted) -> Iterator[Problem]:
    if (executed.request is UNSET) != (executed.mode == "context"):
        yield "/request", "request is there if and only if the mode is not context"
    if (executed.params is UNSET) != (executed.mode != "pure"):
        yield "/params", "params are there if and only if the mode is pure"


def _of_response(response: Response) -> Iterator[Problem]:
    if response.status not in STATUS_CODES:
        yield "/response/status", "status is not a number of three digits"
    edges = [0, *response.boundaries, _size(response.body)]
    if edges != sorted(edges):
        yield "/response/boundaries", "boundaries do not ascend within the body"
    for index, record in enumerate(response.redactions):
        if not (_SIXTEEN_BYTES.fullmatch(record.salt) and is_hex_digest(record.commitment)):
            yield f"/response/redactions/{index}", "salt or commitment is not hex of its length"


def _size(body: Body) -> int:
    if body.inline is UNSET:
        return int(body.size or 0)
    if body.form == "bytes":
        return len(base64.b64decode(body.inline))
    return len(body.inline.encode())
