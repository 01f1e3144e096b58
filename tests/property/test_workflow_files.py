"""Whatever the bytes are, loading gives a workflow or InvalidWorkflow, and references are one pass."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from workc.kernel import jcs
from workc.runtime.workflow.graph import plan_order
from workc.runtime.workflow.loader import load_workflow, read_workflow
from workc.runtime.workflow.model import SkillInfo, WorkflowFile
from workc.runtime.workflow.problems import InvalidWorkflow, render_problems
from workc.runtime.workflow.references import (
    MalformedReference,
    Reference,
    parse_template,
    resolve,
)

KNOWN = {
    "http_call": SkillInfo(
        input_schema={
            "type": "object",
            "properties": {"url": {"type": "string"}, "method": {"enum": ["GET"]}},
            "required": ["url"],
            "additionalProperties": False,
        },
        secret_params=("url",),
    ),
    "json_transform": SkillInfo(input_schema={"type": "object"}),
}
VALID = b"""\
workc: 1
name: digest
inputs: {base: {type: string, default: "x"}, n: {type: array, items: {type: integer}}}
secrets: [TOKEN]
skills: [rank.py]
budget: {ceiling_cents: 50}
timeout_ms: 60000
policy: {network: {allow_private: false, deny_hosts: ["*.a.b"]}}
steps:
  list: {skill: http_call, with: {method: GET, url: "${inputs.base}/${secrets.TOKEN}"}}
  top:
    skill: json_transform
    with: {expression: "body[?score > `10`].title", data: "${steps.list}"}
    depends_on: [list]
    retry: {max_attempts: 3, base_delay_ms: 1}
verify:
  - {id: some, level: Semantic, that: "length(steps.top.result) > `0`"}
output: {titles: "${steps.top.result[0]}", text: "a ${inputs.base}"}
"""
PIECES = st.sampled_from(
    [b"", b"\n", b"  ", b": ", b"- ", b"[", b"]", b"{", b"}", b"'", b'"', b"#", b"&a ", b"*a", b"!!str ",
     b"|\n", b">\n", b"? ", b"---\n", b"...\n", b"%YAML 1.1\n", b"\t", b"\r", b"\x00", b"\xff",
     b"\xc2\x85", b"\xe2\x80\xa8", b"${", b"}", b"`", b"@", b"yes", b"010", b"~", b"null", b"<<: ",
     b"1e999", b'"\\ud800"', b'"\\UFFFFFFFF"', b"9" * 30, b"a: 1\n", b"steps: ", b",", b"/", b"-1",
     b"true", b"\xf0\x9f\x98\x80"]
)  # fmt: skip
EDITS = st.lists(
    st.tuples(st.integers(0, len(VALID)), st.integers(0, 12), PIECES), min_size=1, max_size=4
)


def load(data, name):
    """Returns the workflow or None; anything but InvalidWorkflow escapes and fails the test."""
    try:
        found = load_workflow(read_workflow(data, name), KNOWN)
    except InvalidWorkflow as error:
        return check_problems(error, data)
    assert isinstance(found, WorkflowFile)
    assert len(plan_order(found.steps)) == len(found.steps)
    return found


def check_problems(refused, data):
    places = [(p.line, p.column) for p in refused.problems]
    assert places
    assert places == sorted(places)
    assert all(p.line > 0 and p.column > 0 and p.fix for p in refused.problems)
    jcs.encode(refused.failure.details)
    render_problems(refused.problems, data.decode(errors="replace"))


def edited(edits):
    data = VALID
    for start, length, piece in edits:
        data = data[:start] + piece + data[start + length :]
    return data


def test_the_file_that_is_edited_is_valid():
    assert load(VALID, "f.yaml") is not None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.lists(PIECES, max_size=12).map(b"".join))
@example(b"\x85")
@example(b"? ? ? a")
@example(b"!<tag> a")
@example(b"%TAG ! x\n---\n!a b")
@example(b"- |9999999999\n a")
@example(b"a: |\n  x\n bad")
@example(b'"\\xZZ"')
@example(b"*")
@example(b"[" * 5000)
@example(b"- " * 5000)
def test_any_bytes_give_a_workflow_or_invalid_workflow(data):
    load(data, "f.yaml")
    load(data, "f.json")


@settings(max_examples=250, deadline=None)
@given(EDITS)
def test_a_mutated_file_gives_a_workflow_or_invalid_workflow(edits):
    load(edited(edits), "f.yaml")


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
    | st.sampled_from(["${inputs.a}", "${steps.s}", "${", "a b", "anything", "object", "@"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["workc", "name", "inputs", "steps", "with", "skill", "verify", "id", "that",
                         "policy", "network", "type", "default", "items", "retry", "depends_on",
                         "secrets", "skills", "budget", "allow_hosts", "pattern", "properties"]),
        inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_any_tree_with_the_right_words_gives_a_workflow_or_invalid_workflow(tree):
    try:
        data = jcs.encode({"workc": 1, "steps": tree, **(tree if isinstance(tree, dict) else {})})
    except ValueError:
        return
    load(data, "f.json")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30) | st.lists(st.sampled_from(["$", "{", "}", "${", "$${", "inputs", ".a",
       "[0]", '["', '"]', "steps.x", "secrets.K", "é", "\ud800"]), max_size=10).map("".join))  # fmt: skip
def test_any_text_is_a_template_or_refused_and_templates_give_their_text_back(text):
    try:
        parts = parse_template(text).parts
    except MalformedReference:
        return
    escaped = "".join(p.text if isinstance(p, Reference) else p.replace("${", "$${") for p in parts)
    assert parse_template(escaped).parts == parts


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_a_value_from_outside_is_put_in_as_it_is(outside):
    scope = {"inputs": {"a": outside}, "steps": {}}
    assert resolve("${inputs.a}", scope) == outside
    assert resolve("<${inputs.a}>", scope) == f"<{outside}>"
