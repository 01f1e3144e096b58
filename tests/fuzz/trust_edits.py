"""Edits of trust files, each of one thing at random: what they say, and how it is spelled."""

from random import Random
from typing import Any

from ground import signing
from odd_keys import LOW_ORDER, NO_POINTS, encoded
from odd_spellings import broken, oddly, respelled_base64
from signed_drafts import KEYS, STRANGER, TIMES, WORDS, Draft, entry_of
from values import change_value, copied

Json = Any

MAX_TRUST, MAX_LISTED = 1_048_576, 256
ODD_TIMES = (
    "", "2030", "2030-01-01", "2030-01-01T00:00:00", "2030-01-01T00:00:00+00:00",
    "2030-01-01t00:00:00z", "2030-01-01T24:00:00Z", "2030-01-01T23:59:60Z", "2030-02-29T00:00:00Z",
    "2028-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2030-13-01T00:00:00Z",
    "2030-00-01T00:00:00Z", "2030-01-00T00:00:00Z", "2030-04-31T00:00:00Z", "0000-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999Z", "9999-12-31T24:00:00Z", "2030-01-01T00:00:00.Z",
    "2030-01-01T00:00:00.1234Z", "2030-01-01T00:00:00.12Z", "2030-01-01T00:00:00,5Z",
    "٢030-01-01T00:00:00Z", "2030-01-01T00:00:00Z\n", " 2030-01-01T00:00:00Z", "2030-01-01 00:00:00Z",
    "2030-1-01T00:00:00Z", "+2030-01-01T00:00:00Z", "10000-01-01T00:00:00Z",
)  # fmt: skip
ODD_NAMES = (
    "", " ", "x" * 128, "x" * 129, "😀" * 128, "é", "e\u0301", "\n", "\0", "\x7f", "\x85", "\u00a0",
    "\u00ad", "\u200b", "\u202e", "\u2028", "\u3000", "\ue000", "\ufeff", "\U000e0001", "\U0010ffff",
    "\u0378", "\ud800",
)  # fmt: skip


def edit_trust(draft: Draft, random: Random) -> None:
    """Changes a value of the trust file."""
    if draft.trust is not None:
        change_value(draft.trust, random, signing.trust_value(STRANGER), WORDS)


def entry_in(draft: Draft, random: Random) -> Json:
    """Returns an entry of the trust file to change; one that is not kept, if there is none."""
    listed = draft.trust.get("keys") if isinstance(draft.trust, dict) else None
    entries = (
        [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    return random.choice(entries) if entries else {}


def edit_trusted_key(draft: Draft, random: Random) -> None:
    """Lists a key that may be none, or another spelling of one."""
    entry = entry_in(draft, random)
    odd = (*LOW_ORDER, *NO_POINTS, encoded(random.randrange(60), random.randrange(2)))
    data = random.choice((*odd, random.randbytes(32), *(key.public for key in KEYS)))
    text = signing.b64(data) if random.random() < 0.5 else data.hex()
    entry["public_key"] = random.choice((text, text, text.upper(), respelled_base64(text, random)))


def edit_trusted_times(draft: Draft, random: Random) -> None:
    """Gives a key a time of validity, which may be no time."""
    entry = entry_in(draft, random)
    for name in random.sample(("not_before", "not_after"), random.choice((1, 1, 2))):
        entry[name] = random.choice(TIMES if random.random() < 0.6 else ODD_TIMES)


def edit_trusted_names(draft: Draft, random: Random) -> None:
    """Calls a key something else, or by the keyid of another."""
    texts = (
        *ODD_NAMES,
        STRANGER.keyid,
        *(key.keyid for key in KEYS),
        chr(random.randrange(0x3000)),
    )
    entry_in(draft, random)[random.choice(("name", "keyid"))] = random.choice(texts)


def edit_trusted_list(draft: Draft, random: Random) -> None:
    """Lists keys twice, fewer or up to the limit, and demands as many or one more."""
    if not isinstance(draft.trust, dict) or not isinstance(draft.trust.get("keys"), list):
        return
    keys = draft.trust["keys"]
    match random.randrange(5):
        case 0:
            keys += [entry_of(random.choice((*KEYS, STRANGER)), random)]
        case 1:
            keys += copied(keys[:1])
        case 2:
            del keys[random.randrange(len(keys) + 1) :]
        case 3:
            keys += copied(keys[:1]) * (random.choice((MAX_LISTED, MAX_LISTED + 1)) - len(keys))
        case _:
            draft.trust["threshold"] = random.choice((len(keys), len(keys) + 1, float(len(keys))))


def edit_trust_spelling(draft: Draft, random: Random) -> None:
    """Spells the trust file in another way, up to its limit and past it."""
    size = random.choice((MAX_TRUST, MAX_TRUST + 1))
    filled = random.random() < 0.1
    draft.write_trust = (
        (lambda value: signing.compact(value).ljust(size)) if filled else oddly(random)
    )


def edit_trust_bytes(draft: Draft, random: Random) -> None:
    """Changes bytes of the trust file."""
    draft.write_trust = lambda value: broken(signing.compact(value), random)
