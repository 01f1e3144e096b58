"""Every rule of docs/spec/bundle-0.2.md is needed: bundles that break it, with its code and step.

The bundles stand in ``attacks``, by section of the page. The second verifier must refuse them too.
"""

import json
import os
from collections import Counter, defaultdict
from functools import cache

import pytest
from attacks import ATTACKS, OPERATORS
from attacks.policy import OPEN, put_policy
from bundles import bundle
from reseal import build, canonical, reseal, second, sha256

import workc
from workc.verify.reader import MemoryReader, ReadError
from workc.verify.v02.rules import RULES
from workc.verify.verifier import verify

#: What is no bundle at all is refused before there is anything to examine.
BEFORE = {"2.09"}


def pairs(verdict):
    return [(finding.code, finding.step) for finding in verdict.failures]


def parametrized(attacks):
    return pytest.mark.parametrize("attack", [pytest.param(a, id=a.name) for a in attacks])


@parametrized(ATTACKS)
def test_an_attack_is_noticed_with_its_code_in_its_step(attack):
    verdict = attack.verdict()
    assert verdict.verdict == "FAIL"
    assert verdict.proof_digest is None
    assert (attack.code, attack.step) in pairs(verdict)


@parametrized([attack for attack in ATTACKS if attack.lies_in_the_bytes])
def test_the_second_verifier_refuses_what_is_bad_in_itself(attack):
    assert second.verify(dict(attack.files()))


@parametrized([attack for attack in ATTACKS if attack.alone])
def test_a_fully_resealed_attack_is_caught_by_the_rule_alone(attack):
    assert set(pairs(attack.verdict())) == {(attack.code, attack.step)}


def notices(attack, rule):
    """Returns whether the answer to an attack is another one without the rule.

    It is if the bundle passes, if nothing is found any more, or if another code or step stands
    first.
    """
    found, left = pairs(attack.verdict()), pairs(attack.verdict(without=frozenset({rule})))
    return left[:1] != found[:1]


@cache
def witnesses():
    """Returns the operators, by number of rule, of which an attack notices that it is gone."""
    found = defaultdict(set)
    for attack in ATTACKS:
        for rule in {finding.rule for finding in attack.verdict().failures}:
            if notices(attack, rule):
                found[rule].add(attack.operator)
    return found


@pytest.mark.parametrize("number", [rule.number for rule in RULES if rule.number not in BEFORE])
def test_two_attacks_of_different_kinds_notice_that_a_rule_is_gone(number):
    assert len(witnesses()[number]) >= 2


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(os.devnull)])
def test_what_is_no_bundle_at_all_is_refused_by_a_rule_of_its_own(tmp_path, make):
    make(tmp_path / "x")
    (finding,) = workc.verify_bundle(tmp_path / "x").failures
    assert finding.rule in BEFORE


def test_attacks_have_names_of_their_own_and_known_operators():
    assert [name for name, count in Counter(a.name for a in ATTACKS).items() if count > 1] == []
    assert {attack.operator for attack in ATTACKS} == set(OPERATORS)


def test_what_was_sealed_wholly_anew_is_not_provable_without_a_digest():
    """The plan, the lane and all that follows are gone: the bundle is good, its digest another."""

    def forget_the_second_step(d):
        d.events = [event for event in d.events if event["at"][1:2] != [1]]
        d.payload("PlanChosen")["steps"] = 1
        plan = d.payload("PlanChosen")["plan"]
        plan["inline"] = canonical(json.loads(plan["inline"])[:1]).decode()

    forged = reseal(bundle("success"), forget_the_second_step, project=True)
    verdict = verify(MemoryReader(forged))
    assert verdict.ok
    assert verdict.proof_digest != json.loads(bundle("success")["receipt.json"])["proof_digest"]
    assert any(line.startswith("origin:") for line in verdict.not_checked)


def test_a_policy_loosened_under_a_name_of_its_own_is_not_provable_without_a_digest():
    def loosen(d):
        put_policy(d, {"network": OPEN}, None)

    forged = reseal(bundle("success"), loosen, project=True)
    verdict = verify(MemoryReader(forged))
    assert verdict.ok
    assert not second.verify(dict(forged))
    assert verdict.proof_digest != json.loads(bundle("success")["receipt.json"])["proof_digest"]


def test_a_request_in_a_file_passes_as_one_in_the_event_does():
    def move(d):
        request = d.payload("EffectAsked")["request"]
        data = request["inline"].encode()
        d.files["evidence/request.json"] = data
        d.payload("EffectAsked")["request"] = {
            "form": "json",
            "path": "evidence/request.json",
            "sha256": sha256(data),
            "size": len(data),
        }

    assert verify(MemoryReader(reseal(bundle("success"), move))).ok


