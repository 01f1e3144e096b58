"""Resealed edits of what the run says of itself, and of the files that it names (sections 3, 6, 8)."""

from __future__ import annotations

import json
from collections.abc import Callable

from workc.kernel.digest import sha256_hex
from workc.sim.tamper.attack import DIGESTED, Attack, Attacks, forget_unnamed
from workc.sim.tamper.draft import Doc, Draft, does_not_apply
from workc.sim.tamper.json_text import spell_json
from workc.sim.tamper.place import (
    BAD_EVENT,
    BAD_MANIFEST,
    NO_CAPTURE,
    NOT_SAID,
    OTHER_CAPTURE,
    UNNAMED,
    UNPROVABLE,
    UNSAFE_ENTRY,
    VERSION,
)

_LOOSE: Doc = {
    "allow_loopback": True,
    "allow_private": True,
    "allow_public": True,
    "deny_hosts": [],
    "offline": False,
}


def _loosen(draft: Draft) -> None:
    policy = draft.payload("RunStarted")["policy"]
    _loosen_rules(draft)
    rules = policy["rules"]
    data = draft.files[rules["path"]] if "path" in rules else rules["inline"].encode()
    policy["rules_sha256"] = sha256_hex(data)


def _loosen_rules(draft: Draft) -> None:
    rules = draft.payload("RunStarted")["policy"]["rules"]
    before = draft.files[rules["path"]] if "path" in rules else rules["inline"].encode()
    text: Doc = json.loads(before)
    after = spell_json({**text, "network": {**text.get("network", {}), **_LOOSE}})
    if after == before:
        raise does_not_apply("no policy that could be looser")
    if "path" in rules:
        draft.files[rules["path"]] = after
    else:
        rules["inline"] = after.decode()


def _replace_program(draft: Draft) -> None:
    program = draft.payload("RunStarted")["program"]
    if "path" in program:
        draft.files[program["path"]] += b"\n"
    else:
        program["inline"] += "\n"


def _replace_output(draft: Draft) -> None:
    output = draft.payload("WorkEnded").get("output")
    if output is None:
        raise does_not_apply("no output")
    if "path" in output:
        draft.files[output["path"]] = b"{}" + draft.files[output["path"]]
    else:
        output["inline"] = "{}" + output["inline"]


def _add_evidence(draft: Draft) -> None:
    draft.files["evidence/zz-added.json"] = b"{}"


def _program_path(draft: Draft) -> str:
    path = draft.payload("RunStarted")["program"].get("path")
    if path is None:
        raise does_not_apply("no program in a file")
    return str(path)


def _forget_evidence(draft: Draft) -> None:
    del draft.files[_program_path(draft)]


def _replace_evidence(draft: Draft) -> None:
    draft.kept.add("bodies")
    draft.files[_program_path(draft)] += b"\n"


def _name_twice(draft: Draft) -> None:
    _program_path(draft)
    program = draft.payload("RunStarted")["program"]
    draft.kept.add("bodies")
    draft.payload("PlanChosen")["plan"] = {**program, "sha256": "0" * 64}
    forget_unnamed(draft)


def _name_log(draft: Draft) -> None:
    body: Doc = {"form": "json", "path": "events.jsonl", "sha256": "0" * 64, "size": 1}
    draft.payload("RunStarted")["inputs"] = body


def _rename_manifest(draft: Draft) -> None:
    draft.manifest["run_id"] = "other"


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


def _listed(change: Callable[[list[Doc]], list[Doc]]) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.kept.add("entries")
        draft.manifest["files"] = change(draft.manifest["files"])

    return edit


def _climbing(entries: list[Doc]) -> list[Doc]:
    return [{"path": "../x", "sha256": "0" * 64, "size": 1}, *entries]


def _with_receipt(entries: list[Doc]) -> list[Doc]:
    listed: Doc = {"path": "receipt.json", "sha256": "0" * 64, "size": 1}
    return [*entries, listed]


def _without(prefix: str) -> Callable[[list[Doc]], list[Doc]]:
    return lambda entries: [e for e in entries if not e["path"].startswith(prefix)]


def _of_version(draft: Draft) -> None:
    draft.manifest["bundle_version"] = "0.3"


def _receipt_of_version(draft: Draft) -> None:
    draft.receipt["bundle_version"] = "0.3"


_SALT: Doc = {"commitment": "0" * 64, "count": 1, "salt": "z" * 32, "secret": "K"}

WORD_ATTACKS: Attacks = {
    "PolicyLoosened": Attack(_loosen, UNPROVABLE, "The policy that ruled allowed more."),
    "PolicyRulesReplaced": Attack(
        _loosen_rules, BAD_EVENT, "The rules are others than those whose hash is named."
    ),
    "ProgramReplaced": Attack(_replace_program, UNPROVABLE, "Another program was run."),
    "OutputReplaced": Attack(_replace_output, UNPROVABLE, "Something else came out."),
    "RunRenamed": Attack(_start(run_id="other"), UNPROVABLE, "It was another run."),
    "NonceReplaced": Attack(
        _start(nonce="0" * 32), UNPROVABLE, "An old run is shown as a new one."
    ),
    "EvidenceAdded": Attack(_add_evidence, UNNAMED, "A file is listed that no event names."),
    "EvidenceForgotten": Attack(_forget_evidence, NO_CAPTURE, "A file that events name is gone."),
    "EvidenceReplaced": Attack(_replace_evidence, OTHER_CAPTURE, "A file is not what events say."),
    "EvidenceNamedTwice": Attack(_name_twice, OTHER_CAPTURE, "Two events differ about a file."),
    "LogNamed": Attack(_name_log, NO_CAPTURE, "An event names the log as its evidence."),
    "ManifestOfAnotherRun": Attack(_rename_manifest, NOT_SAID, "The manifest names another run."),
    "ManifestOfAnotherVersion": Attack(
        _of_version, BAD_MANIFEST, "The manifest is of another version than the receipt."
    ),
    "ReceiptOfAnotherVersion": Attack(
        _receipt_of_version, VERSION, "The receipt is of a version that nobody knows.", DIGESTED
    ),
    "EntriesReversed": Attack(
        _listed(lambda entries: entries[::-1]),
        BAD_MANIFEST,
        "The manifest is out of order.",
        DIGESTED,
    ),
    "EntryDoubled": Attack(
        _listed(lambda entries: [entries[0], *entries]),
        BAD_MANIFEST,
        "A file is listed twice.",
        DIGESTED,
    ),
    "EntryClimbs": Attack(
        _listed(_climbing), UNSAFE_ENTRY, "A path leads out of the bundle.", DIGESTED
    ),
    "ReceiptListed": Attack(
        _listed(_with_receipt), BAD_MANIFEST, "The receipt is listed.", DIGESTED
    ),
    "LogUnlisted": Attack(
        _listed(_without("events")), BAD_MANIFEST, "The events are not listed.", DIGESTED
    ),
    "EvidenceUnlisted": Attack(
        _listed(_without("evidence/")), BAD_MANIFEST, "No evidence is listed.", DIGESTED
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
