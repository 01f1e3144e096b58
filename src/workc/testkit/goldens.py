"""Goldens: bundles that must verify for ever, in a folder with a list of the hash of each file.

A golden that is listed is *released*: no file of it changes, goes or comes any more. One that is not
listed yet is *new*, and is listed by :func:`update_goldens` once it verifies.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from workc.adapters.new_file import write_over
from workc.api.verification import verify_bundle
from workc.kernel.failure import refuse
from workc.kernel.values import JsonObject
from workc.testkit.golden_folder import GoldenFiles, bundles_of, golden_files, listed_hashes
from workc.testkit.golden_sums import SUMS, is_version, sums_text
from workc.verify.case import refused
from workc.verify.rules import IS_A_BUNDLE
from workc.verify.verdict import Verdict

Judgement: TypeAlias = Literal["good", "bad", "undecided"]


class Golden(NamedTuple):
    """A bundle of a golden, by its path below the folder, and what the oracle says of it."""

    bundle: str
    verdict: Verdict

    def to_json(self) -> JsonObject:
        """Returns it as JSON."""
        return {
            "bundle": self.bundle,
            "verdict": self.verdict.verdict,
            "codes": [*self.verdict.codes()],
            "proof_digest": self.verdict.proof_digest,
        }


class GoldenReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; paths are below the folder, in order.

    Of released goldens: ``missing``, ``changed`` and ``extra`` files. ``new`` files are of goldens
    that are not listed, ``odd`` ones no regular files, or of names that no list can hold. An update
    verifies the bundles of new goldens alone; ``is_written`` says whether it wrote the list.
    """

    listed: int
    bundles: tuple[Golden, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    extra: tuple[str, ...]
    new: tuple[str, ...]
    odd: tuple[str, ...]
    is_update: bool = False
    is_written: bool = False

    @property
    def judgement(self) -> Judgement:
        """Returns ``bad`` if anything is proven bad, ``undecided`` if something cannot be judged."""
        failed = [each.verdict for each in self.bundles if not each.verdict.ok]
        if any(self.troubles()) or not all(verdict.undecided for verdict in failed):
            return "bad"
        return "undecided" if failed or (self.new and not self.is_update) else "good"

    def troubles(self) -> Iterator[tuple[str, str]]:
        """Yields what is wrong with the files: a word, and the path."""
        for word in ("missing", "changed", "extra", "odd"):
            yield from ((word, path) for path in getattr(self, word))

    def to_json(self) -> JsonObject:
        """Returns the report as JSON, schema ``workc.golden/1``."""
        return {
            "schema": "workc.golden/1",
            "ok": self.judgement == "good",
            "listed": self.listed,
            "bundles": [each.to_json() for each in self.bundles],
            "missing": [*self.missing],
            "changed": [*self.changed],
            "extra": [*self.extra],
            "new": [*self.new],
            "odd": [*self.odd],
            "is_written": self.is_written,
        }


def check_goldens(folder: str | os.PathLike[str]) -> GoldenReport:
    """Returns what is wrong with a folder of goldens: every bundle is verified, every file compared.

    Raises:
        Refusal: ``INVALID_INPUT`` if it is no folder, its list is none, or there is nothing to check.
        OSError: something in it cannot be read.
    """
    place = Path(folder)
    found, listed = _read(place)
    return _compared(found, listed, _verified(place, _goldens(found.hashes)))


def update_goldens(folder: str | os.PathLike[str]) -> GoldenReport:
    """Lists what is new, if it verifies; writes nothing if anything is wrong.

    The list is never written over where it would stay the same, and no line of it changes or goes.

    Raises:
        Refusal, OSError: as :func:`check_goldens`; ``INVALID_INPUT`` if a new one is of another version
            than its folder.
    """
    place = Path(folder)
    found, listed = _read(place)
    new = _goldens(found.hashes) - _goldens(listed)
    report = _compared(found, listed, _verified(place, new), is_update=True)
    _refuse_misplaced(report.bundles)
    if report.judgement != "good" or not report.new:
        return report
    added = {path: found.hashes[path] for path in report.new}
    write_over(place / SUMS, sums_text({**listed, **added}).encode())
    return msgspec.structs.replace(report, is_written=True)


def _refuse_misplaced(bundles: Iterable[Golden]) -> None:
    """Refuses a golden in the folder of another version: once it is listed it is there for ever."""
    for each in bundles:
        version = each.bundle.partition("/")[0]
        if each.verdict.ok and version != f"v{each.verdict.bundle_version}":
            message = (
                f"{each.bundle} is of version {each.verdict.bundle_version}, not {version[1:]}"
            )
            raise refuse("INVALID_INPUT", f"nothing was written: {message}")


def _read(folder: Path) -> tuple[GoldenFiles, dict[str, str]]:
    found, listed = golden_files(folder), listed_hashes(folder)
    if not found.hashes and not listed and not found.odd:
        above = "; name the folder above" if is_version(folder.resolve().name) else ""
        message = f"{folder} holds no golden: there is no vVERSION/NAME/bundle{above}"
        raise refuse("INVALID_INPUT", message)
    return found, listed


def _goldens(paths: Iterable[str]) -> set[str]:
    """Returns the goldens that these files are of, as ``vVERSION/NAME``."""
    return {"/".join(path.split("/")[:2]) for path in paths}


def _verified(folder: Path, goldens: Iterable[str]) -> tuple[Golden, ...]:
    names = [name for golden in sorted(goldens) for name in bundles_of(folder, golden)]
    return tuple(Golden(name, golden_verdict(folder / name)) for name in names)


def golden_verdict(bundle: Path) -> Verdict:
    """Returns the verdict on a golden, and on its children where it has any beside it."""
    try:
        return verify_bundle(bundle, recursive=(bundle.parent / "children").is_dir())
    except FileNotFoundError:
        return refused(IS_A_BUNDLE, ".", "there is no bundle of that name")


def _compared(
    found: GoldenFiles,
    listed: Mapping[str, str],
    bundles: tuple[Golden, ...],
    *,
    is_update: bool = False,
) -> GoldenReport:
    there, released = found.hashes, _goldens(listed)
    unlisted = sorted(there.keys() - listed.keys())
    return GoldenReport(
        listed=len(listed),
        bundles=bundles,
        missing=tuple(sorted(listed.keys() - there.keys())),
        changed=tuple(
            path for path in sorted(there.keys() & listed.keys()) if there[path] != listed[path]
        ),
        extra=tuple(path for path in unlisted if _goldens([path]) <= released),
        new=tuple(path for path in unlisted if not _goldens([path]) <= released),
        odd=found.odd,
        is_update=is_update,
    )
