"""Every public callable, given wrong values one argument at a time.

What comes is an outcome with a code, or Misuse (a few: Refusal, an error that the docstring names) with
a short sentence; never what some line inside raised, and never a bug of ours.
"""

import asyncio
import os
import shutil

import pytest

import workc
from workc import (
    BudgetTracker,
    HttpCallSkill,
    JsonTransformSkill,
    LLMInvokeSkill,
    Misuse,
    NetworkPolicy,
    Quota,
    Refusal,
    ReplayRecorder,
    ResourceContract,
    Runtime,
    TamperMutator,
    TamperOp,
)
from workc.sim.tamper.operation import TamperError

PURE = """\
workc: 1
name: pure
inputs:
  word: {type: string, default: hi}
steps:
  say: {skill: json_transform, with: {data: ["${inputs.word}"], expression: "[0]"}}
output: "${steps.say}"
"""
PARAMS = {"data": [1], "expression": "[0]"}
CONTRACT = {"contract_id": "a", "principal": "b"}
#: What documented functions raise; no other exception is an answer to a wrong value.
DOCUMENTED = (Misuse, Refusal, FileNotFoundError, FileExistsError, TamperError)
#: No sentence is longer; a message of an outcome may quote what failed, up to a page.
MAX_SENTENCE_CHARS, MAX_MESSAGE_CHARS = 600, 4096


class Hostile:
    """Answers nothing: it has no text, no equal and no hash."""

    __hash__ = None

    def __repr__(self):
        raise RuntimeError("no words")

    def __eq__(self, other):
        raise RuntimeError("no equal")


class BytesPath(os.PathLike):
    def __fspath__(self):
        return b"x"


class OtherText(str):
    __slots__ = ()


def nested():
    cycle = []
    cycle.append(cycle)
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return cycle, deep


def raising(*_anything):
    raise ValueError("of the caller")


WRONG = (
    *(5, -1, 0, 1.5, True, None, 10**5000, float("nan"), float("inf")),
    *("", "x", "a\0b", "\ud800", "a" * 300, "1" * 1_000_000, "no such\nfile", OtherText("x")),
    *(
        b"x",
        b"",
        [],
        [5],
        (),
        ("a", "b"),
        {},
        {5: 6},
        {"x": object()},
        {"a": b"x"},
        {"a": {"b": 5}},
    ),
    *(set(), {1, 2}, range(3), int, raising, object(), Hostile(), BytesPath(), *nested()),
)


@workc.skill(pure=True)
def double(n: int) -> int:
    """Doubles."""
    return n * 2


@workc.workflow
async def main(ctx, n: int = 1):
    """Doubles."""
    return await ctx.call(double, n=n)


def plain(n: int) -> int:
    """Is no skill yet."""
    return n


async def flow(ctx, n: int = 1):
    """Is no workflow yet."""
    return n


def plans(prompt: str) -> object:
    """Is no planner yet."""


def looks(inputs: object) -> bool:
    """Is no gate yet."""
    return inputs == {}


def loaded():
    recorder = ReplayRecorder()
    recorder.load("bundle")
    return recorder


def stubbed(skill, **options):
    runtime = Runtime(budget_cents=1)
    runtime.register_skill(skill.skill.name, skill)
    return runtime.execute(skill.skill.name, options)


SETTINGS = {
    "store": None,
    "allow_external": True,
    "allow_private": False,
    "budget_cents": 1,
    "budget_calls": 1,
    "budget_tokens": 1,
    "budget_wall_ms": 100_000,
    "budget": None,
    "seed": 1,
    "durability": "flush",
    "max_parallel": 4,
    "recorder": None,
    "contract": None,
    "guard": "off",
    "inject": (),
    "settings": None,
}
VERIFY = {
    "expect_digest": None,
    "expect_run_id": None,
    "expect_nonce": None,
    "not_before_ms": None,
    "trust": None,
    "require_signature": False,
    "at_ms": None,
    "recursive": False,
    "children": None,
}
SKILL = {
    "name": "x",
    "version": "1",
    "effects": None,
    "pure": True,
    "timeout_ms": None,
    "idempotent": None,
    "description": "x",
    "secret_params": (),
    "input_schema": None,
    "output_schema": None,
}
WORKFLOW = {
    "name": "x",
    "skills": (),
    "verify": (),
    "timeout_ms": None,
    "secrets": (),
    "gates": None,
}
STUB = {"status": 200, "headers": {}, "body": ""}
FLIP = TamperOp.parse('{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":1}}')
TRACKER = BudgetTracker(5)

