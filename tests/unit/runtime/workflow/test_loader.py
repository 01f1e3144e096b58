"""Checks: every problem is found before anything runs, all at once, with place and fix."""

from __future__ import annotations

import re

import pytest

from workc.kernel import jcs
from workc.kernel.catalog import CATALOG
from workc.kernel.payloads import Limits
from workc.runtime.workflow.check_steps import MAX_STEPS
from workc.runtime.workflow.document import parse_document
from workc.runtime.workflow.loader import (
    check,
    declared_skills,
    find_problems,
    load_workflow,
    read_workflow,
)
from workc.runtime.workflow.model import CheckSpec, RetrySpec, SkillInfo
from workc.runtime.workflow.problems import MAX_PROBLEMS, InvalidWorkflow, Report
from workc.stages.network import NetworkPolicy

HEAD = "workc: 1\nname: n\n"
GOOD = """\
workc: 1
name: digest
description: what it is for
inputs:
  base: {type: string, pattern: "^http"}
  count: {type: integer, default: 3, minimum: 1}
secrets: [TOKEN]
skills: [rank.py, lib/more.py, some.module]
budget: {ceiling_cents: 0}
timeout_ms: 0
policy: {network: {allow_private: true, allow_hosts: [a.example], deny_hosts: ["*.b.example"]}}
steps:
  last: {skill: anything, with: {x: "${steps.top}", y: ["${steps.list.a} ${steps.top}"]}, depends_on: [list]}
  list:
    skill: http_call
    with: {method: GET, url: "${inputs.base}/items", headers: {a: "Bearer ${secrets.TOKEN}"}}
    retry: {max_attempts: 3, base_delay_ms: 0, max_delay_ms: 9, multiplier_permille: 2000, jitter_permille: 0}
    timeout_ms: 0
    description: fetch
  top: {skill: json_transform, with: {expression: "body[?a > `1`]", data: "${steps.list}"}}
verify:
  - {id: some, that: "length(steps.top.result) > `0` && output.a"}
  - {id: more, level: Acceptance, that: inputs.count}
output: {a: "${steps.top.result}", b: ["${inputs.base}"]}
"""


def problems(text, known, name="f.yaml"):
    data = text if isinstance(text, bytes) else text.encode()
    return find_problems(data, name, known)


def only(text, known):
    found = problems(text, known)
    assert len(found) == 1, found
    return found[0]


def step(body):
    return f"{HEAD}steps:\n  a: {{skill: anything}}\n  b: {body}\n"


def test_a_good_file_becomes_a_workflow(known):
    flow = load_workflow(read_workflow(GOOD.encode(), "f.yaml"), known)
    assert (flow.name, flow.description) == ("digest", "what it is for")
    assert [(i.name, i.type, i.has_default, i.default) for i in flow.inputs] == [
        ("base", "string", False, None),
        ("count", "integer", True, 3),
    ]
    assert flow.inputs[1].schema == {"type": "integer", "minimum": 1}
    assert flow.secrets == ("TOKEN",)
    assert flow.skills == ("rank.py", "lib/more.py", "some.module")
    assert flow.policy == NetworkPolicy(
        allow_private=True, allow_hosts=("a.example",), deny_hosts=("*.b.example",)
    )
    assert [(s.id, s.skill, s.line) for s in flow.steps] == [
        ("last", "anything", 13),
        ("list", "http_call", 14),
        ("top", "json_transform", 20),
    ]
    assert [s.needs for s in flow.steps] == [("list", "top"), (), ("list",)]
    assert [s.depends_on for s in flow.steps] == [("list",), (), ()]
    assert flow.steps[1].retry == RetrySpec(
        max_attempts=3, base_delay_ms=0, max_delay_ms=9, multiplier_permille=2000, jitter_permille=0
    )
    assert flow.steps[0].retry == RetrySpec()
    assert flow.steps[1].description == "fetch"
    assert flow.verify[1] == CheckSpec(id="more", level="Acceptance", that="inputs.count")
    assert flow.verify[0].level == "Semantic"
    assert flow.output == {"a": "${steps.top.result}", "b": ["${inputs.base}"]}


def test_the_limits_of_a_budget_are_read_and_a_step_has_a_ceiling_of_its_own(known):
    text = "budget: {calls: 0, tokens: 9, wall_ms: 30000}\n" + step(
        "{skill: anything, budget: {ceiling_cents: 2}}"
    ).removeprefix(HEAD)
    flow = load_workflow(read_workflow((HEAD + text).encode(), "f.yaml"), known)
    assert flow.limits == Limits(calls=0, tokens=9, wall_ms=30_000)
    assert (flow.budget_ceiling_cents, flow.steps[1].budget_ceiling_cents) == (None, 2)


