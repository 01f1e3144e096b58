"""What an attack is: a bundle that must not pass, who shows it how, and the one answer to it.

Modules beside this one hold the attacks of one section of docs/spec/bundle-0.2.md each. Codes and
steps stand there as the page has them; they are not computed from the verifier.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from bundles import bundle
from reseal import reseal

from workc.bundle.layout import LIMITS, Limits
from workc.verify.reader import MemoryReader, Reader
from workc.verify.verdict import Verdict
from workc.verify.verifier import Expectations, verify

#: What is done, wherever it is done. Two attacks of one operator are one idea.
OPERATORS = {
    "set": "another value of the same form",
    "retype": "a value of another type",
    "add": "a field, an event or a file more",
    "remove": "a field, an event or a file less",
    "repeat": "the same once more",
    "move": "the same in another place or order",
    "grow": "more than may be: later, longer, higher, deeper",
    "shrink": "less than may be",
    "cut": "no end",
    "respell": "the same in other bytes",
    "foreign": "a character or a number that is not allowed there",
    "splice": "a part of another good bundle",
    "refuse": "a reader that does not begin",
    "break off": "a reader that fails when it has begun",
    "lie": "a reader that says one thing and gives another",
    "tighten": "a caller who allows less",
    "demand": "a caller who wants what is not so",
    "replay": "a good bundle of another run, or an older one, in place of the one that is wanted",
}


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A bundle that must not pass. ``alone``: nothing but ``code`` in ``step`` is found."""

    name: str
    operator: str
    code: str
    step: str
    files: Callable[[], Mapping[str, bytes]]
    reader: Callable[[Mapping[str, bytes]], Reader] = MemoryReader
    wanted: Expectations | None = None
    limits: Limits = LIMITS
    alone: bool = False

    def verdict(self, *, without: frozenset[str] = frozenset()) -> Verdict:
        """Returns what the oracle says, some of its rules left out."""
        reader = self.reader(self.files())
        return verify(reader, self.wanted, limits=self.limits, without=without)

    @property
    def lies_in_the_bytes(self) -> bool:
        """Returns whether the bundle is bad in itself, whoever reads it and for whom."""
        return (self.reader, self.wanted, self.limits) == (MemoryReader, None, LIMITS)


ATTACKS: list[Attack] = []


def attack(name: str, operator: str, code: str, step: str, files, **options) -> None:
    """Adds an attack. ``files`` makes them; it is called once."""
    made = Attack(name=name, operator=operator, code=code, step=step, files=cache(files), **options)
    ATTACKS.append(made)


def sealed(operator: str, code: str, step: str, name: str = "success", *, project: bool = True):
    """Adds the decorated edit of the named bundle, sealed anew.

    With ``project`` the receipt follows from the edited events, so that nothing but the rule in
    question can notice.
    """

    def add(edit):
        def files():
            return reseal(bundle(name), edit, project=project)

        attack(edit.__name__, operator, code, step, files, alone=project)
        return edit

    return add


def malformed(operator: str, name: str = "success"):
    """Adds an edit that makes a line no event."""
    return sealed(operator, "BUNDLE_MALFORMED", "events", name, project=False)


def chain(operator: str, name: str = "success"):
    """Adds an edit that breaks the chain."""
    return sealed(operator, "EVENT_CHAIN_MISMATCH", "events", name, project=False)


def table(operator: str, name: str = "success"):
    """Adds an edit that breaks the tables; what the receipt says may follow it or not."""
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name, project=False)


def money(operator: str, name: str = "paid"):
    """Adds an edit of the ledger."""
    return sealed(operator, "BUDGET_INVALID", "money", name)


def receipt(operator: str, name: str = "success"):
    """Adds an edit of what the receipt says."""
    return sealed(operator, "RECEIPT_EVENT_MISMATCH", "projection", name, project=False)


def unproven(operator: str, name: str = "success"):
    """Adds an edit of the outcome."""
    return sealed(operator, "VERIFICATION_INCOMPLETE", "projection", name)


def document(operator: str, code: str, step: str = "manifest"):
    """Adds an edit of manifest, receipt or the list of files."""
    return sealed(operator, code, step, project=False)
