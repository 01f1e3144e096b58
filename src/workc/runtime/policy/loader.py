"""Loads a policy file: reads it, finds everything that is wrong, and builds the policy.

    policy = load_policy(data, "team.toml")

Whatever ``data`` is, the answer is a policy or one :class:`InvalidPolicy` with all problems, by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import cast

import msgspec

from workc.kernel.failure import Misuse, Refusal
from workc.kernel.human_approval import LOSS_MS, PRODUCTION_LOSS_MS
from workc.kernel.selectors import Effect
from workc.kernel.trie_merge import CompressionError, compress
from workc.kernel.values import JsonObject
from workc.runtime.declared_effects import BadEffect, read_effect
from workc.runtime.policy.json_schema import LOCK_LEVELS, POLICY_SCHEMA
from workc.runtime.policy.model import SCHEMA, PolicyFile
from workc.runtime.policy.toml_document import CODE, parse_toml
from workc.runtime.workflow.facts import Facts, listed, members, texts
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import InvalidFile, Report
from workc.runtime.workflow.shape import check_shape
from workc.runtime.workflow.source import Document, Source, no_places
from workc.stages.effect_limits import EffectRules, covering
from workc.stages.grants import Grants
from workc.stages.network import NetworkPolicy

#: A file with more lines about effects than this was not written by a person.
MAX_LINES = 10_000


class InvalidPolicy(InvalidFile):
    """Refuses a policy file: ``INVALID_INPUT`` with all its problems in the details."""

    schema = "policy"


def load_policy(data: bytes, name: str) -> PolicyFile:
    """Returns the policy in ``data``; ``name`` is the file's name as problems show it.

    Raises:
        InvalidPolicy: ``INVALID_INPUT`` with every problem found.
    """
    report = Report(name)
    return _checked(parse_toml(data, report), report)


def policy_of(members: JsonObject, name: str) -> PolicyFile:
    """Returns the policy that the members of a policy file say, but for its version; see above.

    ``name`` is the name of the policy, and of what problems are found in.
    """
    value: JsonObject = {"schema": SCHEMA, "name": name, **members}
    return _checked(Document(value, Source(""), no_places), Report(name))


def _checked(document: Document | None, report: Report) -> PolicyFile:
    if document is not None:
        facts = Facts(document, {}, report)
        check_shape(facts, POLICY_SCHEMA)
        for check in () if report.problems() else _CHECKS:
            check(facts)
    found = [msgspec.structs.replace(problem, code=CODE) for problem in report.problems()]
    if document is None or found:
        raise InvalidPolicy(found, CODE)
    return _built(document)


def _check_effects(facts: Facts) -> None:
    allowed, denied = (_lines(facts, name) for name in ("allow", "deny"))
    for place, effect in allowed:
        wider = covering([each for _, each in denied], effect)
        if wider is not None:
            message = f"it never allows anything: deny has {wider.op} {wider.selector}"
            facts.refuse(place, message, "remove one of the two lines")
    try:
        compress((effect.op, effect.selector) for _, effect in allowed)
    except CompressionError as error:
        facts.refuse(("effects", "allow"), str(error), "allow folders or paths that cover several")


def _lines(facts: Facts, name: str) -> list[tuple[Place, Effect]]:
    found: dict[Effect, Place] = {}
    for index, line in enumerate(listed(facts.section("effects").get(name))):
        place: Place = ("effects", name, index)
        try:
            effect = read_effect(line)
        except BadEffect as bad:
            facts.refuse((*place, "selector"), bad.message, bad.fix)
            continue
        if effect in found:
            message = f"{quoted(f'{effect.op} {effect.selector}')} stands here twice"
            facts.refuse(place, message, "remove one")
        found.setdefault(effect, place)
    if len(found) > MAX_LINES:
        message = f"more than {MAX_LINES} lines about effects"
        facts.refuse(
            ("effects", name), message, "allow or deny folders or paths that cover several"
        )
    return [(place, effect) for effect, place in found.items()]


def _check_network(facts: Facts) -> None:
    network = facts.section("network")
    for key in ("allow_hosts", "deny_hosts"):
        for host in texts(network.get(key)):
            try:
                NetworkPolicy(deny_hosts=(host,))
            except Refusal as refusal:
                fix = "write a host name, an address, or *. and a suffix"
                facts.refuse(("network", key), refusal.failure.message, fix)
    allowed = texts(network.get("allow_hosts"))
    for host in sorted({*allowed} & {*texts(network.get("deny_hosts"))}):
        message = f"{quoted(host)} is allowed and denied"
        facts.refuse(("network", "deny_hosts"), message, "keep it in one of the two lists")
    if network.get("offline") is True and allowed:
        message = "offline denies every host, and allow_hosts allows some"
        facts.refuse(("network", "offline"), message, "remove one of the two")


def _check_approval(facts: Facts) -> None:
    approval = facts.section("approval")
    least = cast("int", approval.get("loss_ms", LOSS_MS))
    for key in ("production_loss_ms", "publish_loss_ms"):
        loss = cast("int", approval.get(key, PRODUCTION_LOSS_MS))
        if loss < least:
            place = ("approval", key if key in approval else "loss_ms")
            message = f"{key} ({loss}) is less than loss_ms ({least})"
            facts.refuse(place, message, "what is done in production loses as much or more")


def _check_verify(facts: Facts) -> None:
    verify = facts.section("verify")
    highest = LOCK_LEVELS.index(str(verify.get("max_lock_level", LOCK_LEVELS[-1])))
    for part in ("levels", "high_risk"):
        for level, asked in members(verify.get(part)).items():
            _check_levels(facts, ("verify", part, level), level, texts(asked), highest)
    always = members(verify.get("levels"))
    for level, asked in members(verify.get("high_risk")).items():
        for twice in sorted({*texts(asked)} & {*texts(always.get(level))}):
            message = f"{level} takes {twice} of every run"
            facts.refuse(("verify", "high_risk", level), message, "keep it in one of the two")


def _check_levels(
    facts: Facts, place: Place, level: str, asked: Sequence[str], highest: int
) -> None:
    """Reports what is wrong with the levels of checks that a lock level takes."""
    if LOCK_LEVELS.index(level) > highest:
        message = f"no run reaches {level}: max_lock_level is {LOCK_LEVELS[highest]}"
        facts.refuse_key(place, message, "remove it, or raise max_lock_level")
    if len({*asked}) < len(asked):
        facts.refuse(place, "a level stands here twice", "remove one")
    if level == LOCK_LEVELS[0] and asked:
        fix = "remove it: a run that fails ends as Draft, whatever it checked"
        facts.refuse_key(place, "Draft takes no checks", fix)


def _check_lens(facts: Facts) -> None:
    lens = facts.section("lens")
    said = [(level, cast("int", lens[level])) for level in LOCK_LEVELS if level in lens]
    for (lower, least), (higher, most) in pairwise(said):
        if most < least:
            message = f"{higher} takes less ({most}) than {lower} ({least})"
            facts.refuse(("lens", higher), message, "a level that binds more takes as much or more")


def _check_grants(facts: Facts) -> None:
    for name in facts.section("roots"):
        _check_grant(facts, ("roots", name), Grants(), roots={name: "ro"})
    for place, field in ((("exec", "programs"), "programs"), (("publish", "targets"), "targets")):
        said = texts(facts.section(place[0]).get(place[1]))
        for index, value in enumerate(said):
            _check_grant(facts, (*place, index), Grants(), **{field: (value,)})
        if len({*said}) < len(said):
            facts.refuse(place, "it names one of them twice", "remove one")


def _check_grant(facts: Facts, place: Place, none: Grants, **given: object) -> None:
    try:
        msgspec.structs.replace(none, **given)
    except Misuse as misuse:
        facts.refuse(place, str(misuse), "write it as the option that grants it")


_CHECKS: tuple[Callable[[Facts], None], ...] = (
    _check_effects,
    _check_network,
    _check_approval,
    _check_verify,
    _check_lens,
    _check_grants,
)


def _built(document: Document) -> PolicyFile:
    file = members(document.value)
    parts = {name: file[name] for name in _PLAIN if name in file}
    verify = members(file.get("verify"))
    if verify.get("unmet") == "refuse":
        # It goes without saying, and so is not recorded.
        parts["verify"] = {key: value for key, value in verify.items() if key != "unmet"}
    if members(file.get("decide")).get("implicit", "always") != "always":
        parts["decide"] = file["decide"]
    grants = _grants(file)
    policy = msgspec.convert({**parts, **grants, "name": file["name"]}, PolicyFile)
    if "effects" not in file:
        return policy
    return msgspec.structs.replace(policy, effects=_effects(members(file["effects"])))


def _grants(file: JsonObject) -> JsonObject:
    """Returns what a file says of grants, as one part; nothing if it does not speak of them."""
    said: JsonObject = {"roots": file["roots"]} if "roots" in file else {}
    for section, name in (("exec", "programs"), ("publish", "targets")):
        if section in file:
            said[name] = [*sorted(texts(members(file[section]).get(name)))]
    return {"may_grant": said} if said else {}


#: The parts that are built as they stand.
_PLAIN = ("description", "network", "budget", "approval", "verify", "lens")


def _effects(said: JsonObject) -> EffectRules:
    return EffectRules(
        allow=tuple(sorted(_read(said, "allow"))),
        deny=tuple(sorted(_read(said, "deny"))),
        unknown="allow" if said.get("unknown") == "allow" else "deny",
    )


def _read(said: Mapping[str, object], name: str) -> Iterator[Effect]:
    return map(read_effect, listed(cast("JsonObject", said).get(name)))