def test_zero_means_zero_and_absent_means_none(known):
    """Pitfall 9, the part of the file."""
    flow = load_workflow(read_workflow(GOOD.encode(), "f.yaml"), known)
    assert (flow.budget_ceiling_cents, flow.timeout_ms, flow.steps[1].timeout_ms) == (0, 0, 0)
    flow = load_workflow(read_workflow(step("{skill: anything}").encode(), "f.yaml"), known)
    assert (flow.budget_ceiling_cents, flow.timeout_ms, flow.steps[1].timeout_ms) == (None,) * 3
    assert flow.limits == Limits()
    assert (flow.policy, flow.output, flow.verify, flow.inputs) == (None, None, (), ())


def test_the_same_file_as_json_is_the_same_workflow(known):
    report = Report("f.yaml")
    value = parse_document(GOOD.encode(), "f.yaml", report).value
    text = jcs.encode(value).decode()
    assert text.index('"last"') < text.index('"list"') < text.index('"top"')
    as_json = load_workflow(read_workflow(text.encode(), "f.json"), known)
    as_yaml = load_workflow(read_workflow(GOOD.encode(), "f.yaml"), known)
    assert [s.params for s in as_json.steps] == [s.params for s in as_yaml.steps]
    assert as_json.verify == as_yaml.verify
    assert {s.line for s in as_json.steps} == {1}


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (11, "a -> b -> c -> d -> e -> f -> g -> h -> i -> j -> k -> a"),
        (12, "a -> b -> c -> d -> e -> f -> ... -> i -> j -> k -> l -> a"),
    ],
)
def test_of_a_long_cycle_the_middle_is_left_out(known, count, told):
    names = [chr(97 + n) for n in range(count)]
    waiting = zip(names, [*names[1:], names[0]], strict=True)
    text = "".join(
        f"  {name}: {{skill: anything, depends_on: [{after}]}}\n" for name, after in waiting
    )
    (found,) = problems(f"{HEAD}steps:\n{text}output: 1\n", known)
    assert found.message == f"these steps wait for each other: {told}"


def test_pitfall_8_unresolved_references_unknown_steps_and_cycles_are_refused_at_load(known):
    text = f"""\
{HEAD}inputs: {{base: {{type: string}}}}
steps:
  a: {{skill: anything, with: {{x: {{deep: ["${{inputs.bse}}", "see ${{steps.bb.x}}"]}}}}}}
  b: {{skill: anything, with: {{x: "${{steps.c}}"}}}}
  c: {{skill: anything, depends_on: [d]}}
  d: {{skill: anything, with: {{x: "${{steps.b}}"}}, depends_on: [cc, d]}}
  e: {{skill: anything, with: {{x: "${{steps.e.x}}"}}}}
output: ["${{steps.f}}", {{k: "${{nope.x}}"}}, "${{secrets.KEY}}"]
"""
    found = [(p.line, p.code, p.message) for p in problems(text, known)]
    assert found == [
        (5, "UNRESOLVED_REFERENCE", '${inputs.bse}: there is no input "bse"'),
        (5, "UNRESOLVED_REFERENCE", '${steps.bb.x}: there is no step "bb"'),
        (6, "INVALID_WORKFLOW", "these steps wait for each other: b -> c -> d -> b"),
        (8, "UNRESOLVED_REFERENCE", 'there is no step "cc"'),
        (8, "INVALID_WORKFLOW", 'the step "d" waits for itself'),
        (9, "INVALID_WORKFLOW", 'the step "e" waits for itself'),
        (10, "UNRESOLVED_REFERENCE", '${steps.f}: there is no step "f"'),
        (
            10,
            "UNRESOLVED_REFERENCE",
            'malformed reference "${nope.x}": it starts with one of inputs, steps, secrets, feedback, lens, planning, strategy',
        ),
        (10, "UNRESOLVED_REFERENCE", '${secrets.KEY}: there is no secret "KEY"'),
    ]
    assert problems(text, known)[0].fix == "did you mean base?"


