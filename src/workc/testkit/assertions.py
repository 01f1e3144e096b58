"""Assertions about bundles, for tests: what does not hold is told with all that the oracle found."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from workc.api.verification import verify_bundle
from workc.verify.verdict import Verdict

Bundle = str | os.PathLike[str] | Mapping[str, bytes]


def assert_bundle_pass(bundle: Bundle) -> Verdict:
    """Returns the verdict on a bundle that verifies.

    Raises:
        AssertionError: it does not; every finding is told.
    """
    verdict = verify_bundle(bundle)
    if not verdict.ok:
        raise AssertionError(f"the bundle does not verify:\n{_told(verdict)}")
    return verdict


def assert_bundle_fail_codes(bundle: Bundle, codes: Iterable[str]) -> Verdict:
    """Returns the verdict on a bundle that does not verify for exactly this set of codes.

    Raises:
        AssertionError: it verifies, or for other codes; both sets are told.
    """
    verdict, wanted = verify_bundle(bundle), {*codes}
    found = {*verdict.codes()}
    if verdict.ok or found != wanted:
        expected, actual = ", ".join(sorted(wanted)) or "none", ", ".join(sorted(found)) or "PASS"
        told = _told(verdict)
        raise AssertionError(f"expected {expected}\nactual   {actual}\n{told}".rstrip())
    return verdict


def _told(verdict: Verdict) -> str:
    return "\n".join(f"  {each.code} {each.path}: {each.message}" for each in verdict.failures)