#: By the name of what is called: how, and arguments under which nothing is wrong.
CALLS = {
    "Runtime": (lambda **k: Runtime(**k).run("pure.yaml"), SETTINGS),
    "run": (workc.run, {"workflow": "pure.yaml", "inputs": None, "store": None, "out": None}),
    "run()": (workc.run, {"workflow": "pure.yaml", "budget_cents": 1}),
    "Runtime.run": (
        lambda **k: Runtime().run(**k),
        {"workflow": main, "inputs": None, "out": None, "watch": None, "on_driver": None},
    ),
    "Runtime.arun": (
        lambda **k: asyncio.run(Runtime().arun(**k)),
        {"workflow": "pure.yaml", "inputs": None, "out": None},
    ),
    "inputs of a file": (lambda **k: Runtime().run("pure.yaml", k), {"word": "x"}),
    "inputs of a function": (lambda **k: Runtime().run(main, k), {"n": 1}),
    "Runtime.execute": (
        lambda **k: Runtime().execute(**k),
        {"skill": "json_transform", "params": PARAMS, "out": None},
    ),
    "Runtime.aexecute": (
        lambda **k: asyncio.run(Runtime().aexecute(**k)),
        {"skill": double, "params": {"n": 1}, "out": None},
    ),
    "json_transform": (lambda **k: Runtime().execute("json_transform", k), PARAMS),
    "http_call": (
        lambda **k: stubbed(HttpCallSkill(allow_external=False), **k),
        {"url": "http://a.example/", "method": "GET", "headers": {}, "body": None},
    ),
    "llm_invoke": (
        lambda **k: stubbed(LLMInvokeSkill(stub_mode=True), **k),
        {"model": "gpt-5-mini", "prompt": "x", "max_tokens": 5, "api_key_env": "X"},
    ),
    "Runtime.replay": (
        lambda **k: Runtime().replay(**k),
        {"bundle": "bundle", "workflow": None, "code": ".", "out": None},
    ),
    "replay": (
        workc.replay,
        {"bundle": "bundle", "workflow": None, "skills": None, "code": ".", "meter": None},
    ),
    "Runtime.prepare": (
        lambda **k: Runtime().prepare(**k),
        {"workflow": "pure.yaml", "inputs": {}},
    ),
    "Runtime.load": (lambda **k: Runtime().load(**k), {"path": "pure.yaml"}),
    "Runtime.start": (
        lambda **k: Runtime().start(**{"job": Runtime().prepare("pure.yaml", {}), **k}),
        {"out": None, "watch": None, "on_driver": None},
    ),
    "Runtime.start()": (lambda job: Runtime().start(job or 5), {"job": None}),
    "Runtime.describe_skill": (lambda **k: Runtime().describe_skill(**k), {"name": "http_call"}),
    "Runtime.simulate": (
        lambda **k: Runtime().simulate(**k),
        {"plan": "pure.yaml", "inputs": None},
    ),
    "Runtime.simulate()": (
        lambda **k: Runtime().simulate(k),
        {"workc": 1, "name": "x", "steps": {}, "output": 1, "budget": {}},
    ),
    "Runtime.register_skill": (
        lambda **k: Runtime().register_skill(**k),
        {"name": "x", "skill": double},
    ),
    "BudgetTracker": (BudgetTracker, {"ceiling_cents": 5}),
    "BudgetTracker.reserve": (
        lambda **k: BudgetTracker(5).reserve(**k),
        {"cents": 1, "micro_cents": None},
    ),
    "BudgetTracker.commit": (
        lambda **k: TRACKER.commit(**{"grant": TRACKER.reserve(0), **k}),
        {"cents": 0, "micro_cents": None},
    ),
    "BudgetTracker.commit()": (lambda grant: TRACKER.commit(grant, 0), {"grant": None}),
    "BudgetTracker.release": (TRACKER.release, {"grant": None}),
    "BudgetTracker.is_open": (TRACKER.is_open, {"grant": None}),
    "BudgetTracker.share": (TRACKER.share, {"run_id": "x"}),
    "BudgetTracker.forget": (TRACKER.forget, {"run_id": "x"}),
    "Quota": (Quota, {"uses": 1, "per_minute": 1}),
    "ResourceContract": (
        lambda **k: Runtime(contract=ResourceContract(**k)).run("pure.yaml"),
        {
            **CONTRACT,
            "budget_cents": 1,
            "period": "run",
            "allowed_operations": ("json_transform",),
            "quotas": {},
            "policy": None,
            "expires_at": None,
        },
    ),
    "ResourceContract.expired": (
        ResourceContract(**CONTRACT, expires_at="2027-01-01T00:00:00Z").expired,
        {"now_ms": 1},
    ),
    "ResourceContract.not_allowed": (
        ResourceContract(**CONTRACT).not_allowed,
        {"operations": ["a"]},
    ),
    "skill": (workc.skill, {"function": plain}),
    "skill()": (lambda **k: Runtime().execute(workc.skill(**k)(plain), {"n": 1}), SKILL),
    "workflow": (workc.workflow, {"function": flow}),
    "workflow()": (lambda **k: Runtime().run(workc.workflow(**k)(flow)), WORKFLOW),
    "a check": (
        lambda **k: Runtime().run(workc.workflow(verify=[k])(flow)),
        {"id": "x", "that": "`true`", "level": "Semantic"},
    ),
    "gate": (workc.gate, {"function": looks}),
    "gate()": (lambda **k: workc.gate(**k)(looks), {"name": "x", "description": "x"}),
    "planner": (workc.planner, {"function": plans}),
    "planner()": (lambda **k: workc.planner(**k)(plans), {"name": "x", "description": "x"}),
    "signals": (lambda **k: workc.workflow(signals=k)(flow), {"x": "inputs"}),
    "a strategy": (
        lambda **k: workc.workflow(strategies=[k])(flow),
        {"id": "x", "when": "`1`", "version": "1", "threshold": 0, "weight": 1, "parameters": {}},
    ),
    "gates": (lambda **k: workc.workflow(gates=k)(flow), {"pre": [], "post": ()}),
    "a gate": (
        lambda **k: Runtime().run(workc.workflow(gates={"post": [k]})(flow)),
        {"id": "x", "check": "inputs == inputs"},
    ),
    "a gate by a function": (
        lambda **k: Runtime().run(workc.workflow(gates={"pre": [k]})(flow)),
        {"id": "x", "function": workc.gate(looks)},
    ),
    "a gate by a rule": (
        lambda **k: Runtime().run(workc.workflow(gates={"pre": [k]})(flow)),
        {"id": "x", "policy": "unrehearsed"},
    ),
    "verify_bundle": (workc.verify_bundle, {"bundle": "bundle", **VERIFY}),
    "verify_bundle()": (
        lambda **k: workc.verify_bundle("bundle", recursive=True, **k),
        {"children": ["."]},
    ),
    "ReplayRecorder": (ReplayRecorder, {"path": None}),
    "ReplayRecorder.load": (lambda **k: ReplayRecorder().load(**k), {"bundle": "bundle"}),
    "ReplayRecorder.save": (lambda **k: loaded().save(**k), {"path": "saved"}),
    "ReplayRecorder.keep": (lambda seal: loaded().keep(seal), {"seal": dict}),
    "ReplayRecorder.replay": (
        lambda **k: loaded().replay(**k),
        {"workflow": None, "skills": None, "code": "."},
    ),
    "HttpCallSkill": (HttpCallSkill, {"allow_external": False, "responses": None}),
    "a stub of HTTP": (
        lambda **k: HttpCallSkill(allow_external=False, responses={"http://a/": k}),
        STUB,
    ),
    "LLMInvokeSkill": (LLMInvokeSkill, {"stub_mode": True, "responses": None}),
    "a stub of a model": (
        lambda **k: LLMInvokeSkill(stub_mode=True, responses={"a": k}),
        {"text": "x", "tokens": 5},
    ),
    "JsonTransformSkill": (JsonTransformSkill, {}),
    "NetworkPolicy": (
        NetworkPolicy,
        {
            "allow_public": True,
            "allow_loopback": True,
            "allow_private": False,
            "allow_hosts": (),
            "deny_hosts": (),
            "offline": False,
        },
    ),
    "TamperMutator.apply": (
        lambda **k: TamperMutator.apply(**k),
        {"bundle_dir": "copy", "op": FLIP},
    ),
    "failures": (workc.failures, {"category": None, "retryable": None}),
    "failures()": (lambda code: workc.failures(code), {"code": "TIMEOUT"}),
}
#: What is given to callers and never made by them, or only says something.
GIVEN = {
    *("Context", "Failure", "Finding", "Misuse", "Refusal", "Skill", "SkillMetadata", "StepFailed"),
    *("StructuredOutcome", "TamperOp", "Verdict", "WorkflowContext"),
    *("HTTP_STUB_RESPONSES", "LLM_STUB_RESPONSES"),
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("door")
    (folder / "pure.yaml").write_text(PURE)
    assert workc.run(folder / "pure.yaml", out=folder / "bundle").ok
    return folder


@pytest.fixture
def here(bundle, tmp_path, monkeypatch):
    shutil.copytree(bundle, tmp_path / "door")
    shutil.copytree(bundle / "bundle", tmp_path / "door" / "copy")
    monkeypatch.chdir(tmp_path / "door")


def test_no_public_name_is_left_out():
    tried = {name.partition(".")[0].removesuffix("()") for name in CALLS}
    assert set(workc.__all__) - tried == GIVEN


def answer_of(call, arguments):
    """Returns what is wrong with how a call was answered, or None."""
    try:
        found = call(**arguments)
    except DOCUMENTED as error:
        is_short = isinstance(error, FileNotFoundError) or len(str(error)) <= MAX_SENTENCE_CHARS
        return None if is_short else f"{type(error).__name__} of {len(str(error))} characters"
    except OSError as error:
        # A trust file that cannot be read; others stand above.
        return None if arguments.get("trust") is not None else f"OSError: {error.strerror}"
    except Exception as error:  # noqa: BLE001 - whatever else comes is the defect
        return f"{type(error).__name__}: {str(error)[:100]}"
    code, message = getattr(found, "code", "OK"), str(getattr(found, "message", ""))
    if isinstance(found, workc.StructuredOutcome):
        found.to_json()
    # A check that did not hold is quoted as it is.
    that = arguments.get("that")
    quoted = len(that) if isinstance(that, str) else 0
    too_much = code == "INTERNAL_ERROR" or len(message) - quoted > MAX_MESSAGE_CHARS
    return f"{code}: {message[:100]}" if too_much else None


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_value_is_answered_with_a_sentence(here, name):
    call, right = CALLS[name]
    wrong = {
        (argument, index): found
        for argument in right
        for index, value in enumerate(WRONG)
        if (found := answer_of(call, {**right, argument: value})) is not None
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"budget_cents": "5"}, "budget_cents is a whole number from 0 to .*, not '5'"),
        ({"budget_cents": True}, "budget_cents is a whole number from 0 to .*, not True"),
        ({"budget_cents": 1.5}, "budget_cents is a whole number from 0 to .*, not 1.5"),
        ({"budget_cents": -1}, "budget_cents is a whole number from 0 to .*, not -1"),
        ({"contract": {}}, "contract is a workc.ResourceContract, not a dict"),
        ({"recorder": 5}, "recorder is a workc.ReplayRecorder, not an int"),
        ({"store": 5}, "store is a path, not an int"),
        ({"store": ""}, "store cannot be '': the name is empty"),
        ({"settings": {"a": 1}}, "settings is Settings, not a dict"),
        ({"inject": "a:1:TIMEOUT"}, "inject is a list of texts, not a str"),
    ],
)
def test_a_setting_that_is_none_is_named_as_the_caller_named_it(options, said):
    with pytest.raises(Misuse, match=said):
        Runtime(**options)


