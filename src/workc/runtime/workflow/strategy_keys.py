"""The keys ``signals`` and ``strategies`` of a workflow file."""

from __future__ import annotations

from workc.kernel.permille import WHOLE
from workc.kernel.values import JsonObject
from workc.runtime.workflow.schema_words import count, listed, mapping, record, text

#: What an expression of a signal may look at, and one of a strategy.
SEEN_BY_SIGNALS = ("inputs", "feedback", "lens")
SEEN_BY_STRATEGIES = ("signals",)
#: What ``${strategy....}`` gives.
OF_STRATEGY = ("id", "parameters", "permille", "version")
#: The most strategies and signals of a workflow.
MAX_STRATEGIES = 100

SIGNALS: JsonObject = mapping(
    "What strategies are weighed by, by name.",
    text("JMESPath over {inputs, feedback, lens}.", minLength=1),
)


def strategies_schema(name_pattern: str) -> JsonObject:
    """Returns the schema of ``strategies``."""
    strategy = record(
        "A way to go about the work, and when it fits.",
        ["id", "when"],
        {
            "id": text("The name of the strategy.", pattern=name_pattern),
            "version": text("The version of the strategy; 1 if absent.", minLength=1, maxLength=64),
            "when": text(
                "JMESPath over {signals} that gives a permille, true or false.", minLength=1
            ),
            "threshold": count("The least that it must give, in permille; 0 if absent.", 0, WHOLE),
            "weight": count("How much its match counts, in permille; 1000 if absent.", 0, WHOLE),
            "parameters": {
                "type": "object",
                "description": "What ${strategy.parameters.NAME} gives if it is applied.",
            },
        },
    )
    return listed("Ways to go about the work; the one that fits best is applied.", strategy)
