"""The answers of models that plan, for goldens of plans that are asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from workc.sim.ports import Scripted


def _answer(text: str) -> Scripted:
    """Returns the answer of a model with this text."""
    message = {"role": "assistant", "content": text}
    data = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4.1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960},
    }
    return Scripted(chunks=(json.dumps(data, separators=(",", ":")).encode(),))


def _count(data: object, *, more: Mapping[str, object] | None = None) -> Scripted:
    """Returns the answer that plans to count a list."""
    params = {"data": data, "expression": "length(@)"}
    step = {"id": "count", "skill": "json_transform", "with": params}
    plan = {
        "steps": [step],
        "rationale": "It is one expression.",
        "alternatives": [{"what": "Ask a model to count.", "rejected": "It costs, and may err."}],
        **(more or {}),
    }
    return _answer(json.dumps(plan))


_UNKNOWN = _answer('{"steps": [{"id": "count", "skill": "count_things"}]}')
PLANNERS: Mapping[str, Sequence[Scripted]] = {
    "openai gpt-4.1": [_UNKNOWN, _count([1, 2, 3])],
    "openai gpt-4.1-mini": [_count([1, 2, 3])],
    "openai gpt-5-mini": [_count([1, 2]), _count([1, 2, 3])],
}


def planned(model: str, more: str = "") -> str:
    """Returns the plan of a workflow that asks a model for it."""
    call = f"{{model: {model}, prompt: '${{planning.prompt}}', max_tokens: 500}}"
    return f"plan: {{skill: llm_invoke, with: {call}, allow: [json_transform]{more}}}"
