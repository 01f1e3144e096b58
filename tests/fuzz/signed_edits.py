"""Edits of signed bundles and of what is demanded of them: each changes one thing at random.

What is said is changed before it is signed, the envelope after; then how they are spelled, their
bytes, the files. Trust files are changed by ``trust_edits.py``.
"""

import json
from random import Random
from typing import Any

import mutations
import mutations_v01
from ground import signing
from odd_keys import SIGNATURES
from odd_spellings import broken, oddly, respelled_base64
from signed_drafts import (
    KEYS,
    NAMES,
    STRANGER,
    TIMES,
    WORDS,
    Draft,
    Envelope,
    files_of,
    statement_of,
)
from trust_edits import ODD_TIMES
from values import change_value

Json = Any
Files = dict[str, bytes]

MAX_FILES, MAX_FILE, MAX_SIGNATURES = 64, 65_536, 8


def path_in(draft: Draft, random: Random) -> str | None:
    """Returns the name of one of the files of signatures, if there is one."""
    return random.choice([*draft.envelopes]) if draft.envelopes else None


def one_of(draft: Draft, random: Random) -> Envelope:
    """Returns one of the files of signatures; one that is not kept, if there is none."""
    path = path_in(draft, random)
    return Envelope({}, []) if path is None else draft.envelopes[path]


# ------------------------------------------------------------------------------------- envelopes


def edit_spelling(draft: Draft, random: Random) -> None:
    """Spells what is signed, or the envelope, in another way."""
    envelope = one_of(draft, random)
    if random.random() < 0.5:
        envelope.spell = oddly(random)
    else:
        envelope.write = oddly(random)


def edit_payload_bytes(draft: Draft, random: Random) -> None:
    """Signs other bytes than those of a statement."""
    one_of(draft, random).spell = lambda value: broken(signing.compact(value), random)


def edit_statement(draft: Draft, random: Random) -> None:
    """Says something else, and signs it."""
    statement = one_of(draft, random).statement
    change_value(statement, random, statement_of(files_of(random.choice(NAMES))), WORDS)


def edit_envelope(draft: Draft, random: Random) -> None:
    """Changes a value of an envelope that is signed already."""
    envelope = one_of(draft, random)
    other = signing.envelope_of(b"{}", STRANGER)
    envelope.edits.append(lambda value: change_value(value, random, other, WORDS))


def edit_signature(draft: Draft, random: Random) -> None:
    """Changes the bytes of a signature."""
    envelope = one_of(draft, random)
    if not envelope.keys:
        return
    number, change = random.randrange(len(envelope.keys)), random.choice(SIGNATURES)
    key = envelope.keys[number]

    def edit(value: Json) -> None:
        try:
            signature = value["signatures"][number]
            message = signing.pae(signing.PAYLOAD_TYPE, signing.base64.b64decode(value["payload"]))
            old = signing.base64.b64decode(signature["sig"])
            signature["sig"] = signing.b64(change(old, message, key, random))
        except (LookupError, TypeError, ValueError, AttributeError):
            return

    envelope.edits.append(edit)


def edit_base64(draft: Draft, random: Random) -> None:
    """Spells base64 in another way, which may stand for the same bytes."""

    def edit(value: Json) -> None:
        box, name = random.choice([(value, "payload"), *((s, "sig") for s in sigs(value))])
        if isinstance(box, dict) and isinstance(box.get(name), str):
            box[name] = respelled_base64(box[name], random)

    one_of(draft, random).edits.append(edit)


def sigs(value: Json) -> list[Json]:
    """Returns the signatures of an envelope, as far as there are any."""
    listed = value.get("signatures")
    return listed if isinstance(listed, list) else []


def edit_keys(draft: Draft, random: Random) -> None:
    """Lets others sign, or one twice, or so many that they are too many."""
    envelope = one_of(draft, random)
    several = random.choice((MAX_SIGNATURES, MAX_SIGNATURES + 1))
    envelope.keys = random.choice(
        (
            [STRANGER], [*envelope.keys, STRANGER], envelope.keys[:1] * 2, [*envelope.keys, *KEYS[:2]],
            [], envelope.keys[:1] * several, [KEYS[3]],
        )
    )  # fmt: skip


