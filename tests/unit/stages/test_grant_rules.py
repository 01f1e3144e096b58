"""What a policy lets a run be granted: nothing but what it names, where it speaks of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.stages.grant_rules import GrantRules, beyond
from workc.stages.grants import Grants

NAMES = ["docs", "out", "repo"]
MODES = st.sampled_from(["ro", "rw"])
ROOTS = st.dictionaries(st.sampled_from(NAMES), MODES)
TEXTS = st.lists(st.sampled_from(["git", "make", "wc"]), unique=True).map(tuple)
TARGETS = st.lists(st.sampled_from(["repo/dist", "http://127.0.0.1/x"]), unique=True).map(tuple)
RULES = st.builds(
    GrantRules, roots=st.none() | ROOTS, programs=st.none() | TEXTS, targets=st.none() | TARGETS
)
GRANTS = st.builds(Grants, roots=ROOTS, programs=TEXTS, targets=TARGETS)


@given(RULES, GRANTS)
def test_what_is_granted_is_within_what_is_named_or_refused(rules, grants):
    within = (
        (rules.programs is None or {*grants.programs} <= {*rules.programs})
        and (rules.targets is None or {*grants.targets} <= {*rules.targets})
        and (
            rules.roots is None
            or all(
                rules.roots.get(name) in ({"rw"} if mode == "rw" else {"ro", "rw"})
                for name, mode in grants.roots.items()
            )
        )
    )
    found = beyond(rules, grants)
    assert (found is None) == within
    assert found is None or found.code == "POLICY_VIOLATION"


@pytest.mark.parametrize(
    ("rules", "grants", "words"),
    [
        ({"roots": {}}, {"roots": {"repo": "ro"}}, 'the root repo: leave out --root repo, or write repo = "ro" in [roots]'),
        ({"roots": {"repo": "ro"}}, {"roots": {"repo": "rw"}}, "to write below the root repo"),
        ({"programs": ("wc",)}, {"programs": ("git",)}, 'write programs = ["wc", "git"] in [exec]'),
        ({"targets": ()}, {"targets": ("repo/x",)}, "leave out --allow-publish repo/x"),
    ],
)  # fmt: skip
def test_the_refusal_says_what_to_do(rules, grants, words):
    found = beyond(GrantRules(**rules), Grants(**grants))
    assert found is not None
    assert words in found.message