@pytest.mark.parametrize(
    ("old", "new", "message", "fix"),
    [
        ("name: digest", "nmae: digest", 'there is no key "nmae" here', "did you mean name?"),
        ("type: integer", "type: int", '"int" is not one of', "did you mean integer?"),
        ("minimum: 1", "minimun: 1", 'there is no key "minimun" here', "did you mean minimum?"),
        ("policy:", "polcy:", 'there is no key "polcy" here', "did you mean policy?"),
        ("allow_private:", "allow_privat:", "there is no key", "did you mean allow_private?"),
        ("network:", "netwrk:", "there is no key", "did you mean network?"),
        ("deny_hosts: [", "deny_hosts: [a/b, ", "does not match", "A name, an address"),
        ('"*.b.example"', '"*.1.2.3.4"', "cannot be *. and an address", "host name"),
        ("level: Acceptance", "level: Aceptance", "is not one of", "did you mean Acceptance?"),
        ("budget: {ceiling_cents", "budget: {celing_cents", "there is no key", "ceiling_cents?"),
        ("skill: http_call", "skill: http_cal", "there is no skill", "did you mean http_call?"),
        ("url:", "ulr:", 'there is no parameter "ulr"', "did you mean url?"),
        ("method: GET", "method: GTE", "expected one of", "compare with"),
        ("method: GET", "method: 1", "expected string", "compare with"),
        ("max_attempts: 3", "max_atempts: 3", "there is no key", "did you mean max_attempts?"),
        ("max_attempts: 3", "max_attempts: 0", "0 is less than 1", "write 1 or more"),
        ("jitter_permille: 0", "jitter_permille: 1001", "more than 1000", "1000 or less"),
        ("base_delay_ms: 0", "base_delay_ms: 10", "is more than max_delay_ms", "mend"),
        ("max_delay_ms: 9", "max_delay_ms: 9.5", "must be a whole number, not one with a fraction", "wait"),
        ("ceiling_cents: 0", "ceiling_cents: -1", "-1 is less than 0", "write 0 or more"),
        ("ceiling_cents: 0", "ceiling_cents: true", "must be a whole number", "cents"),
        ("ceiling_cents: 0", "ceiling_cents: '5'", "must be a whole number, not a text", "cents"),
        ("ceiling_cents: 0", "calls: -1", "-1 is less than 0", "write 0 or more"),
        ("ceiling_cents: 0", "tokens: 1.5", "must be a whole number", "tokens"),
        ("ceiling_cents: 0", "wall: 30s", 'there is no key "wall" here', "did you mean wall_ms?"),
        ("ceiling_cents: 0", "ceiling_cents: 9007199255", "more than 9007199254", "or less"),
        ("workc: 1", "workc: 2", "this must be 1", "write workc: 1"),
        ("workc: 1", "workc: true", "this must be 1", "write workc: 1"),
        ("secrets: [TOKEN]", "secrets: [TOKEN, TOKEN]", "stands here twice", "remove one"),
        ("secrets: [TOKEN]", "secrets: [TOKEN, a-b]", "does not match", "environment variable"),
        ("rank.py,", "/rank.py,", "does not match", "relative to this one"),
        ("rank.py,", '"a.b\\n",', "does not match", "relative to this one"),
        ("default: 3", "default: x", "the default does not fit: expected integer", "default"),
        ("default: 3", "default: 0", "the default does not fit: expected at least 1", "default"),
        ("minimum: 1", "minLength: -1", "less than 0", "0 or more"),
        ('"^http"', '"(("', "expected a regular expression", "schema"),
        ("default: 3", "default: {a: [1]}", "expected integer, got object", "default"),
        (
            "{type: integer, default: 3, minimum: 1}",
            "{type: array, items: {type: integer}, default: [1, x]}",
            "the default does not fit: expected integer",
            "default",
        ),
        ("for\n", "for " + "x" * 10_000 + "\n", "has more than 10000 characters", "shorten"),
        ("minimum: 1", "enum: []", "this list is empty", "only values"),
        ("id: more", "id: some", "there is already a check", "rename one"),
        ("id: more", "id: a b", "does not match", "name of the check"),
        ("that: inputs.count", "that: ''", "this text is empty", "JMESPath"),
        ("that: inputs.count", "that: inputs.cuont", "there is no input", "did you mean count?"),
        ("that: inputs.count", "that: input.count", "nothing called", "did you mean inputs?"),
        ("that: inputs.count", "that: 'steps.topp[0].x'", "there is no step", "did you mean top?"),
        ("that: inputs.count", "that: lenght(output)", "no function lenght()", "jmespath.org"),
        ("that: inputs.count", 'that: "${steps.top}"', "invalid expression", "without ${ }"),
        ("body[?a > `1`]", "body[?a > ", "invalid expression", "jmespath.org"),
        ("x: ", '"${steps.top}": ', "not read for references", "in a value"),
        ("headers: {a:", "headers: {'${inputs.base}':", "not read for references", "in a value"),
        ("skill: anything", "skill: ''", "this text is empty", "The name of the skill."),
        ("description: fetch", "description: [fetch]", "must be a text, not a list", "words"),
        ("output: {a: \"${steps.top.result}\"", 'output: {a: "${secrets.TOKEN}"', "cannot stand", ""),
    ],
)  # fmt: skip
def test_pitfall_17_a_typo_is_an_error_at_load(known, old, new, message, fix):
    assert problems(GOOD, known) == []
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = problems(text, known)
    assert any(message in p.message and fix in p.fix for p in found), found


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        ("§b: {}", "missing here: skill"),
        ("b: §3", "must be a mapping, not a whole number"),
        ("§b: {skill: http_call}", "missing parameters: method, url"),
        ("b: {skill: http_call, §with: {url: x}}", "missing parameters: method"),
        ("b: {skill: http_call, with: {method: GET, url: x, retries: §x}}", "expected integer"),
        ("b: {skill: http_call, with: {method: GET, url: x, headers: {h: §[1]}}}", "string"),
        ("b: {skill: http_call, with: §[1]}", "must be a mapping, not a list"),
        ("b: {skill: anything, with: {jp: §'a['}}", "invalid expression"),
        ("b: {skill: anything, depends_on: §a}", "must be a list, not a text"),
        ("b: {skill: anything, depends_on: [§1]}", "must be a text, not a whole number"),
        ("b: {skill: anything, retry: {max_attempts: §101}}", "101 is more than 100"),
        ("b: {skill: anything, timeout_ms: §-1}", "-1 is less than 0"),
        ("b: {skill: anything, with: {x: §'${steps.a'}}", "malformed reference"),
        ("b: {skill: anything, with: {k: 1, x: [a, {y: §'${steps.c}'}]}}", "there is no step"),
    ],
)
def test_problems_of_a_step_have_their_place(known, marked, message):
    problem = only(f"{HEAD}steps:\n  a: {{skill: anything}}\n  {marked.replace('§', '')}\n", known)
    assert (problem.line, problem.column) == (5, marked.index("§") + 3)
    assert message in problem.message
    assert problem.path.startswith("steps.b")


