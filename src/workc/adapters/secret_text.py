"""Puts secrets into text, at the last moment before sending."""

from __future__ import annotations

from collections.abc import Mapping

from workc.kernel.failure import refuse
from workc.stages.effects import SecretName, Text


def fill_in(text: Text, secrets: Mapping[str, str]) -> str:
    """Returns the text with every name replaced by the value of its environment variable.

    Raises:
        Refusal: ``UNAUTHORIZED`` naming the variable when it is not set, or is empty.
    """
    if isinstance(text, str):
        return text
    return "".join(
        part if isinstance(part, str) else _value_of(part, secrets) for part in text.parts
    )


def _value_of(name: SecretName, secrets: Mapping[str, str]) -> str:
    value = secrets.get(name.secret, "")
    if not value:
        message = f"set {name.secret}: the environment variable is not set or is empty"
        raise refuse("UNAUTHORIZED", message, variable=name.secret)
    return value
