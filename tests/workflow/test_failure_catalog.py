"""The failure catalog is whole: each code is produced, documented, of a category, with a hint.

``PRODUCED`` makes each code happen through the public face. What needs more of a stage (a crash, a
damaged file, a second process) stands in ``ELSEWHERE``, with the test that makes it happen. A new
code needs a line in one of the two.
"""

import ast
from pathlib import Path

import pytest

import workc
from workc import (
    Failure,
    HttpCallSkill,
    LLMInvokeSkill,
    Misuse,
    Quota,
    Refusal,
    ResourceContract,
    Runtime,
)
from workc.api.settings import Settings
from workc.kernel.catalog import CATALOG
from workc.runtime.outcome import error_of
from workc.runtime.policy.model import PolicyFile
from workc.runtime.workflow.model import RetrySpec
from workc.stages.effect_limits import EffectRules
from workc.testkit.provider import Answer, Fault, Provider
from workc.testkit.servers import LoopbackServer, RawServer, Reply

ROOT = Path(__file__).resolve().parents[2]
PAGE = "https://shop.example/"
MODEL = {"model": "gpt-5-mini", "max_tokens": 20, "prompt": "hi", "api_key_env": ""}


@workc.workflow
async def once(ctx, skill: str, params: dict[str, object]) -> object:
    """Uses a skill once, whatever its failure."""
    return await ctx.call(skill, step="use", retry=RetrySpec(max_attempts=1), **params)


def use(skill, runtime=None, **params):
    runtime = runtime or Runtime(budget_cents=1)
    return runtime.run(once, {"skill": skill, "params": params})


def http(reply, **params):
    """Returns the outcome of a real exchange that the server answers so."""
    with LoopbackServer({"/": reply}) as server:
        return use("http_call", url=server.base_url, **params)


def status(number, **stub):
    """Returns the outcome of an exchange with a stub of this status."""
    runtime = Runtime(allow_external=False)
    table = {PAGE: {"status": number, **stub}}
    runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses=table))
    return use("http_call", runtime, url=PAGE)


def model(*script):
    """Returns the outcome of a model call that the provider answers so."""
    with Provider(script) as provider:
        return use("llm_invoke", **MODEL, base_url=provider.openai_url)


def raw_model(body):
    with LoopbackServer({"/chat/completions": Reply(body=body)}) as server:
        return use("llm_invoke", **MODEL, base_url=server.base_url)


def tls():
    with RawServer(b"HTTP/1.1 200 OK\r\n\r\n") as server:
        return use("http_call", url=f"https://127.0.0.1:{server.port}/")


def refused_port():
    with RawServer(None) as server:
        port = server.port
    return use("http_call", url=f"http://127.0.0.1:{port}/")


def transform(**params):
    return use("json_transform", **params)


def under_contract(**members):
    """Returns the outcome of a request under a contract that allows it but for these members."""
    given = {"allowed_operations": ("http_call",), **members}
    made = ResourceContract(contract_id="C", principal="p", **given)
    return use("http_call", Runtime(contract=made), url=PAGE)


def overbilled():
    """Returns the outcome of a model that bills more than could be reserved for it."""
    runtime = Runtime(budget_cents=100)
    table = {"hi": {"tokens": 10**6}}
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=table))
    return use("llm_invoke", runtime, **MODEL)


class Buggy:
    """Is a network with a bug in it."""

    def http(self):
        raise ZeroDivisionError


@workc.skill
def breaks() -> int:
    """Has a bug."""
    raise ValueError("broken")


@workc.skill(pure=True)
def lies() -> int:
    """Gives something else than it says."""
    return "text"  # type: ignore[return-value]


def alone(skill):
    return Runtime().execute(skill, {})


def text(tmp_path, *lines):
    (tmp_path / "w.yaml").write_text("\n".join(["workc: 1", "name: w", *lines]), "utf-8")
    return Runtime().run(tmp_path / "w.yaml")


def declaring(effects):
    """Returns the outcome of a request under these declared effects."""

    @workc.workflow(name="bounded", effects=effects)
    async def bounded(ctx) -> object:
        """Asks for a page."""
        return await ctx.call("http_call", url=PAGE)

    return Runtime(allow_external=False).run(bounded)


