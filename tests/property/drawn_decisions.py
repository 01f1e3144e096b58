"""What a run looks at, which strategies it has and who plans it, drawn, as a workflow file says it."""

from hypothesis import strategies as st

import workc

NUMBERS = st.sampled_from([0, 500, 800, 1000])
SPEAKS = {
    "about": st.sampled_from(["price", "colour"]),
    "says": st.sampled_from(["text", "value", "length(text)", "abs(text)"]),
}


def lenses(addresses):
    """Returns lenses over texts, addresses, files that no root holds, runs and variables."""
    ways = st.sampled_from(
        [
            {"text": "10"},
            {"text": '{"a": 12}'},
            *({"url": address} for address in addresses),
            {"file": "repo/a.txt"},
            {"files": "repo/**/*.txt"},
            {"bundle": "repo/proof"},
            {"run": "last"},
            {"environment": "NOT_SET_ANYWHERE"},
        ]
    )
    spoken = st.one_of(st.just({}), st.fixed_dictionaries(SPEAKS))
    item = st.builds(
        lambda way, said, weight: {**way, **said, "weight": weight},
        ways,
        spoken,
        st.sampled_from([1, 500, 1_000_000]),
    )
    names = ("a", "b", "c")
    return st.builds(
        lambda items, required, deciding, more, most: {
            "items": items,
            "requires": [name for name in required if name in items],
            "at_least": {"deciding": min(deciding, more), "Committed": max(deciding, more)},
            "max_observations": most,
        },
        st.dictionaries(st.sampled_from(names), item, min_size=1),
        st.lists(st.sampled_from(names), max_size=2, unique=True),
        st.sampled_from([0, 0, 0, 400]),
        NUMBERS,
        st.integers(1, 2),
    )


WEIGHED = st.fixed_dictionaries(
    {"when": st.sampled_from(["`true`", "signals.pass", "signals.none", "`7000`", "`600`"])},
    optional={
        "threshold": NUMBERS,
        "weight": NUMBERS,
        "version": st.just("2"),
        "parameters": st.sampled_from([{}, {"most": 2}]),
    },
)
#: Signals and strategies over them.
STRATEGIES = st.builds(
    lambda weighed: {
        "signals": {"pass": "feedback.pass > `1`", "none": "abs(feedback.code)"},
        "strategies": [{"id": f"t{n}", **each} for n, each in enumerate(weighed)],
    },
    st.lists(WEIGHED, min_size=1, max_size=3),
)


@workc.planner
def drawn(inputs: dict[str, list[object]], attempt: int) -> object:
    """Gives the plan that was drawn for this ask."""
    plans = inputs["plans"]
    return plans[(attempt - 1) % len(plans)]


#: What is no plan, or one that may not be.
NONSENSE = st.sampled_from(
    [
        None,
        "so be it",
        [],
        {"steps": []},
        {"steps": [{"id": "a"}]},
        {"steps": [{"id": "a", "skill": "nobody", "with": {}}]},
        {"steps": [{"id": "a", "skill": "pure", "with": {}, "effects": ["Publish pub:x"]}]},
        {"steps": [{"id": "a", "skill": "http_call", "with": {"url": "ftp://a/"}}]},
        {"steps": [{"id": "plan", "skill": "json_transform", "with": {}}], "rationale": 7},
    ]
)


def planned(plain, plans, skills):
    """Returns the part of a workflow that says who plans it; ``plans`` and ``plain`` are steps by name."""

    def whole(steps):
        named = [{"id": name, **step} for name, step in steps.items()]
        return {"steps": named, "output": sorted(steps), "rationale": "As was drawn."}

    return st.builds(
        lambda plans, attempts: {
            "inputs": {"plans": {"type": "array", "default": plans}},
            "plan": {"function": "drawn", "allow": skills, "attempts": attempts},
        },
        st.lists(
            st.one_of(plain.map(whole), plain.map(whole), plans.map(whole), NONSENSE),
            min_size=1,
            max_size=3,
        ),
        st.integers(1, 3),
    )