def test_expressions_and_literals_with_references_are_left_to_the_run(known):
    body = "{skill: json_transform, with: {expression: 'a[${inputs.n}', data: x}}"
    text = step(body).replace("steps:", "inputs: {n: {type: integer}}\nsteps:")
    assert problems(text, known) == []
    assert problems(step("{skill: json_transform, with: {expression: '${steps.a}'}}"), known) == []
    assert len(problems(step("{skill: json_transform, with: {expression: 'a[$${'}}"), known)) == 1
    assert len(problems(step("{skill: json_transform, with: {expression: 'a[${'}}"), known)) == 1
    assert problems(step("{skill: http_call, with: {method: '${steps.a}', url: x}}"), known) == []


def test_a_malformed_reference_does_not_hide_one_before_it(known):
    found = problems(step("{skill: anything, with: {x: '${steps.q} ${'}}"), known)
    assert [p.message.split(":")[0] for p in found] == [
        'malformed reference "${"',
        "${steps.q}",
    ]


def test_secrets_stand_only_in_parameters_that_take_them(known):
    text = GOOD.replace('url: "${inputs.base}/items"', 'url: "${secrets.TOKEN}"')
    problem = only(text, known)
    assert (problem.path, problem.code) == ("steps.list.with.url", "INVALID_WORKFLOW")
    assert "a secret cannot stand here" in problem.message


@pytest.mark.parametrize("name", ["1a", "a b", "", "é", "a.b", "x" * 65, "-a"])
def test_names_that_references_could_not_name_are_refused(known, name):
    found = problems(
        f"{HEAD}inputs: {{'{name}': {{type: string}}}}\nsteps: {{'{name}': {{skill: anything}}}}",
        known,
    )
    assert [p.line for p in found] == [3, 4]
    assert "is not a name" in found[0].message


def test_names_are_as_long_as_the_limit(known):
    assert problems(f"{HEAD}steps: {{{'x' * 64}: {{skill: anything}}}}", known) == []


def test_no_steps_are_an_error_and_no_checks_are_fine(known):
    assert only(f"{HEAD}steps: {{}}\n", known).message == "there are no steps"
    assert only(HEAD, known).message == "missing here: steps"
    assert problems(step("{skill: anything}") + "verify: []\n", known) == []


@pytest.mark.parametrize("text", ["3", "[]", "null", "text"])
def test_a_file_that_is_no_mapping_is_refused(known, text):
    assert "must be a mapping" in only(text, known).message