def under_policy(**members):
    """Returns the outcome of a request under what a policy says of effects."""
    rules = EffectRules(allow=(), **members)
    return use(
        "http_call",
        Runtime(settings=Settings(ruling=PolicyFile(name="p", effects=rules))),
        url=PAGE,
    )


STEP = "steps: {a: {skill: json_transform, with: {data: %s, expression: '%s'}}}"

#: Of each code, what makes it happen: a function of a folder that gives an outcome.
PRODUCED = {
    "TIMEOUT": lambda _: http(Reply(raw=b"", then="hang"), timeout_ms=50),
    "CONNECTION_REFUSED": lambda _: refused_port(),
    "CONNECTION_RESET": lambda _: http(Reply(raw=b"", then="reset")),
    "TLS_ERROR": lambda _: tls(),
    "HTTP_5XX": lambda _: status(500),
    "BAD_GATEWAY": lambda _: status(502),
    "SERVICE_UNAVAILABLE": lambda _: status(503),
    "GATEWAY_TIMEOUT": lambda _: status(504),
    "RATE_LIMITED": lambda _: status(429),
    "BAD_REQUEST": lambda _: status(400),
    "UNAUTHORIZED": lambda _: status(401),
    "FORBIDDEN": lambda _: status(403),
    "NOT_FOUND": lambda _: status(404),
    "CONFLICT": lambda _: status(409),
    "HTTP_4XX": lambda _: status(418),
    "NOT_JSON": lambda _: status(200, body="{", headers={"content-type": "application/json"}),
    "OUTPUT_TOO_LARGE": lambda _: http(Reply(body=b"12345"), max_bytes=4),
    "EXTERNAL_CALL_BLOCKED": lambda _: use("http_call", Runtime(allow_external=False), url=PAGE),
    "EFFECT_NOT_DECLARED": lambda _: declaring([]),
    "POLICY_VIOLATION": lambda _: under_policy(),
    "LLM_API_ERROR": lambda _: model(Fault(status=500)),
    "LLM_OVERLOADED": lambda _: model(Fault(status=503)),
    "LLM_CONTENT_FILTERED": lambda _: model(Answer(text="", finish="content_filter")),
    "LLM_INVALID_RESPONSE": lambda _: raw_model(b"[]"),
    "BUDGET_EXCEEDED": lambda _: use("llm_invoke", Runtime(budget_cents=0), **MODEL),
    "BUDGET_BOUND_VIOLATED": lambda _: overbilled(),
    "INTERNAL_ERROR": lambda _: use(
        "http_call", Runtime(settings=Settings(ports=Buggy())), url=PAGE
    ),
    "QUOTA_EXCEEDED": lambda _: under_contract(quotas={"http_call": Quota(uses=0)}),
    "OPERATION_NOT_ALLOWED": lambda _: under_contract(allowed_operations=()),
    "CONTRACT_EXPIRED": lambda _: under_contract(expires_at="2020-01-01T00:00:00Z"),
    "PRICE_UNKNOWN": lambda _: use("llm_invoke", **{**MODEL, "model": "none-such"}),
    "SKILL_FAILED": lambda _: alone(breaks),
    "PROGRAM_FAILED": lambda _: use("exec", Runtime(programs=["false"]), argv=["false"]),
    # A regular file whose first bytes nobody can read.
    "FILE_FAILED": lambda _: use(
        "read_file", Runtime(roots={"proc": "/proc/self"}), path="proc/mem"
    ),
    "INVALID_OUTPUT": lambda _: alone(lies),
    "INVALID_INPUT": lambda _: Runtime().execute("json_transform", {"data": 1, "op": "x"}),
    "SKILL_NOT_FOUND": lambda _: Runtime().execute("none_such", {}),
    "TRANSFORM_FAILED": lambda _: transform(data=1, op="sort"),
    "INVALID_EXPRESSION": lambda _: transform(data=1, expression="]"),
    "INVALID_WORKFLOW": lambda folder: text(folder, "steps: 3"),
    "UNRESOLVED_REFERENCE": lambda folder: text(
        folder, STEP % ("{n: 1}", "n"), 'output: "${steps.a.result.m}"'
    ),
    "VERIFICATION_FAILED": lambda folder: text(
        folder, STEP % (1, "@"), "output: 1", "verify: [{id: never, that: '`false`'}]"
    ),
}
#: Of each other code, the test that makes it happen.
ELSEWHERE = {
    "ABORTED": "integration/test_on_failure.py",
    "STEP_CEILING_EXCEEDED": "workflow/test_budget_enforcement.py",
    "APPROVAL_DENIED": "unit/verify/test_gates_children_effects.py",
    "APPROVAL_PENDING": "integration/test_approval.py",
    "APPROVAL_TIMEOUT": "unit/verify/attacks/gates.py",
    "BUNDLE_INVALID": "cli/test_pack.py",
    "BUNDLE_UNDECIDED": "cli/test_named.py",
    "CAPTURE_EDITED": "integration/test_replay.py",
    "CAPTURE_MISSING": "integration/test_replay.py",
    "CAPTURE_UNUSED": "integration/test_replay.py",
    "CHILD_FAILED": "unit/second_verifier/test_edits.py",
    "CODE_CHANGED": "integration/test_resume.py",
    "DNS_FAILURE": "unit/adapters/test_transport_errors.py",
    "GATE_FAILED": "unit/verify/attacks/gates.py",
    "HALTED": "unit/runtime/test_engine.py",
    "IN_DOUBT": "integration/test_resume.py",
    "JOURNAL_CORRUPT": "integration/test_resume.py",
    "LENS_CONFLICT": "integration/test_resolving.py",
    "LENS_INSUFFICIENT": "integration/test_lens.py",
    "LLM_CONTEXT_EXCEEDED": "unit/skills/test_wire_openai.py",
    "NONDETERMINISTIC": "integration/test_python_workflows.py",
    "PLAN_REFUSED": "workflow/test_plans.py",
    "REPLAY_DIVERGED": "integration/test_replay.py",
    "RESOURCE_LOCKED": "integration/test_resources.py",
    "RUN_LOCKED": "integration/test_resume.py",
    "STAGE_CHANGED": "integration/test_stage_registry.py",
    "STORE_UNAVAILABLE": "unit/api/test_runtime.py",
    "UPSTREAM_FAILED": "workflow/test_permanent_failure_workflow.py",
}


