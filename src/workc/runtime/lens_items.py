"""What the code of a workflow is shown of its lens: ``ctx.lens["readme"].text``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from workc.kernel.failure import Misuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.facts import members


class LensItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item. ``value`` is what it holds if that is JSON; of one that was not had, all is empty.

    Of a pattern of files ``value`` is the list of its files, each with its ``path`` and these parts.
    """

    found: bool
    sha256: str
    source: str
    text: str
    value: Json


class LensItems(Mapping[str, LensItem]):
    """The items of a lens by name."""

    def __init__(self, items: JsonObject) -> None:
        self._items = {name: _item(members(item)) for name, item in items.items()}

    def __getitem__(self, name: str) -> LensItem:
        """Returns an item.

        Raises:
            Misuse: the lens has none of that name.
        """
        if name not in self._items:
            known = ", ".join(self._items) or "none"
            raise Misuse(f"the lens has no item {name!r}; its items are {known}")
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        """Yields the names of the items, in their order."""
        return iter(self._items)

    def __len__(self) -> int:
        """Returns how many items there are."""
        return len(self._items)


def _item(item: JsonObject) -> LensItem:
    return LensItem(
        found=item["found"] is True,
        sha256=str(item["sha256"]),
        source=str(item["source"]),
        text=str(item["text"]),
        value=item["value"],
    )