def edit_keyids(draft: Draft, random: Random) -> None:
    """Names another key, or none."""

    def edit(value: Json) -> None:
        for signature in sigs(value):
            if isinstance(signature, dict) and random.random() < 0.7:
                keyids = ("", "k", "\u202e", STRANGER.keyid, *(key.keyid for key in KEYS), None)
                signature["keyid"] = random.choice(keyids)
                if random.random() < 0.3:
                    del signature["keyid"]

    one_of(draft, random).edits.append(edit)


def edit_swapped(draft: Draft, random: Random) -> None:
    """Signs the statement of another bundle, or shows other bytes than were signed."""
    envelope = one_of(draft, random)
    other = statement_of(files_of(random.choice(NAMES)))
    if random.random() < 0.5:
        envelope.statement = other
        return
    shown = random.choice((signing.compact(other), json.dumps(envelope.statement).encode(), b""))
    envelope.edits.append(lambda value: value.update(payload=signing.b64(shown)))


# ----------------------------------------------------------------------------------------- files

ODD_PATHS = (
    "signatures", "signatures/a.json", "signatures/.dsse.json", "signatures/..dsse.json",
    "signatures/a.DSSE.json", "signatures/a/b.dsse.json", "signatures/con.dsse.json",
    "signatures/A.dsse.json", "signatures/a b.dsse.json", "signatures/é.dsse.json",
    "signatures/a.dsse.json.", "Signatures/a.dsse.json", "evidence/signatures/a.dsse.json",
    "signatures/a.dsse.json\n", "signatures/" + "x" * 118 + ".dsse.json",
    "signatures/" + "x" * 119 + ".dsse.json", "signatures/_.dsse.json", "signatures/-.dsse.json",
)  # fmt: skip


def edit_paths(draft: Draft, random: Random) -> None:
    """Moves or copies a file of signatures, or takes it away."""
    path, to = path_in(draft, random), random.choice((*ODD_PATHS, "signatures/a.dsse.json"))
    if path is None:
        draft.changes.append(lambda files: {**files, to: b"{}"})
        return
    match random.randrange(3):
        case 0:
            draft.envelopes[to] = draft.envelopes.pop(path)
        case 1:
            draft.envelopes[to] = draft.envelopes[path]
        case _:
            del draft.envelopes[path]


def edit_number(draft: Draft, random: Random) -> None:
    """Copies a file of signatures up to the limit, or one past it."""
    number, path = random.choice((2, MAX_FILES, MAX_FILES + 1)), path_in(draft, random)

    def change(files: Files) -> Files:
        data = files.get(path or "", b"x")
        here = sum(each.startswith("signatures/") for each in files)
        return {**files, **{f"signatures/{n}.dsse.json": data for n in range(number - here)}}

    draft.changes.append(change)


def edit_size(draft: Draft, random: Random) -> None:
    """Fills a file of signatures with white space up to the limit, or one past it."""
    size = random.choice((MAX_FILE, MAX_FILE + 1))
    envelope = one_of(draft, random)
    envelope.write = lambda value: signing.compact(value).ljust(size)


def edit_bytes(draft: Draft, random: Random) -> None:
    """Changes bytes of a file of signatures."""

    def change(files: Files) -> Files:
        paths = [path for path in files if path.startswith("signatures/")]
        path = random.choice(paths or ["signatures/a.dsse.json"])
        new = random.choice((b"", b"{}", b"null", b"\xff"))
        data = files.get(path, b"")
        return {**files, path: broken(data, random) if random.random() < 0.9 else new}

    draft.changes.append(change)


def edit_bundle(draft: Draft, random: Random) -> None:
    """Changes the bundle itself, before it is signed or after."""
    version, _, name = random.choice(NAMES).partition(" ")
    module = mutations if version == "0.2" else mutations_v01
    _, files = module.mutated(name, random)
    files = {path: data for path, data in files.items() if not path.startswith("signatures/")}
    draft.files = files
    if random.random() < 0.8:
        for envelope in draft.envelopes.values():
            envelope.statement = statement_or(envelope.statement, files)


def statement_or(statement: Json, files: Files) -> Json:
    """Returns the statement of a bundle that may have no receipt, else the one that there was."""
    try:
        return statement_of(files)
    except (LookupError, TypeError, ValueError):
        return statement


def edit_demands(draft: Draft, random: Random) -> None:
    """Demands a signature or not, and names a time, or what is none."""
    draft.required = not draft.required
    draft.at = random.choice((None, *TIMES, *ODD_TIMES))
