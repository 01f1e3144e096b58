"""The tamper suite: makes every mutant of a bundle and asks the oracle about each.

Nothing here knows a rule. What must be found comes with the mutant, what was found from the oracle;
the suite compares the two. What a bare bundle cannot show must pass with another digest, and must
be found by whoever demands the digest of the true bundle.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from workc.adapters.bundle_folder import BundleFolder
from workc.sim.tamper.catalog import Plan
from workc.sim.tamper.formats import format_of
from workc.sim.tamper.operation import TamperError
from workc.sim.tamper.parts import Files
from workc.sim.tamper.place import UNPROVABLE, Place
from workc.testkit import tamper_links
from workc.testkit.tamper_folder import read_bundle
from workc.testkit.tamper_report import PASSED, RAISED, TamperReport
from workc.verify.reader import MemoryReader, Reader
from workc.verify.verdict import Verdict
from workc.verify.verifier import Expectations, verify

#: Returns the verdict on a bundle, of which a proof digest may be demanded.
Oracle: TypeAlias = Callable[[Reader, "str | None"], Verdict]
#: Is told how many mutants were judged, and of how many at most.
Watch: TypeAlias = Callable[[int, int], None]

#: So many mutants are made of a small bundle; of a large one as many as it takes to read this much.
BUDGET = 8_000
MIN_BUDGET = 1_000
BUDGET_BYTES = 10_000_000_000


def oracle(reader: Reader, digest: str | None) -> Verdict:
    """Returns what the verifier says."""
    return verify(reader, Expectations(proof_digest=digest))


def run_suite(
    bundle: str | os.PathLike[str] | Mapping[str, bytes],
    *,
    budget: int | None = None,
    full: bool = False,
    ask: Oracle = oracle,
    watch: Watch = lambda _done, _size: None,
) -> TamperReport:
    """Returns what was found of every mutant of a bundle: a folder, an archive, a mapping of path to bytes.

    At most ``budget`` mutants are made (by default a number that follows from the size of the
    bundle), at least one of each class, evenly over what there is; with ``full`` all.

    Raises:
        TamperError: the bundle does not verify, or is of a version that has no operators.
    """
    if isinstance(bundle, str | os.PathLike):
        bundle = read_bundle(Path(bundle))
    files = dict(bundle)
    good = ask(MemoryReader(files), None)
    if not good.ok or good.proof_digest is None:
        why = good.codes()[0] if good.failures else "not every step could be taken"
        raise TamperError("does_not_apply", f"mutants are made of a bundle that verifies: {why}")
    form = format_of(files)
    report = TamperReport((*form.groups, *tamper_links.folder_groups(form.components)))
    report.bundle_version = form.version
    report.run_id, report.proof_digest = good.run_id, good.proof_digest
    plan = Plan(files, None if full else budget or budget_of(files))
    report.is_sampled = plan.is_sampled
    _judge_mutants(plan, report, ask, watch, good.proof_digest)
    _judge_folders(files, report, ask)
    return report


def budget_of(files: Files) -> int:
    """Returns how many mutants of a bundle are made unless it is said otherwise."""
    size = sum(map(len, files.values()))
    return min(BUDGET, max(MIN_BUDGET, BUDGET_BYTES // max(1, size)))


def _judge_mutants(
    plan: Plan, report: TamperReport, ask: Oracle, watch: Watch, digest: str
) -> None:
    for number, (group, mutant) in enumerate(plan.mutants(), 1):
        reader = MemoryReader(mutant.files)
        actual = _found(reader, mutant.expected, ask, digest)
        report.take(group, mutant.expected, actual, mutant.at, mutant.op)
        watch(number, plan.size)


def _judge_folders(files: Files, report: TamperReport, ask: Oracle) -> None:
    for mutant in tamper_links.folder_mutants(files):
        with tamper_links.made(mutant, files) as folder:
            actual = _first(_asked(BundleFolder(folder), ask, None))
        report.take(mutant.group, mutant.expected, actual, mutant.at)


def _found(reader: Reader, expected: Place, ask: Oracle, digest: str) -> str:
    """Returns the first finding about a mutant; of what is not provable, whether a digest tells."""
    verdict = _asked(reader, ask, None)
    is_another = isinstance(verdict, Verdict) and verdict.ok and verdict.proof_digest != digest
    if expected == UNPROVABLE and is_another:
        return _first(_asked(reader, ask, digest))
    return _first(verdict)


def _asked(reader: Reader, ask: Oracle, digest: str | None) -> Verdict | Exception:
    try:
        return ask(reader, digest)
    except Exception as error:  # noqa: BLE001 - who raises gives no verdict: the report says so
        return error


def _first(verdict: Verdict | Exception) -> str:
    """Returns the first finding, or that the bundle passed, or that there was no verdict."""
    if isinstance(verdict, Exception):
        return f"{RAISED} {type(verdict).__name__}"
    if verdict.ok:
        return PASSED
    if not verdict.failures:
        return "not checked"
    first = verdict.failures[0]
    return f"{first.step} {first.code}"
