"""Edits of one place in a canonical JSON document, each with the bytes that it makes.

Some change the value, some only how it is spelled. An edit is a function of a fresh value, a place
in it that suits the edit, and what stands there; it returns the new bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeAlias

from workc.kernel.values import Json, JsonObject
from workc.sim.json_text import read_json, spell_json
from workc.sim.tamper.pointer import Step, Tokens, find, put, walk

Edit: TypeAlias = Callable[[Json, Tokens, Json], bytes]

#: No document holds it; put in and replaced where only a spelling is to change.
_MARK = "@tamper@"
_HUGE_TEXT = "x" * 10_000
_TOO_LARGE = 2**53
#: What each type of JSON is turned into.
_RETYPED: Mapping[type, Json] = {bool: 0, int: "0", str: 0, list: {}, dict: [], type(None): 0}
_EMPTY: Mapping[type, Json] = {str: "", list: [], dict: {}}


def sites(data: bytes) -> dict[str, list[Tokens]]:
    """Returns of each edit the places in a document that it is about."""
    value = read_json(data)
    found: list[tuple[Tokens, Json]] = [((), value), *walk(value)]
    return {
        name: [tokens for tokens, item in found if suits(tokens, item)]
        for name, suits in _SUITS.items()
    }


def edited(name: str, data: bytes, tokens: Tokens) -> bytes | None:
    """Returns a canonical document with an edit at a place, or None where it changes nothing."""
    value = read_json(data)
    made = EDITS[name](value, tokens, find(value, tokens))
    return None if made == data else made


def _with(value: Json, tokens: Tokens, new: Json) -> bytes:
    return spell_json(put(value, tokens, new))


def _spelled(value: Json, tokens: Tokens, text: str) -> bytes:
    """Returns the document with a text of its own at a place, whatever it is."""
    mark = _with(value, tokens, _MARK)
    return mark.replace(spell_json(_MARK), text.encode(), 1)


def _box(value: Json, tokens: Tokens) -> JsonObject:
    """Returns the object whose member stands at a place."""
    box = find(value, tokens[:-1])
    return box if isinstance(box, dict) else {}


def _remove(value: Json, tokens: Tokens, _item: Json) -> bytes:
    del _box(value, tokens)[str(tokens[-1])]
    return spell_json(value)


def _drop(value: Json, tokens: Tokens, _item: Json) -> bytes:
    box = find(value, tokens[:-1])
    if isinstance(box, list):
        del box[int(tokens[-1])]
    return spell_json(value)


def _rename(value: Json, tokens: Tokens, item: Json) -> bytes:
    box, name = _box(value, tokens), str(tokens[-1])
    del box[name]
    box[f"{name}x"] = item
    return spell_json(value)


def _double_key(value: Json, tokens: Tokens, item: Json) -> bytes:
    member = f"{_text_of(item)},{_text_of(str(tokens[-1]))}:{_text_of(item)}"
    return _spelled(value, tokens, member)


def _null(value: Json, tokens: Tokens, _item: Json) -> bytes:
    return _with(value, tokens, None)


def _retype(value: Json, tokens: Tokens, item: Json) -> bytes:
    return _with(value, tokens, _RETYPED[type(item)])


def _empty(value: Json, tokens: Tokens, item: Json) -> bytes:
    return _with(value, tokens, _EMPTY[type(item)])


def _text(change: Callable[[str], Json]) -> Edit:
    return lambda value, tokens, item: _with(value, tokens, change(str(item)))


def _number(change: Callable[[int], Json]) -> Edit:
    def edit(value: Json, tokens: Tokens, item: Json) -> bytes:
        return _with(value, tokens, change(item if isinstance(item, int) else 0))

    return edit


def _number_text(spell: Callable[[int], str]) -> Edit:
    def edit(value: Json, tokens: Tokens, item: Json) -> bytes:
        return _spelled(value, tokens, spell(item if isinstance(item, int) else 0))

    return edit


def _reorder(value: Json, tokens: Tokens, item: Json) -> bytes:
    box = item if isinstance(item, dict) else {}
    members = [f"{_text_of(name)}:{_text_of(inner)}" for name, inner in box.items()]
    return _spelled(value, tokens, "{" + ",".join(sorted(members, reverse=True)) + "}")


def _escape(value: Json, tokens: Tokens, item: Json) -> bytes:
    text = str(item)
    return _spelled(value, tokens, f'"\\u{ord(text[0]):04x}{_text_of(text[1:])[1:]}')


def _whole(change: Callable[[bytes], bytes]) -> Edit:
    """Returns an edit of the bytes of the whole document."""
    return lambda value, _tokens, _item: change(spell_json(value))


def _text_of(value: Json) -> str:
    return spell_json(value).decode()


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


#: Edits of the value that no closed form allows, whatever stands there.
_OF_VALUE: Mapping[str, Edit] = {
    "field.rename": _rename,
    "field.null": _null,
    "field.retype": _retype,
    "number.negative": _number(lambda _: -1),
}
#: Edits of the spelling: whatever is spelled so is not canonical.
OF_SPELLING: Mapping[str, Edit] = {
    "number.too-large": _number(lambda _: _TOO_LARGE),
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
    "field.huge": _text(lambda text: text + _HUGE_TEXT),
    "number.plus-one": _number(lambda number: number + 1),
    "number.minus-one": _number(lambda number: number - 1),
    "text.nfd": _text(_decomposed),
}
BREAKING: Mapping[str, Edit] = {**_OF_VALUE, **OF_SPELLING}
EDITS: Mapping[str, Edit] = {**BREAKING, **_OF_MEANING}


def _is_whole(tokens: Tokens, _item: Json) -> bool:
    return not tokens


def _is_inner(tokens: Tokens, _item: Json) -> bool:
    return bool(tokens)


def _is_member(tokens: Tokens, _item: Json) -> bool:
    return isinstance(_last(tokens), str)


def _is_element(tokens: Tokens, _item: Json) -> bool:
    return isinstance(_last(tokens), int)


def _last(tokens: Tokens) -> Step | None:
    return tokens[-1] if tokens else None


def _is_number(_tokens: Tokens, item: Json) -> bool:
    return type(item) is int


def _is_text(_tokens: Tokens, item: Json) -> bool:
    return isinstance(item, str)


def _begins_in_ascii(_tokens: Tokens, item: Json) -> bool:
    return isinstance(item, str) and item[:1].isascii() and item != ""


def _has_marks(_tokens: Tokens, item: Json) -> bool:
    return isinstance(item, str) and _decomposed(item) != item


def _is_filled(tokens: Tokens, item: Json) -> bool:
    return bool(tokens) and type(item) in _EMPTY and bool(item)


def _has_pairs(_tokens: Tokens, item: Json) -> bool:
    return isinstance(item, dict) and len(item) > 1


#: What each edit is about; the rest of a family is about the same.
_SUITS: Mapping[str, Callable[[Tokens, Json], bool]] = {
    **dict.fromkeys([name for name in EDITS if name.startswith("number.")], _is_number),
    **dict.fromkeys([name for name in EDITS if name.startswith("text.")], _is_whole),
    "text.escape": _begins_in_ascii,
    "text.nfd": _has_marks,
    "key.duplicate": _is_member,
    "key.order": _has_pairs,
    "field.rename": _is_member,
    "field.remove": _is_member,
    "field.drop": _is_element,
    "field.null": _is_inner,
    "field.retype": _is_inner,
    "field.empty": _is_filled,
    "field.huge": _is_text,
}
