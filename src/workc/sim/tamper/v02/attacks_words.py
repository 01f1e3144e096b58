"""Resealed edits of what the run says of itself: its words, its policy, its answers (section 6)."""

from __future__ import annotations

import json
from collections.abc import Callable

from workc.bundle.policies import OFFLINE, SHIPPED, policy_name
from workc.kernel.digest import sha256_hex
from workc.sim.json_text import spell_json
from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import (
    BAD_EVENT,
    POLICY,
    UNPROVABLE,
)
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v02.draft import Draft

_LOOSE: Doc = {
    "allow_loopback": True,
    "allow_private": True,
    "allow_public": True,
    "deny_hosts": [],
    "offline": False,
}


def _loosen(draft: Draft) -> None:
    _put_rules(draft, _LOOSE)
    draft.payload("RunStarted")["policy"]["rules_sha256"] = sha256_hex(_rules(draft))


def _loosen_throughout(draft: Draft) -> None:
    _loosen(draft)
    policy = draft.payload("RunStarted")["policy"]
    policy["id"] = policy_name(policy["rules_sha256"])


def _loosen_rules(draft: Draft) -> None:
    _put_rules(draft, _LOOSE)


def _claim_offline(draft: Draft) -> None:
    if not any("response" in event["payload"] for event in draft.all("EffectAnswered")):
        raise does_not_apply("no response")
    _put_rules(draft, {"offline": True})
    digest = sha256_hex(_rules(draft))
    if digest != SHIPPED[OFFLINE]:
        raise does_not_apply("a policy of its own")
    draft.payload("RunStarted")["policy"] |= {"id": OFFLINE, "rules_sha256": digest}


def _rules(draft: Draft) -> bytes:
    rules = draft.payload("RunStarted")["policy"]["rules"]
    data: bytes = draft.files[rules["path"]] if "path" in rules else rules["inline"].encode()
    return data


def _put_rules(draft: Draft, words: Doc) -> None:
    before = _rules(draft)
    text: Doc = json.loads(before)
    after = spell_json({**text, "network": {**text.get("network", {}), **words}})
    if after == before:
        raise does_not_apply("no policy that could be another")
    rules = draft.payload("RunStarted")["policy"]["rules"]
    if "path" in rules:
        draft.files[rules["path"]] = after
    else:
        rules["inline"] = after.decode()


def _start(**words: str) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.payload("RunStarted").update(words)
        draft.manifest["run_id"] = draft.payload("RunStarted")["run_id"]

    return edit


def _respond(**words: object) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        for event in draft.all("EffectAnswered"):
            if "response" in event["payload"]:
                event["payload"]["response"].update(words)
                return
        raise does_not_apply("no response")

    return edit


_SALT: Doc = {"commitment": "0" * 64, "count": 1, "salt": "z" * 32, "secret": "K"}

WORD_ATTACKS: Attacks[Draft] = {
    "PolicyLoosened": Attack(_loosen, POLICY, "A policy allowed more than the one of its name."),
    "PolicyLoosenedThroughout": Attack(
        _loosen_throughout, UNPROVABLE, "The policy that ruled was another, under its own name."
    ),
    "PolicyRulesReplaced": Attack(
        _loosen_rules, BAD_EVENT, "The rules are others than those whose hash is named."
    ),
    "OfflineClaimed": Attack(_claim_offline, POLICY, "A run that got answers was offline."),
    "RunRenamed": Attack(_start(run_id="other"), UNPROVABLE, "It was another run."),
    "NonceReplaced": Attack(
        _start(nonce="0" * 32), UNPROVABLE, "An old run is shown as a new one."
    ),
    "StartOfAnotherVersion": Attack(
        _start(bundle="0.3"), BAD_EVENT, "The run says that it is of another version.", DIGESTED
    ),
    "RunIdTooLong": Attack(_start(run_id="a" * 65), BAD_EVENT, "A run id past its limit."),
    "NameTurned": Attack(_start(name="a\u202eb"), BAD_EVENT, "A name that turns text round."),
    "NonceInCapitals": Attack(_start(nonce="A" * 32), BAD_EVENT, "A nonce that is misspelt."),
    "SeedTooLarge": Attack(_start(seed=str(2**64)), BAD_EVENT, "A seed past 64 bits."),
    "StatusOutOfRange": Attack(_respond(status=1000), BAD_EVENT, "A status of four digits."),
    "BoundariesBack": Attack(_respond(boundaries=[1, 0]), BAD_EVENT, "Chunks that go back."),
    "SaltMisspelt": Attack(_respond(redactions=[_SALT]), BAD_EVENT, "A salt that is no hex."),
}
