"""The public types, as a type checker sees them: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_type

import workc
from workc.kernel.values import Json


@workc.skill
def plain(x: int, y: str = "") -> list[str]:
    """Keeps its own types."""
    return [y] * x


@workc.skill(pure=True, timeout_ms=100)
async def waits(x: int) -> int:
    """Keeps them with arguments too."""
    return x


@workc.workflow
async def flow(ctx: workc.WorkflowContext, n: int) -> str:
    """Awaits calls."""
    await ctx.gather(ctx.call(plain, x=n), ctx.call("http_call", url="http://x"))
    return str(await ctx.call(plain, x=n))


assert_type(plain(1, "a"), list[str])
function: Callable[..., list[str]] = plain
assert_type(workc.run(flow, {"n": 1}), workc.StructuredOutcome)
assert_type(workc.Runtime().execute(plain, {"x": 1}).ok, bool)
assert_type(workc.Runtime().metrics().value("workc_runs_ended_total", mode="live"), int)
assert_type(workc.Runtime().metrics().exposition(), str)
assert_type(workc.Runtime().replay("bundle").identical, bool)
assert_type(workc.verify_bundle("bundle"), workc.Verdict)
assert_type(workc.verify_bundle("bundle").failures, tuple[workc.Finding, ...])
assert_type(workc.verify_bundle("bundle", trust="trust.json", at_ms=0), workc.Verdict)
assert_type(workc.verify_bundle("bundle", trust=b"{}", require_signature=True), workc.Verdict)
assert_type(workc.BudgetTracker(5).reserve(1).bound_micro_cents, int)
assert_type(workc.Runtime(budget=workc.BudgetTracker()), workc.Runtime)

runtime = workc.Runtime(recorder=workc.ReplayRecorder("recording.workc"))
runtime.register_skill("http_call", workc.HttpCallSkill(allow_external=False))
runtime.register_skill("llm_invoke", workc.LLMInvokeSkill(stub_mode=True))
runtime.register_skill("json_transform", workc.JsonTransformSkill())
runtime.register_skill("plain", plain)
workc.HttpCallSkill(allow_external=False, responses={**workc.HTTP_STUB_RESPONSES})
assert_type(workc.LLM_STUB_RESPONSES["summarize"]["text"], Json)
assert_type(workc.failures("TIMEOUT")[0].retryable, bool)
contract = workc.ResourceContract(
    contract_id="C", principal="p", quotas={"plain": workc.Quota(uses=1)}
)
assert_type(workc.Runtime(contract=contract).describe_skill("plain"), workc.SkillMetadata)
assert_type(runtime.query().last_outcome, workc.StructuredOutcome | None)
assert_type(runtime.simulate({"workc": 1}).cost_micro_cents, int | None)
assert_type(workc.ReplayRecorder().replay().identical, bool)
