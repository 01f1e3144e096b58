"""A signed bundle, a trust file and what a caller demands, before they are written down.

    drawn("0.2 staged", Random(7)).asked()   ->   Asked(files={...}, trust=b"...", required=True, at=None)

What a draft holds may be changed, and how each part is spelled; the signatures are made at the end,
over what stands there then.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import mutations
import mutations_v01
from ground import signing
from odd_keys import MixedKey
from odd_spellings import Spell
from values import Words

Json = Any
Files = dict[str, bytes]

#: Files of signatures may stand in a bundle of format 0.2 alone, so the other one has a few names.
NAMES = (*(f"0.2 {name}" for name in mutations.NAMES), "0.1 small", "0.1 full")
KEYS = (*map(signing.key, (1, 2, 3)), MixedKey(4))
STRANGER = signing.key(66)
#: In order; what a key is valid from and until, and when, is drawn from the same few.
TIMES = (
    "1970-01-01T00:00:00Z", "2029-12-31T23:59:59.999Z", "2030-01-01T00:00:00Z",
    "2030-01-01T00:00:00.5Z", "2030-06-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
)  # fmt: skip
#: What the rules of signatures look for.
WORDS = Words(
    numbers=(0, 1, 2, 3, 256, 257, -1, 1.0, 1.5, 2.0, 2**53, 10**30, 1e300),
    texts=(
        "", "x", "k", "0.1", "0.2", "0.3", "workc.trust/1", "workc.trust/2", "failed", "success",
        "Committed", signing.PAYLOAD_TYPE, signing.PREDICATE_TYPE, "workc:sealed-run/v2",
        signing.STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1", *(k.keyid for k in KEYS),
        *(signing.b64(k.public) for k in KEYS), "0" * 64, "AA==", "AB==", "e30=", "é", "\u202e",
        "\n", "\ud800", *TIMES,
    ),
    fields=(
        "x", "payload", "payloadType", "signatures", "keyid", "sig", "_type", "predicate",
        "predicateType", "subject", "digest", "sha256", "name", "public_key", "not_before",
        "not_after", "threshold", "min_version", "schema", "keys",
    ),
)  # fmt: skip


class Asked(NamedTuple):
    """What both verifiers are asked: a bundle, a trust file if any, what else is demanded."""

    files: Mapping[str, bytes]
    trust: bytes | None
    required: bool
    at: str | None


@dataclass
class Envelope:
    """A file of signatures: what is said, by whom; ``edits`` change the value before it is spelled."""

    statement: Json
    keys: list[signing.Key]
    spell: Spell = signing.compact
    write: Spell = signing.compact
    edits: list[Callable[[Json], None]] = field(default_factory=list)

    def data(self) -> bytes:
        """Returns the bytes of the file."""
        value = signing.envelope_of(self.spell(self.statement), *self.keys)
        for edit in self.edits:
            edit(value)
        return self.write(value)


@dataclass
class Draft:
    """Everything that is asked; ``changes`` are made to the files when all is signed."""

    files: Files
    envelopes: dict[str, Envelope]
    trust: Json
    required: bool
    at: str | None
    write_trust: Spell = signing.compact
    changes: list[Callable[[Files], Files]] = field(default_factory=list)

    def asked(self) -> Asked:
        """Returns what both verifiers are asked."""
        files = {**self.files, **{path: each.data() for path, each in self.envelopes.items()}}
        for change in self.changes:
            files = change(files)
        if self.trust is None:
            return Asked(files, None, required=False, at=None)
        return Asked(files, self.write_trust(self.trust), self.required, self.at)


def files_of(name: str) -> Mapping[str, bytes]:
    """Returns a good bundle that nobody signed; do not change it."""
    version, _, bundle = name.partition(" ")
    return (mutations if version == "0.2" else mutations_v01).files_of(bundle)


def statement_of(files: Mapping[str, bytes]) -> Json:
    """Returns what a signature of a bundle of either format should say."""
    receipt = json.loads(files["receipt.json"])
    if "bundle_version" in receipt:
        return signing.statement_of(files)
    digest = receipt["integrity"]["proof_digest"]
    predicate = {
        "bundle_version": "0.1",
        "lock_level": receipt["lock_level"],
        "outcome": receipt["outcome"]["status"],
    }
    return {
        "_type": signing.STATEMENT_TYPE,
        "predicate": predicate,
        "predicateType": signing.PREDICATE_TYPE,
        "subject": [{"digest": {"sha256": digest}, "name": receipt["loop_id"]}],
    }


def drawn(name: str, random: Random) -> Draft:
    """Returns a bundle signed by nobody, one or several, mostly so that it is good."""
    files = dict(files_of(name))
    unsigned = random.random() < (0.15 if name.startswith("0.2") else 0.8)
    keys = [] if unsigned else random.sample(KEYS, random.choice((1, 1, 1, 2, 2, 3)))
    envelopes = {
        signing.path_of(members[0]): Envelope(statement_of(files), members)
        for members in shared_out(keys, random)
    }
    version = "0.2" if name.startswith("0.2") and random.random() < 0.8 else "0.1"
    trust = None if random.random() < 0.08 else trust_in(keys, version, random)
    at = random.choice((None, *TIMES))
    return Draft(files, envelopes, trust, required=random.random() < 0.5, at=at)


def shared_out(keys: list[signing.Key], random: Random) -> list[list[signing.Key]]:
    """Returns the keys, each in a file of its own or several in one."""
    return [[key] for key in keys] if random.random() < 0.6 or not keys else [keys]


def trust_in(keys: list[signing.Key], min_version: str, random: Random) -> Json:
    """Returns a trust file that lists the keys and perhaps others."""
    others = [key for key in KEYS if key not in keys and random.random() < 0.3]
    listed = [*keys, *others]
    random.shuffle(listed)
    entries = [entry_of(key, random) for key in listed]
    most = max(1, len(keys) if random.random() < 0.9 else len(listed))
    threshold = random.randrange(1, most + 1)
    return signing.trust_value(*entries, threshold=threshold, min_version=min_version)


def entry_of(key: signing.Key, random: Random) -> Json:
    """Returns an entry of a trust file, mostly without times."""
    entry = key.entry()
    if random.random() < 0.2:
        entry["public_key"] = key.public.hex()
    if random.random() < 0.2:
        entry["keyid"] = random.choice((key.keyid, "k", STRANGER.keyid))
    if random.random() < 0.2:
        since, until = sorted(random.choices(TIMES, k=2), key=TIMES.index)
        entry |= random.choice(
            ({"not_before": since}, {"not_after": until}, {"not_before": since, "not_after": until})
        )
    return entry
