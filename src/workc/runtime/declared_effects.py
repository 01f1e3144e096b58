"""Effects by name: how people write the ones that are declared, and which one a request has.

A request is named before it is made, by what is known then: the address in its normal form, without
the query. No secret is ever in a name. Where one stands in a path, the name ends at the segment
before it; whoever sends the request judges the whole address. A file is named ``fs:<root>/<path>``,
a program ``exec:<program>``, a publication ``pub:<target>`` (bundle-0.2, section 14).

>>> read_effect("Network net:HTTPS://Api.Example.com:443/v1/")
Effect(op='Network', selector='net:https://api.example.com/v1')
>>> effect_of(HttpRequest(method="GET", url="http://127.1/a/%7Eb?c=d"))
Effect(op='Network', selector='net:http://127.0.0.1/a/~b')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast, get_args

import msgspec

from workc.kernel.arguments import many
from workc.kernel.failure import Misuse, Refusal, refuse
from workc.kernel.payloads import Compression, EffectBound
from workc.kernel.selectors import Effect, EffectOp, SelectorError, normalise
from workc.kernel.trie_merge import CompressionError, compress
from workc.kernel.values import Json
from workc.stages.effects import (
    PROVIDER_BASES,
    EffectRequest,
    FileRead,
    FileWrite,
    HttpRequest,
    ModelRequest,
    ProgramRun,
    Publication,
    SecretText,
    Text,
)
from workc.stages.url import end_of_authority, parse_url

OPS: tuple[EffectOp, ...] = get_args(EffectOp)
#: One selector of each op (docs/spec/bundle-0.2.md, section 14).
EXAMPLES: Mapping[EffectOp, str] = {
    "ReadFS": "fs:repo/docs/",
    "WriteFS": "fs:out/",
    "Network": "net:https://api.example.com/v1",
    "Exec": "exec:pytest",
    "Publish": "pub:releases",
}

_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
#: RFC 3986, section 2.3: these mean the same whether they are escaped or not (section 6.2.2.2).
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HTTP = re.compile("net:https?://", re.IGNORECASE)


class BadEffect(ValueError):
    """Says why something is no declared effect, and how to mend it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def read_effect(said: Json) -> Effect:
    """Returns the effect that ``"<op> <selector>"`` or ``{op, selector}`` declares.

    Raises:
        BadEffect: it is neither.
    """
    if isinstance(said, str):
        op, _, selector = said.strip().partition(" ")
        return spelled(op, selector.strip())
    if isinstance(said, dict) and said.keys() == {"op", "selector"}:
        parts = said["op"], said["selector"]
        if isinstance(parts[0], str) and isinstance(parts[1], str):
            return spelled(parts[0], parts[1])
    raise BadEffect(
        "an effect is a text, or a mapping of op and selector",
        'write it like "Network net:https://api.example.com/v1"',
    )


def spelled(op: str, selector: str) -> Effect:
    """Returns an effect in its one spelling.

    Raises:
        BadEffect: there is no such op, or the selector is none of it.
    """
    known: EffectOp | None = next((each for each in OPS if each == op), None)
    if known is None:
        raise BadEffect(f"there is no effect {op[:64]!a}", f"write one of {', '.join(OPS)}")
    if "${" in selector:
        fix = "write it out: what a run may do is fixed before it begins"
        raise BadEffect("a selector holds no references", fix)
    try:
        effect = normalise(known, selector)
        return _of_address(selector[4:]) if _HTTP.match(selector) else effect
    except SelectorError as error:
        raise BadEffect(str(error), f"write it like {EXAMPLES[known]}") from None
    except Refusal as refusal:
        raise BadEffect(refusal.failure.message, f"write it like {EXAMPLES[known]}") from None


def given_effects(given: object) -> tuple[Effect, ...]:
    """Returns the effects that the code of a workflow declares.

    Raises:
        Misuse: one of them is none, stands twice, or they are too many for a plan.
    """
    found: list[Effect] = []
    for each in many("effects", given, "effects"):
        effect = _given(each)
        if effect in found:
            raise Misuse(f"effects holds {effect.op} {effect.selector} twice")
        found.append(effect)
    try:
        bounds_of(found)
    except CompressionError as error:
        raise Misuse(f"effects: {error}") from None
    return tuple(found)


