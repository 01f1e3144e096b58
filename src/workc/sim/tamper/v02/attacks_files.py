"""Resealed edits of files and of the two documents: what is listed, named, or said twice (3 and 8)."""

from __future__ import annotations

from collections.abc import Callable

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import (
    BAD_MANIFEST,
    NO_CAPTURE,
    NOT_SAID,
    OTHER_CAPTURE,
    OTHER_MANIFEST,
    ROOTS,
    UNNAMED,
    UNPROVABLE,
    UNSAFE_ENTRY,
    VERSION,
)
from workc.sim.tamper.rungs import DIGESTED
from workc.sim.tamper.v02.draft import Draft, forget_unnamed


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


def _in_capitals(entries: list[Doc]) -> list[Doc]:
    return [{**entries[0], "sha256": "A" * 64}, *entries[1:]]


def _without(prefix: str) -> Callable[[list[Doc]], list[Doc]]:
    return lambda entries: [e for e in entries if not e["path"].startswith(prefix)]


def _of_version(draft: Draft) -> None:
    draft.manifest["bundle_version"] = "0.3"


def _name_other_manifest(draft: Draft) -> None:
    draft.kept.add("manifest_sha256")
    draft.receipt["manifest_sha256"] = "0" * 64


def _replace_root(name: str) -> Callable[[Draft], None]:
    def edit(draft: Draft) -> None:
        draft.roots = {name: {"root": "0" * 64, "size": 0}}

    return edit


def _receipt_of_version(draft: Draft) -> None:
    draft.receipt["bundle_version"] = "0.3"


_EVIDENCE: Attacks[Draft] = {
    "ProgramReplaced": Attack(_replace_program, UNPROVABLE, "Another program was run."),
    "OutputReplaced": Attack(_replace_output, UNPROVABLE, "Something else came out."),
    "EvidenceAdded": Attack(_add_evidence, UNNAMED, "A file is listed that no event names."),
    "EvidenceForgotten": Attack(_forget_evidence, NO_CAPTURE, "A file that events name is gone."),
    "EvidenceReplaced": Attack(_replace_evidence, OTHER_CAPTURE, "A file is not what events say."),
    "EvidenceNamedTwice": Attack(_name_twice, OTHER_CAPTURE, "Two events differ about a file."),
    "LogNamed": Attack(_name_log, NO_CAPTURE, "An event names the log as its evidence."),
}
_MANIFEST: Attacks[Draft] = {
    "ManifestOfAnotherRun": Attack(_rename_manifest, NOT_SAID, "The manifest names another run."),
    "ManifestOfAnotherVersion": Attack(
        _of_version, BAD_MANIFEST, "The manifest is of another version than the receipt."
    ),
    "EntriesReversed": Attack(
        _listed(lambda entries: entries[::-1]), BAD_MANIFEST, "The manifest is out of order."
    ),
    "EntryDoubled": Attack(
        _listed(lambda entries: [entries[0], *entries]), BAD_MANIFEST, "A file is listed twice."
    ),
    "HashInCapitals": Attack(_listed(_in_capitals), BAD_MANIFEST, "A hash that is misspelt."),
    "EntryClimbs": Attack(_listed(_climbing), UNSAFE_ENTRY, "A path leads out of the bundle."),
    "ReceiptListed": Attack(_listed(_with_receipt), BAD_MANIFEST, "The receipt is listed."),
    "LogUnlisted": Attack(_listed(_without("events")), BAD_MANIFEST, "The events are not listed."),
    "EvidenceUnlisted": Attack(
        _listed(_without("evidence/")), BAD_MANIFEST, "No evidence is listed."
    ),
}
_ROOTS: Attacks[Draft] = {
    f"RootOf{name.title()}Replaced": Attack(
        _replace_root(name), place, f"The root of {name} is another.", DIGESTED, "receipt"
    )
    for name, place in ROOTS.items()
}
FILE_ATTACKS: Attacks[Draft] = {
    **_ROOTS,
    **{name: attack._replace(component="evidence") for name, attack in _EVIDENCE.items()},
    # A manifest that is none has no projection; the receipt follows as far as it can.
    **{
        name: attack._replace(component="manifest", rung=DIGESTED)
        for name, attack in _MANIFEST.items()
    },
    "ReceiptOfAnotherManifest": Attack(
        _name_other_manifest,
        OTHER_MANIFEST,
        "The receipt names another manifest.",
        DIGESTED,
        "receipt",
    ),
    "ReceiptOfAnotherVersion": Attack(
        _receipt_of_version,
        VERSION,
        "The receipt is of a version that nobody knows.",
        DIGESTED,
        "receipt",
    ),
}
