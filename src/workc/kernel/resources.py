"""Payloads of resources: what a step claims for itself alone, and when it held it.

All claims and releases of one run have numbers in one order, so that anybody can see from the records
that no two lanes held the same at once (``docs/spec/bundle-0.2.md``, section 20).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from workc.kernel.payloads import Body, Count, FailureRecord, PayloadBase

#: The most resources of a step, and the most characters of the name of one.
MAX_RESOURCES = 16
MAX_RESOURCE_CHARS = 200


def claim_problem(resources: Sequence[str]) -> str | None:
    """Returns why these are no resources that a lane may claim, in this order, or None."""
    if not 1 <= len(resources) <= MAX_RESOURCES:
        return f"a step claims 1 to {MAX_RESOURCES} resources"
    if not all(1 <= len(each) <= MAX_RESOURCE_CHARS for each in resources):
        return f"the name of a resource has 1 to {MAX_RESOURCE_CHARS} characters"
    # Characters and their UTF-8 bytes have one order.
    if list(resources) != sorted({*resources}):
        return "resources ascend by their bytes, and none repeats"
    return None


class ResourcesClaimed(PayloadBase, frozen=True, kw_only=True):
    """Written before a step claims its resources, one after the other, for at most ``wait_ms`` in all."""

    resources: list[str]
    step: str
    wait_ms: Count

    def problem(self) -> str | None:
        """Says how many there are, how long their names, and in which order."""
        return claim_problem(self.resources)


class ResourceHeld(PayloadBase, frozen=True, kw_only=True):
    """A resource is held ``by`` another, so that the step waits for it."""

    by: str
    resource: str
    step: str


class ResourceAnswered(PayloadBase, frozen=True, kw_only=True):
    """The step holds a resource, or does not, and then ``failure`` says why.

    ``n`` is the number of the move, ``token`` that of the claim: each of one resource is greater than
    all before it. ``forced`` is that of a holder from whom it was taken, because it is dead.
    """

    failure: FailureRecord | UnsetType = UNSET
    forced: Count | UnsetType = UNSET
    n: Count | UnsetType = UNSET
    resource: str
    step: str
    token: Count | UnsetType = UNSET

    def bodies(self) -> tuple[Body | UnsetType, ...]:
        """Returns the details of the failure."""
        return (UNSET if self.failure is UNSET else self.failure.details,)

    def problem(self) -> str | None:
        """Says that it is either a failure, or a number with a token above the one before."""
        if (self.n is UNSET) != (self.token is UNSET) or (self.n is UNSET) == (
            self.failure is UNSET
        ):
            return "a claim has failure, or n and token"
        if self.forced is not UNSET and self.forced >= (self.token or 0):
            return "forced is a token before the own"
        return None


class ResourceReleased(PayloadBase, frozen=True, kw_only=True):
    """The step holds a resource no longer.

    ``token`` is that of its claim, or a later one if the run stopped meanwhile and claimed it again.
    """

    n: Count
    resource: str
    step: str
    token: Count
