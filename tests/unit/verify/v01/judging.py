"""Asks the oracle, and says which rules of it were broken."""

from workc.bundle.layout import LIMITS
from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify


def verdict_of(files, *arguments, **options):
    return verify(MemoryReader(files), *arguments, **options)


def judge(reader, limits=LIMITS, expect=None, *, without=()):
    """Returns the numbers of the broken rules; none at all is a PASS or a step left open."""
    verdict = verify(reader, expect, limits=limits, without=without)
    return {finding.rule for finding in verdict.failures}


def is_good(reader, limits=LIMITS):
    """Returns whether the bundle passes: no rule is broken, and no step is left open."""
    return verify(reader, limits=limits).ok
