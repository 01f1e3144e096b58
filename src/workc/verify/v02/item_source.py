"""Whether an item was read from where it says: its source and the effect that it was looked at by.

An address is compared only if its source is plain, for others have several spellings
(docs/spec/bundle-0.2.md, section 17).
"""

from __future__ import annotations

import re

from workc.kernel.lens import ItemObserved

_SIGN = re.compile(r"[*?]")
_NUMBER = r"(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"
_HOST = rf"(?:{_NUMBER}(?:\.{_NUMBER}){{3}}|(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*)"
#: An address that is spelled in one way only, but for a slash at its end.
_PLAIN = re.compile(rf"(https?)://{_HOST}(:[1-9][0-9]*)?((?:/[A-Za-z0-9_~.-]+)*)/?")
_OWN_PORTS = {"http": ":80", "https": ":443"}


def is_read_from_source(item: ItemObserved, selector: str) -> bool:
    """Returns whether the effect of an item is that of looking at its source, as far as can be told."""
    if item.how == "url":
        plain = _of_address(item.source.partition("?")[0])
        return plain is None or plain == selector
    return f"fs:{_path_of(item)}" == selector


def _path_of(item: ItemObserved) -> str:
    """Returns the path that is read to look at an item: of a pattern and a bundle a folder."""
    match item.how:
        case "files":
            sign = _SIGN.search(item.source)
            before = item.source[: sign.start()] if sign else ""
            return before[: before.rfind("/") + 1]
        case "bundle":
            return f"{item.source}/"
        case _:
            return item.source


def _of_address(address: str) -> str | None:
    found = _PLAIN.fullmatch(address)
    if found is None or found[2] == _OWN_PORTS[found[1]]:
        return None
    if {".", ".."} & {*found[3].split("/")}:
        return None
    return f"net:{address.removesuffix('/')}{'' if found[3] else '/'}"