def _given(each: object) -> Effect:
    said = dict(cast("Mapping[str, Json]", each)) if isinstance(each, Mapping) else each
    try:
        return read_effect(cast("Json", said))
    except BadEffect as bad:
        raise Misuse(f"effects: {bad.message}; {bad.fix}") from None


def bounds_of(effects: Iterable[Effect]) -> tuple[list[EffectBound], Compression | None]:
    """Returns declared effects as a plan records them, and how they became few enough, if they did.

    Raises:
        CompressionError: they cannot be covered by so few as a plan holds.
    """
    given = sorted(set(effects))
    made = compress((effect.op, effect.selector) for effect in given)
    bounds = [as_bound(effect) for effect in made.effects]
    if not made.merges:
        return bounds, None
    return bounds, Compression(
        algorithm="TrieMerge-v0.1", input_count=len(given), output_count=len(bounds)
    )


def as_bound(effect: Effect) -> EffectBound:
    """Returns an effect as a record holds it."""
    return EffectBound(op=effect.op, selector=effect.selector)


def effect_of(request: EffectRequest) -> Effect:
    """Returns what a request does, by name.

    Raises:
        Refusal: ``INVALID_INPUT`` where that cannot be told: no address, or one that stands in a
            secret; a request that has no form.
    """
    match request:
        case FileRead():
            return _named("ReadFS", f"fs:{request.path}")
        case FileWrite():
            return _named("WriteFS", f"fs:{request.path}")
        case ProgramRun():
            return _named("Exec", f"exec:{request.argv[0] if request.argv else ''}")
        case Publication():
            return _named("Publish", f"pub:{request.to}")
        case HttpRequest():
            return _of_text(request.url)
        case ModelRequest():
            base = request.base_url or PROVIDER_BASES[request.provider]
            return _of_text(_joined(base, request.path))


def _named(op: EffectOp, selector: str) -> Effect:
    try:
        return normalise(op, selector)
    except SelectorError as error:
        raise refuse("INVALID_INPUT", f"the request has no effect: {error}") from None


def effect_at(address: str) -> Effect:
    """Returns the effect of a request to a whole address.

    Raises:
        Refusal: ``INVALID_INPUT`` where it has no name, as a path that leads upwards.
    """
    try:
        return _of_address(address)
    except SelectorError:
        # The error shows a part of the path as it is read, in which a secret may not be known again.
        message = "the path of the address leads upwards, so that it cannot be bounded"
        failed = refuse("INVALID_INPUT", message, field="url")
    raise failed


def addressed(request: EffectRequest, bases: Mapping[str, str]) -> EffectRequest:
    """Returns the request with the address that it will go to: what is bounded has to be known.

    ``bases`` are the providers' base URLs that are set for the run.
    """
    if not isinstance(request, ModelRequest) or request.base_url is not None:
        return request
    base = bases.get(request.provider, PROVIDER_BASES[request.provider])
    return msgspec.structs.replace(request, base_url=base)


def _joined(base: Text, path: str) -> Text:
    if isinstance(base, str):
        return base.rstrip("/") + "/" + path.lstrip("/")
    return SecretText((*base.parts, "/" + path.lstrip("/")))


def _of_text(text: Text) -> Effect:
    return effect_at(text if isinstance(text, str) else _before_secrets(text))


def _before_secrets(text: SecretText) -> str:
    """Returns the address up to the segment that holds the first secret of its path."""
    first = next((at for at, part in enumerate(text.parts) if not isinstance(part, str)), None)
    if first is None:
        return "".join(part for part in text.parts if isinstance(part, str))
    known = "".join(part for part in text.parts[:first] if isinstance(part, str))
    end = end_of_authority(known)
    if end == len(known):
        message = "the host stands in a secret, so what the request does cannot be bounded"
        raise refuse("INVALID_INPUT", f"{message}; write the host in the URL", field="url")
    if "?" in known or "#" in known:
        return known
    return known[: known.rindex("/") + 1]


def _of_address(address: str) -> Effect:
    """Returns the effect of an http or https address; raises SelectorError or Refusal."""
    target = parse_url(address)
    path = _ESCAPE.sub(_plain, target.path.partition("?")[0])
    bare = msgspec.structs.replace(target, path=path)
    return normalise("Network", f"net:{bare.text}")


def _plain(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if char in _UNRESERVED else escape[0].upper()
