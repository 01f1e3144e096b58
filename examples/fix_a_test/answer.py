"""Reads what the model answered."""

import json

import workc


@workc.skill(pure=True)
def read_answer(text: str) -> dict[str, str]:
    """Returns the module and the reason that an answer names; fails if it is anything else."""
    answer = json.loads(text)
    return {"code": str(answer["code"]), "why": str(answer["why"])}
