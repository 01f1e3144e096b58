"""Graphs of steps, drawn: each step uses one of the skills and needs some of the steps before it."""

from hypothesis import strategies as st

from workc.runtime.workflow.model import StepSpec


@st.composite
def graphs(draw, skills):
    """Returns up to seven steps; a step refers to those it needs in its parameter ``needs``."""
    steps = []
    for index in range(draw(st.integers(1, 7))):
        needs = sorted(draw(st.sets(st.integers(0, index - 1), max_size=3))) if index else []
        steps.append(
            StepSpec(
                id=f"s{index}",
                skill=draw(st.sampled_from(sorted(skills))),
                params={"needs": [f"${{steps.s{need}}}" for need in needs]},
                needs=tuple(f"s{need}" for need in needs),
            )
        )
    return tuple(steps)
