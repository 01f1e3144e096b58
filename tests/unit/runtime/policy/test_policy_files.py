"""Policy files: what is wrong with one, told by line with a fix, and what a good one says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.api.policies import SHIPPED, shipped_policy
from workc.kernel.human_approval import COST_MS, LOSS_MS, PRODUCTION_LOSS_MS
from workc.kernel.selectors import Effect
from workc.kernel.trie_merge import CAP
from workc.runtime.policy.json_schema import MAX_MS, published_policy_schema
from workc.runtime.policy.loader import InvalidPolicy, load_policy
from workc.runtime.policy.model import (
    ApprovalRules,
    BudgetRules,
    GrantRules,
    PolicyFile,
    VerifyRules,
    recorded_ruling,
    rules_of,
)
from workc.runtime.workflow.document import MAX_BYTES
from workc.runtime.workflow.problems import render_problems
from workc.stages.effect_limits import EffectRules
from workc.stages.network import NetworkPolicy

HEAD = 'schema = "workc.policy/1"\nname = "team"\n'


def loaded(text):
    return load_policy((HEAD + text).encode(), "team.toml")


def problems(text, head=HEAD):
    with pytest.raises(InvalidPolicy) as refused:
        load_policy((head + text).encode(), "team.toml")
    found = refused.value.problems
    assert refused.value.failure.code == "INVALID_INPUT"
    assert {problem.code for problem in found} == {"INVALID_INPUT"}
    assert all(problem.fix and isinstance(problem.path, str) for problem in found)
    return found


def line(op, selector, kind="allow"):
    return f'[[effects.{kind}]]\nop = "{op}"\nselector = "{selector}"\n'


def test_a_policy_that_says_nothing_adds_no_rules():
    assert loaded("") == PolicyFile(name="team")
    assert rules_of(loaded("")) == rules_of(None) == {}
    assert rules_of(loaded("[network]\nallow_public = true\n")) == {}
    closed = rules_of(loaded("[network]\noffline = true\n"))
    assert closed == {"policy": "team"}, "no workflow or child may widen it"
    assert recorded_ruling(closed) == PolicyFile(name="team")


def test_every_part_is_read():
    policy = loaded(
        'description = "d"\n'
        + '[effects]\nunknown = "allow"\n'
        + line("WriteFS", "fs:out//")
        + line("Network", "net:HTTP://A.example:80/v1/")
        + line("Network", "net:http://a.example/v1/x", "deny")
        + "[network]\nallow_public = false\nallow_hosts = ['a.example']\n"
        + "[budget]\nceiling_cents = 5\ntokens = 7\n"
        + "[approval]\nloss_ms = 1\ntimeout_ms = 2\n"
        + '[verify]\nmax_lock_level = "Committed"\nlevels.Committed = ["Semantic"]\n'
        + "[lens]\nStaged = 1\nCommitted = 1\n"
        + '[roots]\nrepo = "ro"\n'
        + '[exec]\nprograms = ["wc", "git"]\n'
        + '[publish]\ntargets = ["repo/b", "repo/a"]\n'
    )
    effects = EffectRules(
        allow=(Effect("Network", "net:http://a.example/v1"), Effect("WriteFS", "fs:out/")),
        deny=(Effect("Network", "net:http://a.example/v1/x"),),
        unknown="allow",
    )
    assert policy == PolicyFile(
        name="team",
        description="d",
        effects=effects,
        network=NetworkPolicy(allow_public=False, allow_hosts=("a.example",)),
        budget=BudgetRules(ceiling_cents=5, tokens=7),
        approval=ApprovalRules(loss_ms=1, timeout_ms=2),
        verify=VerifyRules(max_lock_level="Committed", levels={"Committed": ("Semantic",)}),
        lens={"Staged": 1, "Committed": 1},
        may_grant=GrantRules(
            roots={"repo": "ro"}, programs=("git", "wc"), targets=("repo/a", "repo/b")
        ),
    )
    recorded = recorded_ruling(json.loads(json.dumps(rules_of(policy))))
    assert recorded == PolicyFile(
        name="team",
        effects=effects,
        budget=policy.budget,
        approval=policy.approval,
        verify=policy.verify,
        lens=policy.lens,
        may_grant=policy.may_grant,
    )


def test_what_is_left_out_is_as_the_formulas_have_it():
    assert loaded("[approval]\n").approval == ApprovalRules(
        loss_ms=LOSS_MS, production_loss_ms=PRODUCTION_LOSS_MS, cost_ms=COST_MS, timeout_ms=None
    )
    assert loaded("[effects]\n").effects == EffectRules(allow=(), unknown="deny")


@pytest.mark.parametrize(
    ("text", "where", "message", "fix"),
    [
        ("nam = 1\n", 3, 'no key "nam"', "did you mean name?"),
        ("Xname = 1\n", 3, 'no key "Xname"', "did you mean name?"),
        ("[efects]\n", 3, 'no key "efects"', "did you mean effects?"),
        ("[effects]\nalow = []\n", 4, 'no key "alow"', "did you mean allow?"),
        (
            line("Exec", "exec:a") + line("Exec", "exec:b", "alow"),
            6,
            '"alow"',
            "did you mean allow?",
        ),
        (line("Netwrk", "net:http://a/"), 4, "Netwrk", "did you mean Network?"),
        (line("Network", "http://a/"), 5, "begins with net:", "write it like net:"),
        (line("Network", "net:http://a/../b"), 5, "leads upwards", "write it like"),
        (line("WriteFS", "net:http://a/"), 5, "begins with fs:", "write it like fs:"),
        ('[[effects.allow]]\nop = "Exec"\n', 3, "missing here: selector", "add selector"),
        ('[[effects.allow]]\nop = "Exec"\nselector = "exec:a"\nx = 1\n', 6, 'no key "x"', "op"),
        (line("Exec", "exec:a") * 2, 6, "stands here twice", "remove one"),
        (
            line("Exec", "exec:a") + line("Exec", "exec:a", "deny"),
            3,
            "never allows anything",
            "remove one of the two",
        ),
        (
            line("Network", "net:http://a/b") + line("Network", "net:http://a/", "deny"),
            3,
            "deny has Network net:http://a/",
            "remove one",
        ),
        ('[effects]\nunknown = "no"\n', 4, "is not one of allow, deny", "write one of"),
        ("[network]\nallow_public = 1\n", 4, "must be true or false", "public addresses"),
        ("[network]\nallow_hosts = ['a b']\n", 4, "does not match", "A name"),
        ("[network]\ndeny_hosts = ['*.10.0.0.1']\n", 4, "host pattern", "write a host name"),
        (
            "[network]\nallow_hosts = ['a']\ndeny_hosts = ['a']\n",
            5,
            "allowed and denied",
            "one of the two lists",
        ),
        ("[network]\noffline = true\nallow_hosts = ['a']\n", 4, "offline denies", "remove one"),
        ("[budget]\nceiling_cents = -1\n", 4, "-1 is less than 0", "write 0 or more"),
        ("[budget]\nceiling_cents = 1.5\n", 4, "a whole number", "ceiling"),
        ("[budget]\ntokens = true\n", 4, "a whole number", "tokens"),
        ("[budget]\nwall_ms = 99999999999999\n", 4, "is more than", "or less"),
        (f"[budget]\nwall_ms = {10**400}\n", 4, "is more than", "or less"),
        ("[budget]\ncalls = nan\n", 4, "a whole number", "calls"),
        ("[budget]\ncalls = 2020-01-01\n", 4, "not a text", "calls"),
        (f"[approval]\ncost_ms = {MAX_MS + 1}\n", 4, "is more than", "or less"),
        (
            "[approval]\nloss_ms = 9\npublish_loss_ms = 8\n",
            5,
            "publish_loss_ms (8) is less than loss_ms (9)",
            "as much or more",
        ),
        (
            f"[approval]\nloss_ms = {PRODUCTION_LOSS_MS + 1}\n",
            4,
            "production_loss_ms (900000) is less",
            "as much or more",
        ),
        ('[verify]\nmax_lock_level = "Comitted"\n', 4, "Comitted", "did you mean Committed?"),
        (
            '[verify]\nmax_lock_level = "Staged"\n[verify.levels]\nCommitted = ["Semantic"]\n',
            6,
            "no run reaches Committed",
            "raise max_lock_level",
        ),
        ('[verify.levels]\nDraft = ["Semantic"]\n', 4, "Draft takes no checks", "remove it"),
        ('[verify.levels]\nStaged = ["Semantc"]\n', 4, "Semantc", "did you mean Semantic?"),
        (
            '[verify.levels]\nStaged = ["Semantic", "Semantic"]\n',
            4,
            "stands here twice",
            "remove one",
        ),
        ("[lens]\nStaged = 1001\n", 4, "1001 is more than 1000", "write 1000 or less"),
        (
            "[lens]\nStaged = 5\nCommitted = 4\n",
            5,
            "Committed takes less (4) than Staged (5)",
            "as much or more",
        ),
        ('[roots]\na = "ro"\nA = "ro"\n', 5, "a root is named by", "as the option that grants it"),
        ('[exec]\nprograms = ["wc", "/bin/sh"]\n', 4, "not '/bin/sh'", "as the option that grants"),
        ('[exec]\nprograms = ["wc", "wc"]\n', 4, "names one of them twice", "remove one"),
        ('[publish]\ntargets = ["repo/a", "repo/a"]\n', 4, "names one of them twice", "remove one"),
        ("[lens\n", 3, "not valid TOML", "compare with the lines"),
        ("a = 1\na = 2\n", 4, "not valid TOML", "compare with the lines"),
        ("a = " + "[" * 5000, 1, "too many levels", "flatten"),
    ],
)
def test_each_mistake_is_told_with_its_line_and_a_fix(text, where, message, fix):
    found = problems(text)
    assert any(
        (problem.line, message in problem.message, fix in problem.fix) == (where, True, True)
        for problem in found
    ), found
    assert render_problems(found, HEAD + text).startswith("team.toml:")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('name = "a"\n', "missing here: schema"),
        ('schema = "workc.policy/1"\n', "missing here: name"),
        ('schema = "workc.policy/2"\nname = "a"\n', "is not one of workc.policy/1"),
        ('schema = "workc.policy/1"\nname = "a b"\n', "does not match"),
        ("schema = 1\nname = 2\n", "must be a text"),
        ("\ufeff", "byte order mark"),
    ],
)
def test_a_file_says_its_form_and_its_name(head, message):
    assert any(message in problem.message for problem in problems("", head))


def test_more_allowed_effects_than_a_plan_holds_are_refused():
    text = "".join(line("Exec", f"exec:{n}") for n in range(CAP + 1))
    (problem,) = problems(text)
    assert f"{CAP + 1} effects remain where at most {CAP}" in problem.message


@pytest.mark.parametrize("data", [b"x = " + b"1" * MAX_BYTES, b"\xff", b"a = 1" + b"0" * 5000])
def test_bytes_that_are_no_policy_are_one_error(data):
    with pytest.raises(InvalidPolicy):
        load_policy(data, "x.toml")


TOML = st.text(alphabet=st.sampled_from("[]=\"ab.,{}\n'# 1-:T_\\"), max_size=60)


@given(st.one_of(st.binary(max_size=80), TOML.map(lambda text: (HEAD + text).encode())))
def test_whatever_a_file_holds_it_is_a_policy_or_one_error(data):
    try:
        shown = load_policy(data, "x.toml").name
    except InvalidPolicy as invalid:
        shown = render_problems(invalid.problems, data.decode("utf-8", "replace"))
    assert shown


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_a_policy_and_fits_the_published_schema(name):
    policy = load_policy(shipped_policy(name), f"{name}.toml")
    assert policy.name == f"workc-{name}"
    assert published_policy_schema()["required"] == ["schema", "name"]


def test_recorded_rules_that_are_none_are_refused():
    with pytest.raises(Exception, match="the recorded rules of the policy are none") as refused:
        recorded_ruling({"effects": 1, "policy": "p"})
    assert refused.value.failure.code == "INVALID_INPUT"
    assert recorded_ruling({"network": {}}) is None
