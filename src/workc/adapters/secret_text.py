"""Puts secrets into text, at the last moment before sending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workc.kernel.failure import refuse
from workc.stages.effects import SecretName, SecretText, Text
from workc.stages.url import end_of_authority


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


def fill_in_url(text: Text, secrets: Mapping[str, str]) -> str:
    """Returns the URL with its secrets in place.

    A host is put in lower case, looked up and shown, so no secret may stand in it or in front of
    it, unless the secret is the beginning of the URL and goes on behind the host.

    Raises:
        Refusal: ``INVALID_INPUT`` for a secret in the host, and as for :func:`fill_in`.
    """
    url = fill_in(text, secrets)
    end = end_of_authority(url)
    if any(
        start < end and (start, stop > end) != (0, True) for start, stop in _spans(text, secrets)
    ):
        raise refuse("INVALID_INPUT", "a secret cannot stand in the host of a URL", field="url")
    return url


def _spans(text: Text, secrets: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Gives where secrets stand in the text once it is filled in."""
    stop = 0
    for part in () if isinstance(text, str) else text.parts:
        start, stop = stop, stop + len(fill_in(SecretText((part,)), secrets))
        if isinstance(part, SecretName):
            yield start, stop


def _value_of(name: SecretName, secrets: Mapping[str, str]) -> str:
    value = secrets.get(name.secret, "")
    if not value:
        message = f"set {name.secret}: the environment variable is not set or is empty"
        raise refuse("UNAUTHORIZED", message, variable=name.secret)
    return value
