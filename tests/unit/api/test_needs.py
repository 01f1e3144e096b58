"""What a workflow needs to be granted: read from it before it runs, as options to copy."""

import json

import pytest

from workc import Runtime
from workc.api.audit import audit
from workc.api.settings import Settings
from workc.runtime.policy.loader import load_policy

PEN = {"skill": "json_transform", "with": {"data": 1, "expression": "@"}}


def audited(tmp_path, steps, inputs=None, policy=None, **more):
    """Returns the audit of a workflow of these steps."""
    flow = {"workc": 1, "name": "flow", "steps": steps, **more}
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    runtime = Runtime(settings=Settings(environment={}), policy=policy)
    return audit(runtime.load(tmp_path / "flow.json"), inputs or {}, runtime.settings)


@pytest.mark.parametrize(
    ("skill", "params", "options", "hosts"),
    [
        ("read_file", {"path": "docs/a/b.txt"}, ["--root docs=FOLDER:ro"], []),
        ("write_file", {"path": "out/a.txt", "text": "x"}, ["--root out=FOLDER"], []),
        ("exec", {"argv": ["wc", "-l"], "cwd": "repo"}, ["--root repo=FOLDER:ro", "--allow-program wc"], []),
        ("publish", {"to": "a/x", "files": [{"name": "n", "path": "b/y"}]}, ["--root a=FOLDER", "--root b=FOLDER:ro", "--allow-publish a/x"], []),
        ("publish", {"to": "http://h/x", "files": [{"name": "n", "text": "t"}]}, ["--allow-publish http://h/x"], []),
        ("http_call", {"url": "https://u@api.example.com:8443/x?y"}, [], ["api.example.com:8443"]),
        ("llm_invoke", {"model": "gpt-4o-mini", "prompt": "x", "max_tokens": 1}, [], ["api.openai.com"]),
        ("llm_invoke", {"model": "m", "provider": "anthropic", "prompt": "x", "max_tokens": 1}, [], ["api.anthropic.com"]),
        ("llm_invoke", {"model": "m", "base_url": "http://h:1/v1", "prompt": "x", "max_tokens": 1}, [], ["h:1"]),
        ("json_transform", {"data": "docs/a", "expression": "@"}, [], []),
    ],
)  # fmt: skip
def test_a_step_needs_what_its_parameters_name(tmp_path, skill, params, options, hosts):
    needs = audited(tmp_path, {"s": {"skill": skill, "with": params}}).needs
    assert (list(needs.options), list(needs.hosts), needs.unknown) == (options, hosts, ())


def test_of_two_that_use_a_root_the_one_that_writes_counts(tmp_path):
    read = {"skill": "read_file", "with": {"path": "r/a"}}
    write = {"skill": "write_file", "with": {"path": "r/b", "text": ""}}
    assert audited(tmp_path, {"a": write, "b": read}).needs.options == ("--root r=FOLDER",)


def test_what_an_input_gives_is_known_if_it_is_given_and_else_depends(tmp_path):
    steps = {"s": {"skill": "exec", "with": {"argv": ["${inputs.tool}"]}}}
    inputs = {"tool": {"type": "string"}}
    flow = {"workc": 1, "name": "flow", "inputs": inputs, "steps": steps}
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    runtime = Runtime(settings=Settings(environment={}))
    found = runtime.load(tmp_path / "flow.json")
    assert audit(found, {}, runtime.settings).needs.unknown == ("s",)
    needs = audit(found, {"tool": "wc"}, runtime.settings).needs
    assert (needs.options, needs.unknown) == (("--allow-program wc",), ())


def test_gates_and_checks_need_their_programs_and_are_listed_in_order(tmp_path):
    steps = {
        "s": {
            **PEN,
            "approval": {"question": "may I?"},
            "gates": {
                "pre": [{"id": "p", "check": "`true`"}],
                "post": [{"id": "q", "command": ["wc"]}],
            },
        }
    }
    found = audited(
        tmp_path,
        steps,
        gates={"pre": [{"id": "r", "command": ["git", "diff"], "cwd": "repo"}]},
        verify=[{"id": "t", "command": ["make"]}, {"id": "u", "that": "`true`"}],
    )
    assert found.needs.options == (
        "--root repo=FOLDER:ro", "--allow-program git", "--allow-program make", "--allow-program wc",
    )  # fmt: skip
    assert [(gate.gate, gate.kind, gate.when, gate.step) for gate in found.gates] == [
        ("r", "command", "pre_run", None),
        ("p", "check", "pre_step", "s"),
        ("approval", "human", "pre_step", "s"),
        ("q", "command", "post_step", "s"),
        ("t", "command", "post_run", None),
    ]


def test_what_the_policy_lets_no_run_be_granted_is_a_problem(tmp_path):
    text = b'schema = "workc.policy/1"\nname = "p"\n[exec]\nprograms = ["wc"]\n'
    steps = {"s": {"skill": "exec", "with": {"argv": ["git"]}}}
    found = audited(tmp_path, steps, policy=load_policy(text, "p.toml"))
    [problem] = [remark for remark in found.remarks if remark.level == "problem"]
    assert (problem.code, found.ok) == ("POLICY_VIOLATION", False)
    assert "--allow-program git" in problem.message
    steps["s"]["with"]["argv"] = ["wc"]
    assert audited(tmp_path, steps, policy=load_policy(text, "p.toml")).ok


def test_a_lens_needs_what_its_items_are_read_from(tmp_path):
    items = {
        "one": {"file": "docs/a.txt"},
        "many": {"files": "src/**/*.py"},
        "proof": {"bundle": "kept/run"},
        "page": {"url": "https://example.org/a"},
        "note": {"text": "no/root"},
        "place": {"environment": "LANG"},
        "earlier": {"run": "last"},
    }
    needs = audited(tmp_path, {"s": PEN}, lens={"items": items}).needs
    assert needs.options == (
        "--root docs=FOLDER:ro",
        "--root kept=FOLDER:ro",
        "--root src=FOLDER:ro",
    )
    assert (needs.hosts, needs.unknown) == (("example.org",), ())
