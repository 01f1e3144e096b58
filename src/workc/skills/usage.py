"""Tokens that an answer says were used, whether or not a skill could use the answer."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from workc.skills import wire_anthropic, wire_openai
from workc.stages.effects import ModelResponse

_READERS = {"anthropic": wire_anthropic.read_response, "openai": wire_openai.read_response}


def tokens_used(provider: str, response: ModelResponse) -> Mapping[str, int]:
    """Returns the billed tokens by kind as the provider gave them; nothing if it gave none."""
    read = _READERS.get(provider)
    if read is None:
        return {}
    usage = read(response.status, response.headers, response.chunks).usage
    return {} if usage is None else msgspec.structs.asdict(usage)
