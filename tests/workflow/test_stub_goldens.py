"""The shipped stubs do not drift: what they give is kept, and a change of it is made on purpose.

``python tests/workflow/test_stub_goldens.py`` writes the file anew.
"""

import json
from pathlib import Path

import pytest

from workc import (
    HTTP_STUB_RESPONSES,
    LLM_STUB_RESPONSES,
    HttpCallSkill,
    LLMInvokeSkill,
    Runtime,
)

GOLDEN = Path(__file__).with_name("goldens") / "stub_outputs.json"
PROMPTS = {
    "summarize": "Summarize this text.",
    "translate": "translate: guten Tag",
    "analyze": "  *ANALYZE* it",
    "none of the table": "What is the weather?",
}
MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5"}


def cases():
    """Returns every use of a shipped stub, by name."""
    http = {f"http {url}": ("http_call", {"url": url}) for url in HTTP_STUB_RESPONSES}
    asked = {
        f"{provider} {name}{' streamed' if stream else ''}": (
            "llm_invoke",
            {
                "provider": provider,
                "model": model,
                "prompt": prompt,
                "max_tokens": 40,
                "stream": stream,
            },
        )
        for provider, model in MODELS.items()
        for name, prompt in PROMPTS.items()
        for stream in (False, True)
    }
    return http | asked


def given(name):
    """Returns what a stub gives: output or error, side effects and cost."""
    runtime = Runtime(allow_external=False, budget_cents=10)
    runtime.register_skill("http_call", HttpCallSkill(allow_external=False))
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True))
    skill, params = cases()[name]
    found = runtime.execute(skill, params).to_json()
    kept = ("code", "output", "error", "side_effects", "stubbed", "cost_micro_cents")
    return {member: found[member] for member in kept}


@pytest.mark.parametrize("name", cases())
def test_a_shipped_stub_gives_what_it_always_gave(name):
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert given(name) == golden[name]


def test_every_golden_is_of_a_stub_and_every_entry_of_the_tables_has_one():
    assert json.loads(GOLDEN.read_text("utf-8")).keys() == cases().keys()
    assert PROMPTS.keys() > LLM_STUB_RESPONSES.keys()


def test_the_tables_cannot_be_changed_by_one_who_uses_them():
    for table in (HTTP_STUB_RESPONSES, LLM_STUB_RESPONSES):
        key = next(iter(table))
        with pytest.raises(TypeError):
            table[key] = {}
        with pytest.raises(TypeError):
            table[key]["status"] = 200


if __name__ == "__main__":
    made = {name: given(name) for name in cases()}
    GOLDEN.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