def test_the_steps_of_a_plan_in_a_file_are_counted_and_not_compared():
    def move(d):
        data = b"[]"
        d.files["evidence/plan.json"] = data
        d.payload("PlanChosen")["plan"] = {
            "form": "json",
            "path": "evidence/plan.json",
            "sha256": sha256(data),
            "size": len(data),
        }

    files = reseal(bundle("success"), move, project=True)
    assert verify(MemoryReader(files)).ok
    assert not second.verify(dict(files))


def test_a_step_of_a_function_that_was_skipped_is_one_of_its_steps():
    def skip(d):
        event = d.event("SkillExecuted")
        step = event["payload"]["step"]
        assert step.endswith("-6.0")
        del event["at_ms"]
        event["kind"] = "StepSkipped"
        event["payload"] = {"because": [], "code": "X", "step": step}

    files = reseal(bundle("function"), skip, project=True)
    assert verify(MemoryReader(files)).ok
    assert not second.verify(dict(files))


BOUNDS = [
    {"run_id": "a" * 64},
    {"run_id": "."},
    {"name": "a" * 256},
    {"name": "\U0001f600"},
    {"seed": "0"},
    {"seed": str(2**64 - 1)},
]


@pytest.mark.parametrize("fields", BOUNDS, ids=str)
def test_words_of_a_start_at_their_bounds_pass(fields):
    def edit(d):
        d.payload("RunStarted").update(fields)
        d.manifest["run_id"] = d.payload("RunStarted")["run_id"]

    files = reseal(bundle("success"), edit, project=True)
    assert verify(MemoryReader(files)).ok
    assert not second.verify(dict(files))


@pytest.mark.parametrize("fields", [{"status": 100}, {"status": 999}, {"boundaries": [0, 0, 17]}])
def test_words_of_an_answer_at_their_bounds_pass(fields):
    def edit(d):
        response = d.payload("EffectAnswered")["response"]
        assert len(response["body"]["inline"]) == 17
        response.update(fields)

    files = reseal(bundle("success"), edit)
    assert verify(MemoryReader(files)).ok
    assert not second.verify(dict(files))


def test_a_redaction_of_the_right_lengths_passes():
    def redact(d):
        record = {"commitment": "0" * 64, "count": 1, "salt": "0" * 32, "secret": "K"}
        d.payload("EffectAnswered")["response"]["redactions"] = [record, record]

    assert verify(MemoryReader(reseal(bundle("success"), redact))).ok


def test_rules_in_the_event_pass_as_those_in_a_file_do():
    def move(d):
        policy = d.payload("RunStarted")["policy"]
        data = d.files.pop(policy["rules"]["path"])
        policy["rules"] = {"form": "json", "inline": data.decode()}

    files = reseal(bundle("success"), move, project=True)
    assert verify(MemoryReader(files)).ok
    assert not second.verify(dict(files))


class Vanishing(MemoryReader):
    """Gives each file of a request once."""

    def __init__(self, files):
        super().__init__(files)
        self.given = set()

    def chunks(self, path, size):
        if path in self.given and path == "evidence/request.json":
            raise ReadError("it is gone")
        self.given.add(path)
        return super().chunks(path, size)


def _request_in_a_file(d):
    request = d.payload("EffectAsked")["request"]
    data = request["inline"].encode()
    d.files["evidence/request.json"] = data
    d.payload("EffectAsked")["request"] = {
        "form": "json",
        "path": "evidence/request.json",
        "sha256": sha256(data),
        "size": len(data),
    }


def test_a_request_that_cannot_be_read_again_leaves_the_bundle_undecided():
    verdict = verify(Vanishing(reseal(bundle("success"), _request_in_a_file)))
    assert verdict.codes() == ("FILE_UNREADABLE",)


class Replacing(Vanishing):
    """Gives another request the second time, of the digest that the event says."""

    def chunks(self, path, size):
        again = path in self.given and path == "evidence/request.json"
        self.given.add(path)
        return iter([b"{}"]) if again else MemoryReader.chunks(self, path, size)


def test_a_request_that_is_another_when_it_is_read_again_does_not_pass():
    def edit(d):
        _request_in_a_file(d)
        digest = build.tagged("workc request/0.2", b"{}")
        d.payload("EffectAsked")["digest"] = d.payload("EffectAnswered")["request"] = digest

    files = reseal(bundle("success"), edit)
    assert verify(MemoryReader(files)).codes() == ("FSM_ILLEGAL_TRANSITION",)
    assert verify(Replacing(files)).codes() == ("HASH_MISMATCH",)


def test_a_request_in_a_file_that_is_not_there_is_a_missing_file():
    files = reseal(bundle("success"), _request_in_a_file)
    del files["evidence/request.json"]
    assert verify(MemoryReader(files)).codes() == ("MANIFEST_MISSING_FILE",)


def test_resealing_without_an_edit_gives_the_same_bytes():
    for name in ("success", "retried", "function", "paid", "partial"):
        assert reseal(bundle(name), lambda draft: None, project=True) == bundle(name)
        assert sha256(bundle(name)["manifest.json"])
