"""Where the recordings of a test lie, and a page beside each that a person reads in a diff."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from workc.api.sources import Source
from workc.api.story import tell, tell_step
from workc.kernel.digest import sha256_hex
from workc.kernel.values import Json

#: The folder beside a test file that holds its recordings.
FOLDER = "recordings"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
#: Tests of these names have folders that differ; of others it takes a digest to tell them apart.
_PLAIN = re.compile(r"[A-Za-z0-9_:]+(\[[A-Za-z0-9_.-]*[A-Za-z0-9_]\])?")
_NAME_CHARS = 100
_PAGE = ".md"


def place_of(test_file: Path, node: str) -> Path:
    """Returns the folder of a test's recordings: ``recordings/<file>/<test>`` beside its file.

    ``node`` is the test's id: the test is named after its classes, too.
    """
    return test_file.parent / FOLDER / test_file.stem / _safe(node.partition("::")[2])


def recorded(place: Path) -> list[Path]:
    """Returns the recordings of a test, in the order of its runs."""
    found = [each for each in place.glob("*") if each.is_dir() and each.name.isdigit()]
    return sorted(found, key=lambda each: int(each.name))


def forget(recording: Path) -> None:
    """Takes a recording and its page away, if they are there."""
    shutil.rmtree(recording, ignore_errors=True)
    recording.with_suffix(_PAGE).unlink(missing_ok=True)


def put(recording: Path, place: Path) -> None:
    """Copies a recording and its page, if it has one, to the folder of a test's recordings."""
    shutil.copytree(recording, place / recording.name)
    page = recording.with_suffix(_PAGE)
    if page.exists():
        shutil.copyfile(page, place / page.name)


def write_page(recording: Path) -> None:
    """Writes the page of a recording beside it: each step, what it asked and what it was answered."""
    source = Source(recording, sealed=True)
    story = tell(source)
    size = len(story.steps)
    steps = f"{size} step" + ("" if size == 1 else "s")
    lines = [f"# {story.name}", "", f"{story.status} · {steps}"]
    for step in story.steps:
        lines += ["", f"## {step.step} · {step.skill} · {step.status}"]
        for effect in step.effects:
            lines.append(f"- {effect.target} -> {effect.status or effect.code}")
        lines += ["", *_block(_answers(tell_step(source, step.step)))]
    recording.with_suffix(_PAGE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _answers(step: Mapping[str, Json]) -> list[Json]:
    """Returns the records of a step without what differs each time: places and times."""
    records = step.get("records")
    return [
        {name: value for name, value in record.items() if name not in ("seq", "at_ms")}
        for record in (records if isinstance(records, list) else [])
        if isinstance(record, dict)
    ]


def _block(value: list[Json]) -> list[str]:
    data = msgspec.json.encode(value, order="sorted")
    text = msgspec.json.format(data, indent=2).decode("utf-8", "replace")
    return ["```json", *text.splitlines(), "```"]


def _safe(test: str) -> str:
    name = _UNSAFE.sub("-", test).strip("-.")[:_NAME_CHARS]
    if _PLAIN.fullmatch(test) and len(test) <= _NAME_CHARS:
        return name
    return f"{name}-{sha256_hex(test.encode())[:8]}"
