"""Items of a lens as records: what was seen, and the way back to what work is shown of it."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Failure
from workc.kernel.lens import ItemObserved
from workc.kernel.payloads import Body
from workc.kernel.values import MAX_SAFE_INTEGER, Json, JsonObject
from workc.runtime.asks import Look
from workc.runtime.bodies import Files, KeptFiles, load, record_failure, store, store_text_or_bytes
from workc.runtime.effects import record_redactions
from workc.stages.observation import Observed


def record_item(files: Files, look: Look, found: Observed | Failure, now_ms: int) -> ItemObserved:
    """Returns the record of what was seen at ``now_ms``."""
    if isinstance(found, Failure):
        return msgspec.structs.replace(look.item, failure=record_failure(files, found))
    origin = found.origin
    dated_ms = now_ms if found.dated_ms is None else found.dated_ms
    return msgspec.structs.replace(
        look.item,
        dated_ms=min(max(dated_ms, 0), MAX_SAFE_INTEGER),
        proof_digest=UNSET if origin is None else origin.proof_digest,
        redactions=record_redactions(found.redactions) or UNSET,
        run_id=UNSET if origin is None else origin.run_id,
        value=_kept(files, found),
    )


def _kept(files: Files, found: Observed) -> Body:
    if found.is_json:
        return store(files, "json", found.data)
    return store_text_or_bytes(files, found.data)


def shown_item(files: KeptFiles, item: ItemObserved) -> JsonObject:
    """Returns an item as work sees it; of one that was not had, everything is empty."""
    if not isinstance(item.value, Body):
        return not_had(item.source)
    return kept_item(files, item.value, item.source)


def not_had(source: str) -> JsonObject:
    """Returns what work sees of an item that was not had."""
    return {"found": False, "sha256": "", "source": source, "text": "", "value": None}


def kept_item(files: KeptFiles, value: Body, source: str) -> JsonObject:
    """Returns what work sees of an item of which this was kept."""
    data = load(files, value)
    text = "" if value.form == "bytes" else data.decode("utf-8")
    return {
        "found": True,
        "sha256": sha256_hex(data),
        "source": source,
        "text": text,
        "value": _parsed(data),
    }


def _parsed(data: bytes) -> Json:
    """Returns the value of JSON text, or None for any other bytes."""
    try:
        return jcs.parse(data)
    except CanonicalError:
        return None
