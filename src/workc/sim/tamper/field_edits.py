"""Edits of one place in a canonical JSON document, each with the bytes that it makes.

Some change the value, some only how it is spelled. An edit is a function of a fresh value, a place
in it and what stands there; it returns the new bytes, or None where it is no edit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeAlias

from workc.kernel import canonical
from workc.kernel.values import Json, JsonObject
from workc.sim.tamper.json_text import spell_json
from workc.sim.tamper.pointer import Tokens, find, put, walk

Edit: TypeAlias = Callable[[Json, Tokens, Json], bytes | None]

#: No document holds it; put in and replaced where only a spelling is to change.
_MARK = "@tamper@"
_HUGE_TEXT = "x" * 10_000
_TOO_LARGE = 2**53
#: What each type of JSON is turned into.
_RETYPED: Mapping[type, Json] = {bool: 0, int: "0", str: 0, list: {}, dict: []}
_EMPTY: Mapping[type, Json] = {str: "", list: [], dict: {}}


def sites(data: bytes) -> list[Tokens]:
    """Returns every place in a document, the document itself first."""
    return [(), *(tokens for tokens, _ in walk(canonical.decode(data)))]


def edited(name: str, data: bytes, tokens: Tokens) -> bytes | None:
    """Returns a canonical document with an edit at a place, or None where it is no edit."""
    value = canonical.decode(data)
    made = EDITS[name](value, tokens, find(value, tokens))
    return None if made == data else made


def _with(value: Json, tokens: Tokens, new: Json) -> bytes:
    return spell_json(put(value, tokens, new))


def _spelled(value: Json, tokens: Tokens, text: str) -> bytes:
    """Returns the document with a text of its own at a place, whatever it is."""
    mark = _with(value, tokens, _MARK)
    return mark.replace(spell_json(_MARK), text.encode(), 1)


def _box(value: Json, tokens: Tokens) -> JsonObject | None:
    """Returns the object whose member stands at a place, if it is one."""
    box = find(value, tokens[:-1]) if tokens else None
    return box if isinstance(box, dict) else None


def _remove(value: Json, tokens: Tokens, _item: Json) -> bytes | None:
    box = _box(value, tokens)
    if box is None:
        return None
    del box[str(tokens[-1])]
    return spell_json(value)


def _drop(value: Json, tokens: Tokens, _item: Json) -> bytes | None:
    box = find(value, tokens[:-1]) if tokens else None
    if not isinstance(box, list):
        return None
    del box[int(tokens[-1])]
    return spell_json(value)


def _rename(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    box = _box(value, tokens)
    if box is None:
        return None
    name = str(tokens[-1])
    del box[name]
    box[f"{name}x"] = item
    return spell_json(value)


def _double_key(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    if _box(value, tokens) is None:
        return None
    member = f"{_text_of(item)},{_text_of(str(tokens[-1]))}:{_text_of(item)}"
    return _spelled(value, tokens, member)


def _null(value: Json, tokens: Tokens, _item: Json) -> bytes | None:
    return _with(value, tokens, None)


def _retype(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    return _with(value, tokens, _RETYPED[type(item)])


def _empty(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    if not isinstance(item, str | list | dict):
        return None
    return _with(value, tokens, _EMPTY[type(item)])


def _huge(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    return _with(value, tokens, item + _HUGE_TEXT) if isinstance(item, str) else None


def _number(change: Callable[[int], Json]) -> Edit:
    def edit(value: Json, tokens: Tokens, item: Json) -> bytes | None:
        return _with(value, tokens, change(item)) if type(item) is int else None

    return edit


def _number_text(spell: Callable[[int], str]) -> Edit:
    def edit(value: Json, tokens: Tokens, item: Json) -> bytes | None:
        return _spelled(value, tokens, spell(item)) if type(item) is int else None

    return edit


def _reorder(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    if not isinstance(item, dict) or len(item) == 1:
        return None
    members = [f"{_text_of(name)}:{_text_of(inner)}" for name, inner in item.items()]
    return _spelled(value, tokens, "{" + ",".join(sorted(members, reverse=True)) + "}")


def _escape(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    if not isinstance(item, str) or not item or not item[0].isascii():
        return None
    rest = _text_of(item[1:])[1:]
    return _spelled(value, tokens, f'"\\u{ord(item[0]):04x}{rest}')


def _decompose(value: Json, tokens: Tokens, item: Json) -> bytes | None:
    return (
        _with(value, tokens, unicodedata.normalize("NFD", item)) if isinstance(item, str) else None
    )


def _whole(change: Callable[[bytes], bytes]) -> Edit:
    """Returns an edit of the bytes of the whole document."""
    return lambda value, tokens, _item: None if tokens else change(spell_json(value))


def _text_of(value: Json) -> str:
    return spell_json(value).decode()


#: Edits of the value that no closed form allows, whatever stands there.
_OF_VALUE: Mapping[str, Edit] = {
    "field.rename": _rename,
    "field.null": _null,
    "field.retype": _retype,
    "number.negative": _number(lambda _: -1),
    "number.too-large": _number(lambda _: _TOO_LARGE),
}
#: Edits of the spelling: whatever is spelled so is not canonical.
OF_SPELLING: Mapping[str, Edit] = {
    "number.float": _number_text(lambda number: f"{number}.0"),
    "number.exponent": _number_text(lambda number: f"{number}e0"),
    "number.minus-zero": _number_text(lambda _: "-0"),
    "number.nan": _number_text(lambda _: "NaN"),
    "number.1e400": _number_text(lambda _: "1e400"),
    "number.zero-in-front": _number_text(lambda number: f"0{number}"),
    "key.duplicate": _double_key,
    "key.order": _reorder,
    "text.escape": _escape,
    "text.space": _whole(lambda data: data.replace(b":", b": ", 1)),
    "text.bom": _whole(lambda data: b"\xef\xbb\xbf" + data),
    "text.cr": _whole(lambda data: data + b"\r"),
    "text.newline": _whole(lambda data: data + b"\n"),
    "text.cut": _whole(lambda data: data[:-1]),
}
#: Edits that may leave the form whole.
_OF_MEANING: Mapping[str, Edit] = {
    "field.remove": _remove,
    "field.drop": _drop,
    "field.empty": _empty,
    "field.huge": _huge,
    "number.plus-one": _number(lambda number: number + 1),
    "number.minus-one": _number(lambda number: number - 1),
    "text.nfd": _decompose,
}
BREAKING: Mapping[str, Edit] = {**_OF_VALUE, **OF_SPELLING}
EDITS: Mapping[str, Edit] = {**BREAKING, **_OF_MEANING}
