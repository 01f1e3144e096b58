"""Changes of signed bundles, trust files and demands, drawn from a seed.

    mutated("0.2 staged", Random(7))   ->   ("signatures", Asked(files={...}, trust=b"{...}", ...))

The same seed gives the same. Some are left as they were drawn, so that much passes.
"""

from collections.abc import Callable
from random import Random

import signed_edits as edits
import trust_edits
from signed_drafts import NAMES, Asked, Draft, drawn, files_of

__all__ = ["NAMES", "SORTS", "files_of", "mutated"]

AS_SIGNED = "as it was signed"

#: What may be done, and how often against the others.
SORTS: dict[str, tuple[Callable[[Draft, Random], None], int]] = {
    AS_SIGNED: (lambda draft, random: None, 12),
    "statements": (edits.edit_statement, 6),
    "bytes that are signed": (edits.edit_payload_bytes, 3),
    "spellings": (edits.edit_spelling, 8),
    "envelopes": (edits.edit_envelope, 8),
    "signatures": (edits.edit_signature, 10),
    "base64": (edits.edit_base64, 5),
    "signers": (edits.edit_keys, 6),
    "keyids": (edits.edit_keyids, 5),
    "statements of others": (edits.edit_swapped, 3),
    "names of files": (edits.edit_paths, 4),
    "number of files": (edits.edit_number, 1),
    "size of files": (edits.edit_size, 1),
    "bytes of files": (edits.edit_bytes, 5),
    "bundles": (edits.edit_bundle, 5),
    "trust files": (trust_edits.edit_trust, 6),
    "trusted keys": (trust_edits.edit_trusted_key, 4),
    "trusted times": (trust_edits.edit_trusted_times, 6),
    "trusted names": (trust_edits.edit_trusted_names, 4),
    "trusted lists": (trust_edits.edit_trusted_list, 4),
    "spelling of trust files": (trust_edits.edit_trust_spelling, 3),
    "bytes of trust files": (trust_edits.edit_trust_bytes, 3),
    "demands": (edits.edit_demands, 4),
}


def mutated(name: str, random: Random) -> tuple[str, Asked]:
    """Returns which sort of change was drawn first, and what is asked after one to three."""
    draft = drawn(name, random)
    weights = [weight for _, weight in SORTS.values()]
    sorts = random.choices([*SORTS], weights, k=random.choice((1, 1, 1, 2, 3)))
    for sort in sorts[: 1 if sorts[0] == AS_SIGNED else None]:
        SORTS[sort][0](draft, random)
    return sorts[0], draft.asked()