def test_a_refused_word_is_reported_once(known):
    problem = only(step("{skill: anything, timeout_ms: yes}"), known)
    assert "some YAML readers" in problem.message


def test_all_problems_come_at_once_by_line_and_with_codes_of_the_catalog(known):
    text = GOOD.replace("digest", "a b").replace("http_call", "nope").replace("Acceptance", "x")
    with pytest.raises(InvalidWorkflow) as caught:
        load_workflow(read_workflow(text.encode(), "dir/f.yaml"), known)
    failure = caught.value.failure
    assert failure.code == "INVALID_WORKFLOW"
    listed = failure.details["problems"]
    assert [p["line"] for p in listed] == [2, 15, 23]
    assert set(listed[0]) == {"file", "line", "column", "path", "message", "fix", "code"}
    assert {p["file"] for p in listed} == {"dir/f.yaml"}
    assert {p["code"] for p in listed} <= set(CATALOG)
    assert re.search(r"3 problems; the first, in line 2:", failure.message)
    jcs.encode(failure.details)


def test_problems_past_the_limit_are_counted_as_more(known):
    keys = "".join(f"k{i}: 1\n" for i in range(MAX_PROBLEMS + 1))
    found = problems(step("{skill: anything}") + keys, known)
    assert len(found) == MAX_PROBLEMS + 1
    assert "not shown" in found[-1].message
    keys = "".join(f"k{i}: 1\n" for i in range(MAX_PROBLEMS))
    assert "not shown" not in problems(step("{skill: anything}") + keys, known)[-1].message


def test_steps_are_as_many_as_the_limit_and_no_more(known):
    def file(count):
        steps = ",".join(f'"{i:x}":0' for i in range(count))
        return f'{{"workc":1,"name":"n","steps":{{{steps}}}}}'.encode()

    assert "split" in problems(file(MAX_STEPS + 1), known, "f.json")[0].fix
    assert "must be a mapping" in problems(file(MAX_STEPS), known, "f.json")[0].message


def test_declared_skills_can_be_read_before_the_checks():
    assert declared_skills(read_workflow(b"skills: [a.py, 3, b.py]\nworkc: 7\n", "f.yaml")) == (
        "a.py",
        "b.py",
    )
    assert declared_skills(read_workflow(b"[1]", "f.yaml")) == ()
    with pytest.raises(InvalidWorkflow):
        declared_skills(read_workflow(b"a: [", "f.yaml"))


def test_a_document_can_be_checked_by_itself(known):
    report = Report("f.yaml")
    document = parse_document(GOOD.replace("http_call", "x").encode(), "f.yaml", report)
    check(document, known, report)
    assert [p.code for p in report.problems()] == ["SKILL_NOT_FOUND"]


def test_a_skill_without_parameters_says_so():
    known = {
        "none": SkillInfo(input_schema={"type": "object", "additionalProperties": False}),
        "anything": SkillInfo(input_schema={}),
    }
    assert only(step("{skill: none, with: {a: 1}}"), known).fix == "it takes no parameters"


def test_a_long_cycle_is_shortened(known):
    steps = "".join(
        f"  s{i}: {{skill: anything, depends_on: [s{(i + 1) % 50}]}}\n" for i in range(50)
    )
    problem = only(f"{HEAD}steps:\n{steps}", known)
    assert "s0 -> s1 -> s2 -> s3 -> s4 -> s5 -> ... -> s46" in problem.message


def test_an_unknown_key_of_an_input_is_reported_once():
    data = b"workc: 1\nname: n\ninputs:\n  a: {type: string, defalt: x}\nsteps:\n  s: {skill: http_call, with: {url: x}}\n"
    known = {"http_call": SkillInfo(input_schema={"type": "object"}, secret_params=("url",))}
    assert len(find_problems(data, "f.yaml", known)) == 1


def test_a_secret_in_a_wrong_place_says_where_they_may_stand():
    data = (
        b"workc: 1\nname: n\nsecrets: [K]\nsteps:\n  s: {skill: %s, with: {json: '${secrets.K}'}}\n"
    )
    known = {
        "call": SkillInfo(input_schema={"type": "object"}, secret_params=("headers", "url")),
        "none": SkillInfo(input_schema={"type": "object"}),
    }
    (some,) = find_problems(data % b"call", "f.yaml", known)
    (none,) = find_problems(data % b"none", "f.yaml", known)
    assert some.fix == "call takes secrets in headers, url"
    assert none.fix == "none takes no secrets"


def test_json_that_is_none_is_said_to_be_none_once():
    (problem,) = find_problems(b'{"workc": NaN}', "f.json", {})
    assert problem.message == "not valid JSON: NaN"
