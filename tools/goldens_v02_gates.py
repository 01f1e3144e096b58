"""The workflow function of the golden bundle ``gated``: gates of its own, and of its calls."""

from __future__ import annotations

import workc


@workc.gate
def light(value: int, inputs: dict[str, int]) -> bool:
    """Says whether a weight is no more than the most."""
    return value <= inputs["most"]


@workc.gate
def weighed(steps: dict[str, int]) -> bool:
    """Says whether both parts were weighed before."""
    return list(steps) == ["one", "two"]


@workc.skill(pure=True)
def weight(parts: list[int]) -> int:
    """Returns the weight of parts."""
    return sum(parts)


@workc.workflow(
    skills=(weight,),
    gates={
        "pre": [{"id": "some", "check": "inputs.most > `0`"}, {"id": "alone", "policy": "offline"}],
        "post": [{"id": "sum", "check": "output == sum([steps.one, steps.two])"}],
    },
)
async def weigh(ctx: workc.WorkflowContext, most: int) -> int:
    """Weighs two parts, then both together."""
    one, two = await ctx.gather(
        ctx.call(weight, step="one", parts=[1, 2]), ctx.call(weight, step="two", parts=[3])
    )
    gates = {"pre": [weighed], "post": [light]}
    both: int = await ctx.call(weight, step="both", parts=[one, two], gates=gates)
    return both
