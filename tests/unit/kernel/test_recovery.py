"""The classes of errors: one table over the whole catalog, as the format's page has it."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.catalog import CATALOG
from workc.kernel.recovery import CATASTROPHIC, CLASSES, RECOVERABLE, class_of
from workc.runtime.run import HALT_ORDER

PAGE = Path(__file__).resolve().parents[3] / "docs/spec/bundle-0.2.md"


def test_what_is_retryable_is_recoverable_and_nothing_else():
    assert {code for code, entry in CATALOG.items() if entry.retryable} == RECOVERABLE


def test_what_stops_a_run_or_is_not_true_or_is_our_bug_is_catastrophic_and_nothing_else():
    grave = {c for c, entry in CATALOG.items() if entry.category in {"INTEGRITY", "INTERNAL"}}
    # A TIMEOUT stops a run if it is the run's; one of a step may be mended.
    assert grave | {"HALTED"} | {*HALT_ORDER} - {"TIMEOUT"} == CATASTROPHIC


def test_the_page_of_the_format_lists_the_same_codes():
    section = PAGE.read_text("utf-8").split("## 16. ")[1].split("## 17. ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    assert set(rows) == set(CLASSES)
    for name, codes in (("Catastrophic", CATASTROPHIC), ("Recoverable", RECOVERABLE)):
        assert re.findall(r"`(\w+)`", rows[name]) == sorted(codes)


@given(
    st.sampled_from(sorted(CATALOG)) | st.text(max_size=9),
    st.sets(st.sampled_from(sorted(CATALOG))),
)
def test_each_code_has_one_class_and_only_what_came_before_makes_a_pattern(code, earlier):
    found = class_of(code, earlier)
    alone = class_of(code, ())
    assert found in CLASSES
    assert alone != "PatternFailure"
    assert (alone == "Catastrophic") == (code in CATASTROPHIC)
    assert (alone == "Recoverable") == (code in RECOVERABLE)
    again = class_of(code, {*earlier, code})
    assert again == ("Catastrophic" if alone == "Catastrophic" else "PatternFailure")
    assert found == (alone if alone == "Catastrophic" or code not in earlier else "PatternFailure")
