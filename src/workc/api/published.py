"""The JSON Schemas of what workc reads and prints, by name: what ``workc schema`` publishes.

Every object that may grow allows further members; a member is never renamed or given another type
within one schema name.
"""

from __future__ import annotations

from typing import get_args

from workc.api.plan_story import PLAN_STORY
from workc.api.published_check import CHECK, LIMITS, PROBLEM, PROBLEMS, REMARK
from workc.api.published_files import FILES
from workc.api.published_goldens import GOLDEN
from workc.api.published_policy import policy_documents
from workc.api.published_registry import STAGE_DOCUMENTS
from workc.api.published_runtime import runtime_documents
from workc.api.published_shapes import (
    ANY,
    CHILD_OUTCOME,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    OBJECT,
    TEXT,
    TEXT_OR_NULL,
    list_of,
    named,
    record,
)
from workc.api.published_stages import TESTED_STAGES, stage_documents
from workc.api.published_story import CHILD, LENS, WAITING
from workc.api.published_testing import TESTING_DOCUMENTS
from workc.api.resource_story import RESOURCES
from workc.api.stage_story import STAGES_OF_RUN
from workc.api.strategy_story import STRATEGY_STORY
from workc.kernel.fallbacks import FallbackAction
from workc.kernel.gates import GateKind, When
from workc.kernel.values import Json, JsonObject
from workc.runtime.outcome import Status
from workc.verify.signatures.trust import MAX_KEYS, VERSIONS

_RUN_STATES: list[Json] = [*get_args(Status), "running", "interrupted"]

