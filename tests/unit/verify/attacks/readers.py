"""Sections 2, 3, 4 and 8: bundles that are good, but too large, or cannot be read."""

from functools import partial

from bundles import bundle
from odd_reader import OddReader
from reseal import reseal

from attacks.attack import attack
from workc.bundle.layout import LIMITS, Limits
from workc.verify.reader import Item

SMALL = "staged"
LIMIT, UNREADABLE = "LIMIT_EXCEEDED", "FILE_UNREADABLE"
#: Which file of each step is read: path, step.
FILES = {
    "manifest": ("manifest.json", "manifest"),
    "receipt": ("receipt.json", "receipt"),
    "program": ("evidence/program.yaml", "files"),
    "events": ("events.jsonl", "events"),
}


def faulty(what, operator, code, step, /, *extra, limits=LIMITS, **odd):
    """Adds the small bundle, given by a reader with a fault or to a caller who allows less."""

    def reader(files):
        return OddReader(files, *extra, **odd)

    attack(what, operator, code, step, lambda: bundle(SMALL), reader=reader, limits=limits)


faulty("names_that_cannot_be_listed", "refuse", UNREADABLE, "names", names_fail_after=0)
faulty("names_that_end_in_an_error", "break off", UNREADABLE, "names", names_fail_after=3)
for _name, (_path, _step) in FILES.items():
    faulty(f"a_{_name}_that_cannot_be_read", "refuse", UNREADABLE, _step, fails={_path})
    faulty(f"a_{_name}_whose_reading_fails", "break off", UNREADABLE, _step, breaks={_path})
for _name in ("manifest", "receipt"):
    _path, _step = FILES[_name]
    faulty(f"a_{_name}_shorter_than_it_was", "lie", UNREADABLE, _step, cuts={_path})
    _long = {_path: LIMITS.document_bytes + 1}
    faulty(f"a_{_name}_larger_than_may_be", "grow", LIMIT, _step, sizes=_long)

_sizes = {path: len(data) for path, data in bundle(SMALL).items()}
_names = len(_sizes) + len({path.rpartition("/")[0] for path in _sizes} - {""})
_lines = bundle(SMALL)["events.jsonl"].splitlines()
_longest = max(map(len, _lines))

faulty(
    "a_file_larger_than_may_be",
    "grow",
    LIMIT,
    "files",
    sizes={"evidence/program.yaml": LIMITS.file_bytes + 1},
)
faulty(
    "a_name_too_many",
    "add",
    LIMIT,
    "names",
    Item(path="x", kind="link"),
    limits=Limits(names=_names),
)


def tight(what, step, limits):
    """Adds the small bundle for a caller who allows a little less than it needs."""
    faulty(what, "tighten", LIMIT, step, limits=limits)


tight("fewer_names_allowed", "names", Limits(names=_names - 1))
tight("smaller_files_allowed", "files", Limits(file_bytes=_sizes["evidence/prices.json"] - 1))
tight("shorter_lines_allowed", "events", Limits(line_bytes=_longest - 1))
tight("fewer_events_allowed", "events", Limits(events=len(_lines) - 1))
tight("a_smaller_receipt_allowed", "receipt", Limits(document_bytes=_sizes["receipt.json"] - 1))
tight("a_smaller_manifest_allowed", "manifest", Limits(document_bytes=_sizes["manifest.json"] - 1))


def sealed_for(what, operator, edit, limits):
    """Adds the small bundle, edited and sealed anew, for a caller who allows what it had before."""
    files = partial(reseal, bundle(SMALL), edit)
    attack(what, operator, LIMIT, "events", files, limits=limits)


def _longer(d):
    d.payload("IntentSet")["description"] = "x" * _longest


def _again(d):
    d.events.append(d.events[-1])


sealed_for("a_line_longer_than_may_be", "grow", _longer, Limits(line_bytes=_longest))
sealed_for("an_event_too_many", "repeat", _again, Limits(events=len(_lines)))
