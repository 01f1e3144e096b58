"""Other spellings of JSON and of base64: some say the same, some are none at all.

oddly(Random(7))({"a": 1})   ->   b'{"a": "x", "a": 1}'
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from drafts_v01 import respelled
from raw import changed_bytes
from values import copied, ways

Json = Any
Spell = Callable[[Json], bytes]


def oddly(random: Random) -> Spell:
    """Returns how to spell a value in another way, good JSON or not."""

    def spell(value: Json) -> bytes:
        text = json.dumps(value, ensure_ascii=False)
        match random.randrange(9):
            case 0:
                return json.dumps(value, indent=random.choice((0, 1, "\t"))).encode()
            case 1:
                return json.dumps(dict(reversed(value.items()))).encode()
            case 2 if "\ud800" not in text:  # It has no canonical spelling to begin with.
                return respelled(value, random)
            case 3:
                return escaped(text, random)
            case 4:
                return doubled(text, random)
            case 5:
                return random.choice((b"\xef\xbb\xbf", b" \r\n\t", b"\0", b"\x0c")) + encode(text)
            case 6:
                return encode(text) + random.choice((b"\n", b" ", b"\0", b"{}", b"]", b"\xff"))
            case 7:
                return text.encode(random.choice(("utf-16", "utf-32")), "surrogatepass")
            case _:
                return nested(value, random)

    return spell


def encode(text: str) -> bytes:
    """Returns the text as UTF-8, lone surrogates too."""
    return text.encode("utf-8", "surrogatepass")


def escaped(text: str, random: Random) -> bytes:
    """Returns JSON with one letter of a string, or of a key, as an escape."""
    places = [place for place, letter in enumerate(text) if letter.isalpha()] or [0]
    place = random.choice(places)
    new = random.choice((f"\\u{ord(text[place]):04x}", f"\\u{ord(text[place]):04X}", "\\ud83d"))
    return encode(text[:place] + new + text[place + 1 :])


def doubled(text: str, random: Random) -> bytes:
    """Returns JSON in which one object has a key twice, with the same value or with another."""
    places = [place for place, letter in enumerate(text) if letter == "{"]
    names = [part for part in text.split('"')[1::2] if part] or ["x"]
    place = random.choice(places) + 1
    return encode(f'{text[:place]}"{random.choice(names)}": "x", {text[place:]}')


def nested(value: Json, random: Random) -> bytes:
    """Returns JSON with a value that is deep."""
    value, depth = copied(value), random.choice((2, 127, 128, 129, 900, 20_000))
    *way, last = random.choice(ways(value))
    parent = value
    for key in way:
        parent = parent[key]
    parent[last] = "here"
    deep = random.choice(('{"a":' * depth + "1" + "}" * depth, "[" * depth + "]" * depth))
    return encode(json.dumps(value).replace('"here"', deep))


def broken(data: bytes, random: Random) -> bytes:
    """Returns other bytes."""
    return changed_bytes({"": data}, random)[""]


def respelled_base64(text: str, random: Random) -> str:
    """Returns another text, which a lax reader may take for the same bytes."""
    place = random.randrange(len(text) + 1)
    loose = text.rstrip("=")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    unused = loose[:-1] + letters[(letters.find(loose[-1:]) + 1) % 64] if loose else "A"
    padding = "=" * (len(text) - len(loose))
    return random.choice(
        (
            text.replace("+", "-").replace("/", "_"), loose, text + "=", text + "==",
            unused + padding, text[:place] + random.choice(("\n", " ", "=", "é", "\r\n", "*")) + text[place:],
            text[:place], text + "AA==", text.lower(),
        )
    )  # fmt: skip