_ERROR = record(
    code=TEXT,
    category=TEXT,
    retryable=FLAG,
    hint=TEXT,
    retry_after_ms=COUNT_OR_NULL,
    message=TEXT,
    details=OBJECT,
    step=TEXT_OR_NULL,
)
_FALLBACK = record(
    step=TEXT,
    action={"enum": list(get_args(FallbackAction))},
    code=TEXT,
    attempts=COUNT,
    skill=TEXT_OR_NULL,
)
_OUTCOME = record(
    run_id=TEXT_OR_NULL,
    ok=FLAG,
    status={"enum": list(get_args(Status))},
    code=TEXT,
    message=TEXT,
    output=ANY,
    result={"type": ["object", "null"]},
    error={"anyOf": [{"type": "null"}, _ERROR]},
    step=TEXT_OR_NULL,
    side_effects=list_of(
        record(type=TEXT, target=TEXT, by={"enum": ["world", "stub", "recording"]})
    ),
    stubbed=FLAG,
    cost_micro_cents=COUNT,
    attempts=COUNT,
    timings=record(started_ms=COUNT, ended_ms=COUNT, duration_ms={"type": "integer"}),
    bundle=TEXT_OR_NULL,
    proof_digest=TEXT_OR_NULL,
    fallbacks=list_of(_FALLBACK),
    failed_gates=list_of(
        record(
            gate=TEXT,
            kind={"enum": list(get_args(GateKind))},
            when={"enum": list(get_args(When))},
            step=TEXT_OR_NULL,
        )
    ),
    children=list_of(CHILD_OUTCOME),
    notes=list_of(TEXT),
)
_FINDING = record(
    {"line": COUNT, "pointer": TEXT, "expected": TEXT, "actual": TEXT},
    code=TEXT,
    step=TEXT,
    rule=TEXT,
    path=TEXT,
    message=TEXT,
)
_VERDICT = record(
    {
        "children": list_of({"type": "object"}),
        "signers": list_of(record(name=TEXT, keyid=TEXT)),
        "path": TEXT,
        "stages": TESTED_STAGES,
    },
    verdict={"enum": ["PASS", "FAIL"]},
    bundle_version=TEXT_OR_NULL,
    run_id=TEXT_OR_NULL,
    proof_digest=TEXT_OR_NULL,
    failures=list_of(_FINDING),
    not_checked=list_of(TEXT),
    notes=list_of(TEXT),
)
_TRUST_ENTRY = record(
    {"keyid": TEXT, "not_before": TEXT, "not_after": TEXT}, name=TEXT, public_key=TEXT
)
_TRUST = record(
    keys=list_of({**_TRUST_ENTRY, "additionalProperties": False}),
    threshold={"type": "integer", "minimum": 1, "maximum": MAX_KEYS},
    min_version={"enum": [*VERSIONS]},
)
_KEY = record(name=TEXT, keyid=TEXT, private_key=TEXT, public_key=TEXT, trust_entry=_TRUST_ENTRY)
_KEYS = record(
    folder=TEXT,
    keys=list_of(record(name=TEXT, keyid=TEXT, public_key=TEXT, private_key=TEXT_OR_NULL)),
)
_SIGNED = record(run_id=TEXT, proof_digest=TEXT, keyid=TEXT, file=TEXT, is_new=FLAG, path=TEXT)
_DIVERGENCE = record(
    {
        "step": TEXT,
        "at": TEXT,
        "kind": TEXT,
        "pointer": TEXT,
        "recorded": TEXT,
        "now": TEXT,
        "path": TEXT,
    },
    code=TEXT,
    message=TEXT,
)
_REPLAY = record(
    identical=FLAG,
    run_id=TEXT_OR_NULL,
    events=COUNT,
    files=COUNT,
    proof_digest=TEXT_OR_NULL,
    replayed_digest=TEXT_OR_NULL,
    divergences=list_of(_DIVERGENCE),
    opaque=list_of(TEXT),
    bundle=TEXT_OR_NULL,
)
_JUDGEMENT: JsonObject = {"enum": ["bad", "differs", "unjudged", "identical"]}
_CERTIFY = record(
    ok=FLAG,
    judgement=_JUDGEMENT,
    identical=COUNT,
    replays=COUNT,
    environments=list_of(
        record(
            number=COUNT, variables={"type": "object", "additionalProperties": {"type": "string"}}
        )
    ),
    bundles=list_of(
        record(
            bundle=TEXT,
            judgement=_JUDGEMENT,
            identical=COUNT,
            run_id=TEXT_OR_NULL,
            proof_digest=TEXT_OR_NULL,
            events=COUNT,
            opaque=list_of(TEXT),
            replays=list_of(
                record(
                    environment=COUNT,
                    judgement=_JUDGEMENT,
                    exit={"type": ["integer", "null"]},
                    duration_ms=COUNT,
                    replayed_digest=TEXT_OR_NULL,
                    divergences=list_of(_DIVERGENCE),
                )
            ),
        )
    ),
    exit=COUNT,
)
_TAMPERED = record(
    bundle=TEXT,
    out=TEXT,
    operations=list_of(record(op=OBJECT, text=TEXT)),
    verdict=_VERDICT,
)
_CLASS = {"operator": TEXT, "component": TEXT, "rung": COUNT}
_COUNTED: JsonObject = {"type": "object", "additionalProperties": COUNT}
_TAMPER = record(
    ok=FLAG,
    bundle_version=TEXT,
    run_id=TEXT,
    proof_digest=TEXT,
    is_sampled=FLAG,
    mutants=COUNT,
    detected=COUNT,
    exact=COUNT,
    classes_hit=COUNT,
    classes_all=COUNT,
    classes=list_of(
        record(
            **_CLASS,
            mutants=COUNT,
            detected=COUNT,
            exact=COUNT,
            expected=_COUNTED,
            actual=_COUNTED,
        )
    ),
    missed=list_of(record(**_CLASS)),
    surprises=list_of(
        record(**_CLASS, at=TEXT, expected=TEXT, actual=TEXT, op={"type": ["object", "null"]})
    ),
)
_LS = record(
    runs=list_of(
        record(
            run_id=TEXT,
            status={"enum": _RUN_STATES},
            name=TEXT,
            code=TEXT_OR_NULL,
            started_ms=COUNT,
            ended_ms=COUNT_OR_NULL,
            cost_micro_cents=COUNT_OR_NULL,
            proof_digest=TEXT_OR_NULL,
            fallbacks=list_of(_FALLBACK),
            continues=TEXT_OR_NULL,
            parent=TEXT_OR_NULL,
        )
    )
)
_ERROR_DOCUMENT = record(
    {"try": list_of(TEXT)},
    ok={"const": False},
    status={"enum": ["failure", "interrupted"]},
    code=TEXT,
    message=TEXT,
    hint=TEXT,
    details=record({"findings": list_of(_FINDING)}),
    exit=COUNT,
)
_EFFECT = record(port=TEXT, target=TEXT, attempt=COUNT, status=COUNT_OR_NULL, code=TEXT_OR_NULL)
_STEP = record(
    step=TEXT,
    skill=TEXT,
    status={"enum": ["success", "failure", "skipped", "running"]},
    code=TEXT_OR_NULL,
    message=TEXT,
    attempts=COUNT,
    duration_ms=COUNT_OR_NULL,
    waited_ms=COUNT,
    waits=FLAG,
    cost_micro_cents=COUNT,
    needs=list_of(TEXT),
    effects=list_of(_EFFECT),
    retries=list_of(record(attempt=COUNT, code=TEXT, after_ms=COUNT)),
    resources=RESOURCES,
    fallback={"anyOf": [{"type": "null"}, _FALLBACK]},
)
_GATE = record(
    gate=TEXT,
    kind=TEXT,
    when=TEXT,
    passed=FLAG,
    step=TEXT_OR_NULL,
    by=TEXT_OR_NULL,
    note=TEXT,
    gave=TEXT,
)
_SHOW = record(
    {
        "gates": list_of(_GATE),
        "plans": list_of(PLAN_STORY),
        "strategies": list_of(STRATEGY_STORY),
        "stages": STAGES_OF_RUN,
        "waiting": list_of(WAITING),
        "children": list_of(CHILD),
        "lens": LENS,
        "continues": TEXT_OR_NULL,
        "earlier": list_of(TEXT),
    },
    verified={"const": False},
    run_id=TEXT,
    path=TEXT,
    sealed=FLAG,
    name=TEXT,
    status={"enum": [*_RUN_STATES, "incomplete"]},
    code=TEXT_OR_NULL,
    started_ms=COUNT,
    ended_ms=COUNT_OR_NULL,
    ceiling_micro_cents=COUNT,
    spent_micro_cents=COUNT,
    limits=LIMITS,
    calls=COUNT,
    tokens=COUNT,
    events=COUNT,
    proof_digest=TEXT_OR_NULL,
    steps=list_of(_STEP),
    has_output=FLAG,
    output=ANY,
    notes=list_of(TEXT),
)
_MOVED = record(verified={"const": False}, path=TEXT, files=COUNT, archive_bytes=COUNT)
_SHOWN = record(
    {"entry": record(path=TEXT, sha256=TEXT, size=COUNT), "event": OBJECT},
    tree={"enum": ["artifacts", "events", "evidence"]},
    index=COUNT,
    size=COUNT,
)
_PROVED = record(path=TEXT, run_id=TEXT_OR_NULL, proof_digest=TEXT_OR_NULL, shows=_SHOWN)
_PROOF = record(
    verdict={"enum": ["PASS", "FAIL"]},
    bundle_version=TEXT_OR_NULL,
    run_id=TEXT_OR_NULL,
    proof_digest=TEXT_OR_NULL,
    failures=list_of(_FINDING),
    not_checked=list_of(TEXT),
    notes=list_of(TEXT),
    shows={"anyOf": [{"type": "null"}, _SHOWN]},
    path=TEXT,
)
_FAILURE = record(
    code=TEXT,
    category=TEXT,
    retryable=FLAG,
    exit=COUNT,
    retry=OBJECT,
    http_status=COUNT_OR_NULL,
    summary=TEXT,
    hint=TEXT,
    since=TEXT,
)
_EXPLAIN = record(
    subject=TEXT,
    failure={"anyOf": [{"type": "null"}, _FAILURE]},
    finding=TEXT_OR_NULL,
    verdict={"enum": ["PASS", "FAIL", None]},
    sentences=list_of(TEXT),
)
_EVENTS = record(
    verified={"const": False},
    events=list_of(
        record(
            seq=COUNT,
            at=list_of(COUNT),
            at_ms=COUNT_OR_NULL,
            phase=TEXT,
            kind=TEXT,
            payload=OBJECT,
        )
    ),
)
_RECORDS = record(verified={"const": False}, run_id=TEXT, step=TEXT, records=list_of(OBJECT))
_RULE = record(registry=TEXT, number=TEXT, code=TEXT, step=TEXT, paragraph=TEXT, text=TEXT)
_RULES = record(rules=list_of(_RULE))
_DECIDED = record(
    run_id=TEXT,
    step=TEXT,
    question=TEXT,
    decision={"enum": ["approved", "denied"]},
    by=TEXT,
    note=TEXT,
    open=COUNT,
)
_SERVE = record(metrics=TEXT, healthz=TEXT)
_SCHEMAS = record(schemas=list_of(record(name=TEXT, title=TEXT, description=TEXT)))

