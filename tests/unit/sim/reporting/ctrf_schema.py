"""What CTRF 1.0 asks of a report, as far as workc writes it: required members, types, no other."""

TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
WHOLE = {"type": "integer"}
EXTRA = {"type": "object"}
COUNTS = ("tests", "passed", "failed", "skipped", "pending", "other", "start", "stop")


def closed(required, optional):
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


TEST = closed(
    {
        "name": NAME,
        "status": {"enum": ["passed", "failed", "skipped", "pending", "other"]},
        "duration": WHOLE,
    },
    {
        "suite": {"type": "array", "minItems": 1, "items": TEXT},
        "message": TEXT,
        "trace": TEXT,
        "extra": EXTRA,
    },
)
CTRF = closed(
    {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$"},
        "results": closed(
            {
                "tool": closed({"name": NAME}, {"version": TEXT, "extra": EXTRA}),
                "summary": closed(
                    dict.fromkeys(COUNTS, WHOLE),
                    {"flaky": WHOLE, "suites": WHOLE, "duration": WHOLE, "extra": EXTRA},
                ),
                "tests": {"type": "array", "items": TEST},
            },
            {
                "environment": closed(
                    {}, {"commit": TEXT, "branchName": TEXT, "osPlatform": TEXT, "extra": EXTRA}
                ),
                "extra": EXTRA,
            },
        ),
    },
    {},
)