def assert_told(outcome, code):
    """Asserts that an outcome is that failure, with all that the catalog says and a retry hint."""
    entry = CATALOG[code]
    assert (outcome.ok, outcome.code) == (False, code), outcome.message
    error = outcome.error
    assert (error["code"], error["category"]) == (code, entry.category)
    assert (error["retryable"], error["hint"]) == (entry.retryable, entry.hint)
    assert error["retry_after_ms"] is None or error["retry_after_ms"] >= 0
    assert isinstance(error["details"], dict)
    assert outcome.message
    assert outcome.exit_code != 0


@pytest.mark.parametrize("code", PRODUCED)
def test_each_code_is_produced_and_told(code, tmp_path):
    assert_told(PRODUCED[code](tmp_path), code)


def test_every_code_and_so_every_category_is_produced_by_a_test():
    assert PRODUCED.keys() | ELSEWHERE.keys() == CATALOG.keys()
    assert not PRODUCED.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize("code", ELSEWHERE)
def test_what_is_produced_elsewhere_is_spoken_of_there(code):
    tree = ast.parse((ROOT / "tests" / ELSEWHERE[code]).read_text("utf-8"))
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert code in words


def test_timeout_produces_timeout_error():
    outcome = http(Reply(raw=b"", then="hang"), timeout_ms=50)
    assert_told(outcome, "TIMEOUT")
    assert outcome.error["category"] == "TRANSIENT"


def test_rate_limit_produces_resource_error():
    outcome = http(Reply(status=429, headers=(("Retry-After", "7"),)))
    assert_told(outcome, "RATE_LIMITED")
    assert outcome.error["category"] == "RESOURCE"
    assert (outcome.error["retryable"], outcome.error["retry_after_ms"]) == (True, 7000)


#: Statuses below 500 that pass by themselves; every other one is the caller's to mend.
PASSING = {408: "TIMEOUT", 425: "SERVICE_UNAVAILABLE", 429: "RATE_LIMITED"}


@pytest.mark.parametrize("number", sorted(set(range(400, 500)) - PASSING.keys()))
def test_4xx_produces_permanent_error(number):
    outcome = status(number)
    assert_told(outcome, outcome.code)
    assert (outcome.error["category"], outcome.error["retryable"]) == ("PERMANENT", False)
    assert outcome.error["details"]["status"] == number


