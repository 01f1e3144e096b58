"""The workflow function of the golden bundle ``stages``: two of its skills are stages, one is none."""

from __future__ import annotations

import workc


@workc.skill(
    pure=True,
    examples=[{"input": {"names": ["b", "a", "b"]}, "output": ["a", "b"]}],
    properties=[{"kind": "sorted", "field": "output"}, {"kind": "unique", "field": "output"}],
)
def distinct(names: list[str]) -> list[str]:
    """Returns the names, each once, in rising order."""
    return sorted(set(names))


@workc.skill(
    effects=["Fallible"],
    examples=[
        {"input": {"names": ["a"]}, "output": "a"},
        {"input": {"names": []}, "error_code": "INVALID_INPUT"},
    ],
)
def first(names: list[str]) -> str:
    """Returns the first name."""
    if not names:
        raise workc.Refusal(workc.Failure(code="INVALID_INPUT", message="there is no name"))
    return names[0]


@workc.skill(pure=True)
def shout(text: str) -> str:
    """Returns the text in capitals."""
    return text.upper()


@workc.workflow(skills=(distinct, first, shout))
async def tidy(ctx: workc.WorkflowContext) -> str:
    """Returns the first of some names, loudly."""
    names = await ctx.call(distinct, names=["c", "b", "c"])
    name = await ctx.call(first, names=names)
    again = await ctx.call(distinct, names=[name, "d"])
    return await ctx.call(shout, text=again[0])
