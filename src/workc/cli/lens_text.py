"""What a run looked at, as lines: the same look while it runs and when it is shown."""

from __future__ import annotations

from typing import get_args

from workc.api.lens_story import ItemStory, LensStory
from workc.cli.console import Console
from workc.cli.story_text import symbol
from workc.cli.text import count, printable
from workc.kernel.lens_quality import COMPONENTS
from workc.kernel.permille import WHOLE
from workc.kernel.phases import LockLevel
from workc.kernel.resolving import BY_CHILD

#: So many items are shown one by one.
MAX_ITEMS = 40
_LEVELS: tuple[LockLevel, ...] = get_args(LockLevel)


def lens_line(console: Console, lens: LensStory, *, err: bool = False) -> str:
    """Returns what a lens has come to in one line."""
    enough = lens.quality["aggregate"] >= lens.at_least.get("Draft", 0)
    sign = symbol(console, "success" if enough else "failure", err=err)
    missing = f" · {len(lens.missing)} missing" if lens.missing else ""
    again = f" · looked {lens.rounds} times" if lens.rounds > 1 else ""
    worst = f" ({lens.worst})" if lens.quality["aggregate"] < WHOLE else ""
    items = count(len(lens.items), "item")
    by_script = " · scripted" if lens.scripted else ""
    quality = f"quality {lens.quality['aggregate']}{worst}{by_script}"
    return f"{sign} lens  {items}{missing} · {quality}{again}"


def lens_lines(console: Console, lens: LensStory) -> list[str]:
    """Returns a lens with its items, and the components of its quality."""
    if not lens.items:
        return []
    shown = lens.items[:MAX_ITEMS]
    lines = [f"  {line}" for item in shown for line in _item_lines(console, item)]
    if len(lens.items) > MAX_ITEMS:
        lines.append(f"  … {count(len(lens.items) - MAX_ITEMS, 'item')} more")
    if not lens.quality:
        return lines
    parts = " · ".join(f"{name} {lens.quality[name]}" for name in COMPONENTS)
    takes = [f"{_takes(each)} {lens.at_least[each]}" for each in _LEVELS if each in lens.at_least]
    return [
        f"  {lens_line(console, lens)}",
        f"    {parts}",
        *([f"    it takes {', '.join(takes)}"] if takes else []),
        *([f"    {printable(contested_text(lens), 160)}"] if lens.contested else []),
        *lines,
    ]


def contested_text(lens: LensStory) -> str:
    """Returns what items contradicted each other about, and what came of that."""
    about = ", ".join(lens.contested)
    child = next((each for each in lens.items if each.how == BY_CHILD), None)
    if child is None:
        return f"contradicts itself about {about}"
    done = "resolved" if child.code is None else f"not resolved ({child.code})"
    return f"contradicted itself about {about}: {done}"


def _takes(level: str) -> str:
    return "deciding" if level == "Draft" else level


def _item_lines(console: Console, item: ItemStory) -> list[str]:
    """Returns an item and, if it was read from the evidence of another run, whose that is."""
    proof = [] if item.proof_digest is None else [f"run {item.run_id}", item.proof_digest]
    return [_item_line(console, item), *(f"    {printable(each, 76)}" for each in proof)]


def _item_line(console: Console, item: ItemStory) -> str:
    sign = symbol(console, "success" if item.code is None else "failure")
    part = "" if item.part is None else f"[{item.part}]"
    code = "" if item.code is None else f"  {item.code}"
    return (
        f"{sign} {printable(item.item, 64)}{part}  {item.how}  {printable(item.source, 200)}{code}"
    )