@pytest.mark.parametrize("out", ["", "x\0y", "a" * 300, "\ud800"])
def test_a_bundle_cannot_go_where_no_folder_can_be(here, out):
    outcome = workc.run("pure.yaml", out=out)
    assert outcome.code == "INVALID_INPUT"
    assert "no bundle can go to" in outcome.message


@pytest.mark.parametrize("out", [5, b"x"])
def test_a_place_that_is_no_path_is_misuse(here, out):
    with pytest.raises(Misuse, match="out is a path, not a"):
        workc.run("pure.yaml", out=out)


def test_what_a_watch_raises_is_the_callers_mistake(here):
    with pytest.raises(Misuse, match="watch raised ValueError") as caught:
        Runtime().run("pure.yaml", watch=raising)
    assert str(caught.value.__cause__) == "of the caller"


@pytest.mark.parametrize("name", ["a b", "", "é", "1a", "a\n", "a" * 129, 5, None])
def test_a_skill_is_registered_under_a_name_that_a_skill_can_have(name):
    with pytest.raises(Misuse, match=r"a skill cannot be called .*: names match"):
        Runtime().register_skill(name, double)
    with pytest.raises(Misuse, match=r"a skill cannot be called .*: names match"):
        workc.skill(name="" if name is None else name)(plain)


def test_a_store_that_is_a_file_is_named(here):
    outcome = Runtime(store="pure.yaml").run("pure.yaml")
    assert outcome.code == "STORE_UNAVAILABLE"
    assert "pure.yaml/runs/" in outcome.message
