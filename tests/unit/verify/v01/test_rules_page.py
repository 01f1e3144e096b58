"""The registry of format 0.1 and its page say the same."""

import re
from pathlib import Path

from workc.bundle.layout import LIMITS, MAX_PATH_BYTES
from workc.kernel.phases import PHASES, TABLE
from workc.verify.rules import COMMON_RULES
from workc.verify.v01.event_checks import KINDS
from workc.verify.v01.rules import RULES
from workc.verify.v01.version import STEPS
from workc.verify.verdict import VERIFY_FAIL_CODES

PAGE = (Path(__file__).parents[4] / "docs" / "spec" / "bundle-0.1.md").read_text()


def sections():
    """Returns the text of each section by its number."""
    parts = re.split(r"^## (\d+)\. ", PAGE, flags=re.M)[1:]
    return dict(zip(map(int, parts[::2]), parts[1::2], strict=True))


def test_every_rule_stands_in_its_section_of_the_page_word_for_word():
    rows = [
        (section, *row)
        for section, text in sections().items()
        for row in re.findall(r"^\| (\d+\.\d\d) \| ([A-Z_]+) \| (.+) \|$", text, re.M)
    ]
    assert rows == [
        (int(rule.number.partition(".")[0]), rule.number, rule.code, rule.text) for rule in RULES
    ]


def test_rules_ascend_by_number_and_name_their_section():
    numbers = [tuple(map(int, rule.number.split("."))) for rule in RULES]
    assert numbers == sorted(set(numbers))
    assert all(
        rule.paragraph == f"bundle-0.1, section {rule.number.partition('.')[0]}"
        for rule in RULES
        if rule not in COMMON_RULES
    )


def test_rules_have_numbers_and_texts_of_their_own():
    assert len({rule.number for rule in RULES}) == len({rule.text for rule in RULES}) == len(RULES)
    assert all(rule.text.endswith(".") for rule in RULES)


def test_every_code_of_the_page_can_be_given_and_steps_stand_there_in_order():
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE))
    assert named <= set(VERIFY_FAIL_CODES)
    text = PAGE.partition("Steps, in order: ")[2].partition(". Of the rules")[0]
    assert [step.strip() for step in text.split(",")] == list(STEPS)


#: The step of a section's rules, and of the rules that are of another one (section 10).
SECTION_STEPS = dict(
    zip(
        range(2, 11),
        [
            "names",
            "manifest",
            "receipt",
            "events",
            "table",
            "policy",
            "roots",
            "projection",
            "expectations",
        ],
        strict=True,
    )
)
OTHER_STEPS = {f"3.{number}": "files" for number in range(11, 17)}
OTHER_STEPS |= {"8.09": "digest", "10.01": "receipt"}
OTHER_STEPS |= dict.fromkeys(("9.15", "9.16", "9.17"), "children")


def test_each_rule_is_of_the_step_that_the_page_says():
    steps = {rule.number: SECTION_STEPS[int(rule.number.partition(".")[0])] for rule in RULES}
    assert {rule.number: rule.step for rule in RULES} == steps | OTHER_STEPS


def test_limits_and_kinds_stand_on_the_page():
    for limit in (*(getattr(LIMITS, name) for name in LIMITS.__struct_fields__), MAX_PATH_BYTES):
        assert f"{limit:,}" in PAGE
    assert all(kind in sections()[5] for kind in KINDS)


def test_the_table_of_the_page_is_that_of_the_kernel():
    rows = dict(re.findall(r"^\| (\w+) \| ([A-Z][\w ]+)(?:, while.*)? \|$", sections()[6], re.M))
    rows.pop("after", None)
    assert {phase: rows[phase].split() for phase in PHASES} == {
        phase: list(TABLE[phase]) for phase in PHASES
    }
