"""Skills that the files of these tests may use."""

from __future__ import annotations

import pytest

from workc.runtime.workflow.model import SkillInfo


@pytest.fixture
def known():
    http = {
        "type": "object",
        "properties": {
            "method": {"type": "string", "enum": ["GET", "POST"]},
            "url": {"type": "string", "description": "Where to."},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "retries": {"$ref": "#/$defs/count"},
        },
        "required": ["method", "url"],
        "additionalProperties": False,
        "$defs": {"count": {"type": "integer"}},
    }
    transform = {
        "type": "object",
        "properties": {"expression": {"type": "string"}, "data": {}},
        "additionalProperties": False,
    }
    return {
        "http_call": SkillInfo(input_schema=http, secret_params=("headers",)),
        "json_transform": SkillInfo(input_schema=transform),
        "anything": SkillInfo(input_schema={"type": "object"}, expression_params=("jp",)),
    }
