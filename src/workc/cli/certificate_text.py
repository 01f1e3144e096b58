"""A certificate as lines: the environments, a table of the bundles, what was found, the fidelity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap

from workc.api.certification import Certificate, Certified, Judgement, Replayed
from workc.cli.console import Style
from workc.cli.difference_text import difference_lines
from workc.cli.lines import WIDTH, table_rows
from workc.cli.text import count, printable

Paint = Callable[[str, Style], str]

_WORDS: dict[Judgement, tuple[str, Style]] = {
    "identical": ("✓ identical", "good"),
    "differs": ("✗ differs", "bad"),
    "bad": ("✗ proven bad", "bad"),
    "unjudged": ("- cannot be judged", "warn"),
}
#: The widest column of names; of a longer one the end is shown, where the run's id is.
_MAX_NAME = 44


def certificate_lines(found: Certificate, paint: Paint) -> Iterator[str]:
    """Yields the certificate."""
    for each in found.environments:
        yield from wrap(
            f"environment {each.number}  {each}",
            WIDTH,
            subsequent_indent=" " * 15,
            break_on_hyphens=False,
        )
    yield ""
    head = ("bundle", "identical", "opaque", "result")
    heads, *rows = table_rows([head, *map(_row, found.bundles)], WIDTH)
    yield from (paint(line, "weak") for line in heads)
    for bundle, lines in zip(found.bundles, rows, strict=True):
        yield from (paint(line, _WORDS[bundle.judgement][1]) for line in lines)
    for bundle in found.bundles:
        yield from _differences(bundle)
    yield ""
    word, style = _WORDS[found.judgement]
    replays = f"{found.identical:,} of {count(found.replays, 'replay')} identical"
    facts = (count(len(found.bundles), "bundle"), count(len(found.environments), "environment"))
    yield f"{paint(word.partition(' ')[0], style)} {' · '.join((replays, *facts))}"


def _row(bundle: Certified) -> tuple[str, ...]:
    name = printable(bundle.bundle, 4096)
    shown = name if len(name) <= _MAX_NAME else f"…{name[1 - _MAX_NAME :]}"
    replays = f"{bundle.identical} of {len(bundle.replays)}"
    return shown, replays, str(len(bundle.opaque)), _WORDS[bundle.judgement][0]


def _differences(bundle: Certified) -> Iterator[str]:
    """Yields what was found of a bundle, each once with the environments in which it was so."""
    groups: dict[tuple[str, ...], list[Replayed]] = {}
    for replayed in bundle.replays:
        if lines := tuple(difference_lines(replayed.divergences)):
            groups.setdefault(lines, []).append(replayed)
    for lines, replays in groups.items():
        yield ""
        yield f"{printable(bundle.bundle)}  {_where(replays, len(bundle.replays))}"
        yield from (f"  {line}" for line in lines)
    if bundle.opaque:
        yield ""
        names = printable(", ".join(bundle.opaque))
        opaque = count(len(bundle.opaque), "opaque step")
        yield f"{printable(bundle.bundle)}  {opaque}, their code did not run: {names}"


def _where(replays: list[Replayed], size: int) -> str:
    if len(replays) == size:
        return "in every environment"
    numbers = ", ".join(str(each.environment) for each in replays)
    return f"in environment {numbers} alone"