#: Of each published name: the ``schema`` member of the document, what it is, its members.
_DOCUMENTS: dict[str, tuple[str, str, JsonObject]] = {
    "outcome": (
        "workc.outcome/1",
        "A StructuredOutcome: what `run` and `resume` print with --json.",
        _OUTCOME,
    ),
    **runtime_documents(_OUTCOME, REMARK),
    "decided": ("workc.decided/1", "What `approve` and `deny` print with --json.", _DECIDED),
    "problems": ("workc.problems/1", "What `run` prints of an invalid workflow.", PROBLEMS),
    "check": ("workc.check/1", "What `check` prints with --json.", CHECK),
    **policy_documents(PROBLEM),
    **TESTING_DOCUMENTS,
    **stage_documents(),
    **STAGE_DOCUMENTS,
    "verdict": (
        "workc.verdict/1",
        "What `verify-bundle` prints of one bundle; of several it prints an array.",
        _VERDICT,
    ),
    "trust": (
        "workc.trust/1",
        "A trust file, and what `keys trust` prints.",
        {**_TRUST, "additionalProperties": False},
    ),
    "key": ("workc.key/1", "What `keys new` prints with --json.", _KEY),
    "keys": ("workc.keys/1", "What `keys list` prints with --json.", _KEYS),
    "signed": ("workc.signed/1", "What `sign` prints with --json.", _SIGNED),
    "replay": ("workc.replay/1", "What `replay` prints with --json.", _REPLAY),
    "certify": ("workc.certify/1", "What `certify` prints with --json.", _CERTIFY),
    "pack": ("workc.pack/1", "What `pack` prints with --json.", _MOVED),
    "unpack": ("workc.unpack/1", "What `unpack` prints with --json.", _MOVED),
    "prove": ("workc.prove/1", "What `prove` prints with --json.", _PROVED),
    "proof": ("workc.proof/1", "What `verify-proof` prints with --json.", _PROOF),
    "tamper": ("workc.tamper/1", "What `tamper --all` prints with --json.", _TAMPER),
    "tampered": ("workc.tampered/1", "What `tamper --op` prints with --json.", _TAMPERED),
    "golden": ("workc.golden/1", "What `golden` prints with --json.", GOLDEN),
    "ls": ("workc.ls/1", "What `ls` prints with --json.", _LS),
    "show": ("workc.show/1", "What `show` prints of a run with --json.", _SHOW),
    "step": ("workc.step/1", "What `show` prints of one step with --json.", _RECORDS),
    "events": ("workc.events/1", "What `show --events` prints with --json.", _EVENTS),
    "serve": ("workc.serve/1", "What `serve` prints when it listens.", _SERVE),
    "explain": ("workc.explain/1", "What `explain` prints with --json.", _EXPLAIN),
    "failures": ("workc.failures/1", "What `failures` prints.", record(failures=list_of(_FAILURE))),
    "rules": ("workc.rules/1", "What `verify-bundle --explain-rules` prints.", _RULES),
    "schemas": ("workc.schemas/1", "What `schema` prints without a name.", _SCHEMAS),
    "error": ("workc.error/1", "What any command prints that refuses.", _ERROR_DOCUMENT),
}


def schema_names() -> list[str]:
    """Returns the names of all published schemas."""
    return [*FILES, *_DOCUMENTS]


def schema_of(name: str) -> JsonObject | None:
    """Returns a published schema, or None if there is none of that name."""
    if name in FILES:
        return FILES[name]()
    found = _DOCUMENTS.get(name)
    return None if found is None else named(*found)
