"""Texts: words, slugs, templates, digests."""

from __future__ import annotations

import hashlib
import re

from workc.kernel.failure import refuse
from workc.stages.skill import skill

_WORD = re.compile(r"\w+")
_FIELD = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")


@skill(
    pure=True,
    examples=[
        {"input": {"text": ""}, "output": []},
        {"input": {"text": "One, two_3 — ünf!"}, "output": ["one", "two_3", "ünf"]},
        {"input": {"text": "A a"}, "output": ["a", "a"]},
    ],
    properties=[
        {"kind": "field_type_in", "field": "output", "allowed": ["array"]},
        {"kind": "field_length_max", "subject_field": "output", "bound_field": "input.text"},
    ],
)
def words(text: str) -> list[str]:
    """Returns the words of a text in lower case, in their order."""
    return _WORD.findall(text.lower())


@skill(
    pure=True,
    examples=[
        {"input": {"text": "Hello, World!"}, "output": "hello-world"},
        {"input": {"text": "  --A_b  3"}, "output": "a-b-3"},
        {"input": {"text": "Ünï"}, "output": "n"},
        {"input": {"text": "?"}, "output": ""},
    ],
    properties=[
        {"kind": "field_length_max", "subject_field": "output", "bound_field": "input.text"},
    ],
)
def slug(text: str) -> str:
    """Returns a text as a name for an address: a to z, 0 to 9, and hyphens between them."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))


@skill(
    pure=True,
    examples=[
        {"input": {"text": "short", "length": 5}, "output": "short"},
        {"input": {"text": "longer", "length": 5}, "output": "long…"},
        {"input": {"text": "ab", "length": 1}, "output": "…"},
        {"input": {"text": "a" * 81}, "output": "a" * 79 + "…"},
        {"input": {"text": "a", "length": 0}, "error_code": "INVALID_INPUT"},
    ],
    properties=[
        {"kind": "field_length_max", "subject_field": "output", "bound_field": "input.text"},
    ],
)
def shorten(text: str, length: int = 80) -> str:
    """Returns a text of at most so many characters, the last one ``…`` where it was cut."""
    if length < 1:
        raise refuse("INVALID_INPUT", "length is at least 1")
    return text if len(text) <= length else text[: length - 1] + "…"


@skill(
    pure=True,
    examples=[
        {
            "input": {"template": "Dear {{ name }}, {{n}}!", "values": {"name": "Ada", "n": "3"}},
            "output": "Dear Ada, 3!",
        },
        {"input": {"template": "{x} {{ }}", "values": {}}, "output": "{x} {{ }}"},
        {"input": {"template": "{{ x }}", "values": {"x": "{{ y }}"}}, "output": "{{ y }}"},
        {"input": {"template": "{{ x }}", "values": {}}, "error_code": "INVALID_INPUT"},
    ],
)
def fill(template: str, values: dict[str, str]) -> str:
    """Returns a template with a value in place of each ``{{ name }}``; none may be missing."""
    missing = [name for name in _FIELD.findall(template) if name not in values]
    if missing:
        raise refuse("INVALID_INPUT", f"the template needs {missing[0]}")
    return _FIELD.sub(lambda match: values[match[1]], template)


@skill(
    pure=True,
    examples=[
        {
            "input": {"text": ""},
            "output": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        },
        {
            "input": {"text": "ä"},
            "output": "33e6d73fee82904c8d7afb78de1154d1e8dc2a0edb08120e63df5b9385c2d9cc",
        },
    ],
)
def sha256(text: str) -> str:
    """Returns the SHA-256 of a text in UTF-8, as hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