@pytest.mark.parametrize("number", PASSING)
def test_the_4xx_that_pass_by_themselves_may_be_tried_again(number):
    assert_told(status(number), PASSING[number])
    assert CATALOG[PASSING[number]].retryable


@pytest.mark.parametrize("number", range(500, 600))
def test_5xx_produces_transient_error(number):
    outcome = status(number)
    assert_told(outcome, outcome.code)
    assert (outcome.error["category"], outcome.error["retryable"]) == ("TRANSIENT", True)


@pytest.mark.parametrize(
    ("skill", "params", "place"),
    [
        ("http_call", {}, "url"),
        ("http_call", {"url": 3}, "url"),
        ("http_call", {"url": PAGE, "methd": "GET"}, "methd"),
        ("json_transform", {"data": 1, "op": "sorted"}, "op"),
        ("llm_invoke", {"model": "gpt-5-mini", "max_tokens": 0, "prompt": ""}, "max_tokens"),
    ],
)
def test_validation_error_mapped(skill, params, place):
    outcome = Runtime(budget_cents=1).execute(skill, params)
    assert_told(outcome, "INVALID_INPUT")
    assert outcome.error["category"] == "VALIDATION"
    assert place in outcome.message


def test_all_error_codes_documented():
    page = (ROOT / "docs/reference/failures.md").read_text("utf-8")
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert headings == sorted(CATALOG)
    for entry in CATALOG.values():
        assert entry.summary.endswith("."), entry.code
        assert entry.hint.endswith("."), entry.code
        assert f"{entry.summary} {entry.hint}" in page, entry.code


@pytest.mark.parametrize("code", CATALOG)
def test_every_error_has_a_retry_hint(code):
    error = error_of(Failure(code=code, message="m", retry_after_ms=5))
    assert error["retryable"] is CATALOG[code].retryable
    assert error["hint"]
    assert error["retry_after_ms"] == 5
    retry = CATALOG[code].retry
    assert (retry.max_attempts > 1) <= CATALOG[code].retryable


def test_the_catalog_can_be_asked_at_run_time():
    assert {entry.code for entry in workc.failures()} == CATALOG.keys()
    assert [entry.code for entry in workc.failures("TIMEOUT", "CONFLICT")] == [
        "CONFLICT",
        "TIMEOUT",
    ]
    transient = workc.failures(category="TRANSIENT")
    assert {entry.category for entry in transient} == {"TRANSIENT"}
    assert workc.failures(category="TRANSIENT", retryable=False) == ()
    assert len(workc.failures(retryable=True)) + len(workc.failures(retryable=False)) == len(
        CATALOG
    )


@pytest.mark.parametrize(
    ("codes", "category", "meant"),
    [(["TIMEOT"], None, "TIMEOUT"), (["timeout"], None, "TIMEOUT"), ([], "TRANSENT", "TRANSIENT")],
)
def test_a_code_or_category_that_there_is_not_is_misuse(codes, category, meant):
    with pytest.raises(Misuse, match=f"did you mean {meant}"):
        workc.failures(*codes, category=category)


def test_a_skill_may_use_any_code_and_an_unknown_one_is_its_bug():
    for code in (*CATALOG, "NO_SUCH_CODE"):

        @workc.skill
        def refuses(code: str = code) -> int:
            """Refuses."""
            raise Refusal(Failure(code=code, message="m"))

        @workc.workflow(skills=[refuses])
        async def refusing(ctx) -> object:
            """Tries once."""
            return await ctx.call(refuses, step="use", retry=RetrySpec(max_attempts=1))

        outcome = Runtime().run(refusing)
        assert outcome.code == (code if code in CATALOG else "SKILL_FAILED"), code
        assert outcome.error["code"] == outcome.code


def test_a_stubbed_model_fails_by_the_same_codes():
    runtime = Runtime(budget_cents=1)
    table = {"hi": [{"status": number} for number in (429, 500, 503, 401)]}
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=table))

    @workc.workflow
    async def four(ctx) -> list[str]:
        """Tells four codes."""
        found = []
        for _ in range(4):
            try:
                await ctx.call("llm_invoke", retry=RetrySpec(max_attempts=1), **MODEL)
            except workc.StepFailed as failed:
                found.append(failed.failure.code)
        return found

    expected = ["RATE_LIMITED", "LLM_API_ERROR", "LLM_OVERLOADED", "UNAUTHORIZED"]
    assert runtime.run(four).output == expected
