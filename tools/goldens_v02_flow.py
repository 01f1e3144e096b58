"""The workflow function of the golden bundle ``function``: its text is the program of that run."""

from __future__ import annotations

import workc


@workc.skill
def shout(text: str) -> str:
    """Returns the text in capitals."""
    return text.upper()


@workc.skill(pure=True)
def double(number: int) -> int:
    """Returns twice the number."""
    return number * 2


@workc.workflow(
    skills=(shout, double), verify=[{"id": "loud", "level": "Semantic", "that": "output == 'HI4'"}]
)
async def talk(ctx: workc.WorkflowContext) -> str:
    """Shouts twice and doubles once, with waits before, between and after."""
    await ctx.sleep_ms(10)
    four, loud = await ctx.gather(ctx.call(double, number=2), ctx.call(shout, text="hi"))
    await ctx.sleep_ms(10)
    again = await ctx.call(shout, text=str(loud))
    return f"{again}{four}"
