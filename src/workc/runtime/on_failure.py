"""What the code of a workflow function says of the failure of a call: the forms of a workflow file.

``"fail"``, ``"skip"``, ``"abort"``, ``{"value": ...}``, or ``{"skill": ..., "with": {...}}``, each
mapping with ``when`` if it is said of some codes only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias, cast

import msgspec

from workc.kernel.arguments import a, whole
from workc.kernel.failure import Misuse
from workc.kernel.values import JsonObject
from workc.runtime.literals import escaped, given, literal
from workc.runtime.workflow.fallback_codes import problem_of
from workc.runtime.workflow.json_schema import (
    FALLBACK_OF_SKILL,
    FALLBACK_WAYS,
    FALLBACK_WORDS,
    RETRY_BOUNDS,
)
from workc.runtime.workflow.model import OnFailure, RetrySpec, Then
from workc.stages.annotations import to_json
from workc.stages.skill import Skill

#: What ``ctx.call`` takes as ``on_failure``.
Said: TypeAlias = Literal["fail", "skip", "abort"] | Mapping[str, object]
#: Finds the skill that is named, or refuses it.
Find: TypeAlias = Callable[[object], Skill[..., object]]


def read_on_failure(said: object, find: Find) -> OnFailure | None:
    """Returns what is said of a failure.

    Raises:
        Misuse: it has none of the forms.
        Refusal: ``INVALID_OUTPUT`` for a value that is no JSON value, ``INVALID_INPUT`` for such a
            parameter.
    """
    if said is None:
        return None
    if isinstance(said, str):
        return OnFailure(then=_word(said))
    if not isinstance(said, Mapping):
        raise Misuse(f"on_failure is a word or a mapping, not {a(said)}")
    fields = dict(cast("Mapping[object, object]", said))
    _check_fields(fields)
    when = _codes(fields.get("when"), fields.get("then"))
    if "then" in fields:
        return OnFailure(then=_word(fields["then"]), when=when)
    if "value" in fields:
        return OnFailure(then="value", when=when, value=escaped(to_json(fields["value"])))
    timeout = fields.get("timeout_ms")
    return OnFailure(
        then="skill",
        when=when,
        skill=find(fields["skill"]).name,
        params=_params(fields.get("with", {})),
        retry=read_retry(fields.get("retry")) or RetrySpec(),
        timeout_ms=None if timeout is None else whole("timeout_ms", timeout),
    )


def read_retry(retry: object) -> RetrySpec | None:
    """Returns what is said of retries, as a RetrySpec or a mapping with its fields.

    Raises:
        Misuse: it is none, or a number of it is out of bounds.
    """
    if isinstance(retry, Mapping):
        try:
            retry = msgspec.convert(dict(cast("Mapping[object, object]", retry)), _Retry)
        except msgspec.ValidationError as error:
            raise Misuse(f"retry: {error}") from None
        retry = RetrySpec(**msgspec.structs.asdict(retry))
    if retry is None:
        return None
    if not isinstance(retry, RetrySpec):
        raise Misuse(f"retry is a RetrySpec, not {a(retry)}")
    _check_bounds(retry)
    return retry


def _check_bounds(retry: RetrySpec) -> None:
    """Refuses numbers that a workflow file may not have either."""
    for name, (least, most) in RETRY_BOUNDS.items():
        value: object = getattr(retry, name)
        if value is not None:
            whole(name, value, least=least, most=most)
    base, longest = retry.base_delay_ms, retry.max_delay_ms
    if base is not None and longest is not None and base > longest:
        raise Misuse(f"base_delay_ms ({base}) is more than max_delay_ms ({longest})")


class _Retry(RetrySpec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A RetrySpec of which every key is known."""


def _word(word: object) -> Then:
    if word not in FALLBACK_WORDS:
        raise Misuse(f"on_failure is {', '.join(FALLBACK_WORDS)} or a mapping, not {word!r:.100}")
    return cast("Then", word)


def _check_fields(fields: dict[object, object]) -> None:
    known = (*FALLBACK_WAYS, "when", *FALLBACK_OF_SKILL)
    unknown = [key for key in fields if key not in known]
    if unknown:
        raise Misuse(f"on_failure has no {unknown[0]!r:.100}; it has {', '.join(known)}")
    there = [key for key in FALLBACK_WAYS if key in fields]
    if len(there) != 1:
        found = f", not {' and '.join(there)}" if there else ""
        raise Misuse(f"on_failure has one of {', '.join(FALLBACK_WAYS)}{found}")
    extra = [key for key in FALLBACK_OF_SKILL if key in fields and "skill" not in fields]
    if extra:
        raise Misuse(f"on_failure has {extra[0]} only beside skill")


def _codes(when: object, then: object) -> tuple[str, ...]:
    if when is None:
        return ()
    said = cast("list[object]", when) if isinstance(when, list | tuple) else []
    codes = tuple(code for code in said if isinstance(code, str))
    if not codes or len(codes) != len(said):
        raise Misuse(f"when is a list of failure codes or categories, not {when!r:.100}")
    for code in codes:
        if (problem := problem_of(code, then)) is not None:
            raise Misuse("; ".join(problem))
    return codes


def _params(said: object) -> JsonObject:
    if not isinstance(said, Mapping):
        raise Misuse(f"with is a mapping, not {a(said)}")
    members = dict(cast("Mapping[object, object]", said))
    return literal(cast("JsonObject", given(members, "the parameters of on_failure")))
