"""The skills of workflows, with examples: what goes through ``ctx`` is held against recorded answers."""

from __future__ import annotations

from dataclasses import replace

from workc.skills.http_call import http_call as _http_call
from workc.skills.json_transform import json_transform as _json_transform
from workc.skills.llm_invoke import llm_invoke as _llm_invoke
from workc.stages.stage.value import Example

json_transform = replace(
    _json_transform,
    examples=(
        Example(
            input={"data": [{"n": 1}, {"n": 2}], "expression": "[].n"}, output={"result": [1, 2]}
        ),
        Example(
            input={"data": {"a": 1, "b": 2}, "op": "pick", "keys": ["b"]},
            output={"result": {"b": 2}},
        ),
        Example(input={"data": 1, "expression": "["}, error_code="INVALID_EXPRESSION"),
        Example(input={"data": 1}, error_code="INVALID_INPUT"),
        Example(input={"data": 1, "expression": "@", "keys": ["a"]}, error_code="INVALID_INPUT"),
    ),
)
http_call = replace(
    _http_call,
    examples=(
        Example(
            input={"url": "https://shop.example/items.json"},
            output={
                "status": 200,
                "headers": {"content-type": "application/json"},
                "body": [{"name": "chisel"}],
            },
        ),
        Example(input={"url": "https://shop.example/none"}, error_code="NOT_FOUND"),
    ),
)
llm_invoke = replace(
    _llm_invoke,
    examples=(
        Example(
            input={
                "model": "gpt-4o-mini",
                "max_tokens": 20,
                "prompt": "Say hello.",
                "base_url": "https://model.example/v1",
                "api_key_env": "",
            },
            output={
                "text": "Hello.",
                "model": "gpt-4o-mini-2024-07-18",
                "tokens": 12,
                "usage": {"input": 10, "output": 2, "cache_read": 0, "cache_write": 0},
                "finish_reason": "stop",
            },
        ),
    ),
)
#: Skills that are defined elsewhere and have their examples here.
LENT = (json_transform, http_call, llm_invoke)
