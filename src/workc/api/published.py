"""The JSON Schemas of what workc reads and prints, by name: what ``workc schema`` publishes.

Every object that may grow allows further members; a member is never renamed or given another type
within one schema name.
"""

from __future__ import annotations

from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.json_schema import published_schema
from workc.verify.signatures.trust import MAX_KEYS, VERSIONS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: JsonObject = {"type": "string"}
_TEXT_OR_NULL: JsonObject = {"type": ["string", "null"]}
_COUNT: JsonObject = {"type": "integer", "minimum": 0}
_COUNT_OR_NULL: JsonObject = {"type": ["integer", "null"], "minimum": 0}
_FLAG: JsonObject = {"type": "boolean"}
_OBJECT: JsonObject = {"type": "object"}
_ANY: JsonObject = {"description": "Any JSON."}
_RUN_STATES: list[Json] = ["success", "failure", "partial", "skipped", "running", "interrupted"]


def _record(optional: JsonObject | None = None, /, **required: JsonObject) -> JsonObject:
    """Returns the schema of an object with these members; others may be there."""
    names: list[Json] = [*required]
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": names,
    }


def _list(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


def _named(name: str, description: str, body: JsonObject) -> JsonObject:
    properties = body["properties"]
    members = properties if isinstance(properties, dict) else {}
    required = body["required"]
    names = required if isinstance(required, list) else []
    return {
        "$schema": _DIALECT,
        "title": name,
        "description": description,
        **body,
        "properties": {"schema": {"const": name}, **members},
        "required": ["schema", *names],
    }


_ERROR = _record(
    code=_TEXT,
    category=_TEXT,
    retryable=_FLAG,
    hint=_TEXT,
    retry_after_ms=_COUNT_OR_NULL,
    message=_TEXT,
    details=_OBJECT,
    step=_TEXT_OR_NULL,
)
_OUTCOME = _record(
    run_id=_TEXT_OR_NULL,
    ok=_FLAG,
    status={"enum": ["success", "failure", "partial", "skipped"]},
    code=_TEXT,
    message=_TEXT,
    output=_ANY,
    result={"type": ["object", "null"]},
    error={"anyOf": [{"type": "null"}, _ERROR]},
    step=_TEXT_OR_NULL,
    side_effects=_list(
        _record(type=_TEXT, target=_TEXT, by={"enum": ["world", "stub", "recording"]})
    ),
    stubbed=_FLAG,
    cost_micro_cents=_COUNT,
    attempts=_COUNT,
    timings=_record(started_ms=_COUNT, ended_ms=_COUNT, duration_ms={"type": "integer"}),
    bundle=_TEXT_OR_NULL,
    proof_digest=_TEXT_OR_NULL,
)
_FINDING = _record(
    {"line": _COUNT, "pointer": _TEXT, "expected": _TEXT, "actual": _TEXT},
    code=_TEXT,
    step=_TEXT,
    rule=_TEXT,
    path=_TEXT,
    message=_TEXT,
)
_VERDICT = _record(
    {"children": _list({"type": "object"}), "signers": _list(_record(name=_TEXT, keyid=_TEXT))},
    verdict={"enum": ["PASS", "FAIL"]},
    bundle_version=_TEXT_OR_NULL,
    run_id=_TEXT_OR_NULL,
    proof_digest=_TEXT_OR_NULL,
    failures=_list(_FINDING),
    not_checked=_list(_TEXT),
    notes=_list(_TEXT),
)
_TRUST_ENTRY = _record(
    {"keyid": _TEXT, "not_before": _TEXT, "not_after": _TEXT}, name=_TEXT, public_key=_TEXT
)
_TRUST = _record(
    keys=_list({**_TRUST_ENTRY, "additionalProperties": False}),
    threshold={"type": "integer", "minimum": 1, "maximum": MAX_KEYS},
    min_version={"enum": [*VERSIONS]},
)
_KEY = _record(
    name=_TEXT, keyid=_TEXT, private_key=_TEXT, public_key=_TEXT, trust_entry=_TRUST_ENTRY
)
_KEYS = _record(
    folder=_TEXT,
    keys=_list(_record(name=_TEXT, keyid=_TEXT, public_key=_TEXT, private_key=_TEXT_OR_NULL)),
)
_SIGNED = _record(
    run_id=_TEXT, proof_digest=_TEXT, keyid=_TEXT, file=_TEXT, is_new=_FLAG, path=_TEXT
)
_DIVERGENCE = _record(
    {
        "step": _TEXT,
        "at": _TEXT,
        "kind": _TEXT,
        "pointer": _TEXT,
        "recorded": _TEXT,
        "now": _TEXT,
        "path": _TEXT,
    },
    code=_TEXT,
    message=_TEXT,
)
_REPLAY = _record(
    identical=_FLAG,
    run_id=_TEXT_OR_NULL,
    events=_COUNT,
    files=_COUNT,
    proof_digest=_TEXT_OR_NULL,
    replayed_digest=_TEXT_OR_NULL,
    divergences=_list(_DIVERGENCE),
    opaque=_list(_TEXT),
    bundle=_TEXT_OR_NULL,
)
_TAMPERED = _record(
    bundle=_TEXT,
    out=_TEXT,
    operations=_list(_record(op=_OBJECT, text=_TEXT)),
    verdict=_VERDICT,
)
_CLASS = {"operator": _TEXT, "component": _TEXT, "rung": _COUNT}
_COUNTED: JsonObject = {"type": "object", "additionalProperties": _COUNT}
_TAMPER = _record(
    ok=_FLAG,
    bundle_version=_TEXT,
    run_id=_TEXT,
    proof_digest=_TEXT,
    is_sampled=_FLAG,
    mutants=_COUNT,
    detected=_COUNT,
    exact=_COUNT,
    classes_hit=_COUNT,
    classes_all=_COUNT,
    classes=_list(
        _record(
            **_CLASS,
            mutants=_COUNT,
            detected=_COUNT,
            exact=_COUNT,
            expected=_COUNTED,
            actual=_COUNTED,
        )
    ),
    missed=_list(_record(**_CLASS)),
    surprises=_list(
        _record(**_CLASS, at=_TEXT, expected=_TEXT, actual=_TEXT, op={"type": ["object", "null"]})
    ),
)
_LS = _record(
    runs=_list(
        _record(
            run_id=_TEXT,
            status={"enum": _RUN_STATES},
            name=_TEXT,
            code=_TEXT_OR_NULL,
            started_ms=_COUNT,
            ended_ms=_COUNT_OR_NULL,
            cost_micro_cents=_COUNT_OR_NULL,
            proof_digest=_TEXT_OR_NULL,
        )
    )
)
_PROBLEM = _record(
    code=_TEXT, message=_TEXT, fix=_TEXT, line=_COUNT, column=_COUNT, path=_TEXT, file=_TEXT
)
_PROBLEMS = _record(
    ok={"const": False},
    status={"const": "failure"},
    code=_TEXT,
    message=_TEXT,
    problems=_list(_PROBLEM),
    exit=_COUNT,
)
_BOUND = _record(
    bound_micro_cents=_COUNT_OR_NULL,
    known_part_micro_cents=_COUNT_OR_NULL,
    worst_micro_cents=_COUNT_OR_NULL,
    attempts=_COUNT,
    depends_on=_list(_TEXT),
    failure={"type": ["object", "null"]},
)
_PLANNED = _record(
    step=_TEXT,
    skill=_TEXT,
    wave=_COUNT,
    needs=_list(_TEXT),
    effects=_list(_TEXT),
    target=_TEXT,
    cost={"anyOf": [{"type": "null"}, _BOUND]},
)
_REMARK = _record(
    level={"enum": ["problem", "warning"]},
    message=_TEXT,
    step=_TEXT_OR_NULL,
    code=_TEXT_OR_NULL,
)
_CHECK = _record(
    {
        "name": _TEXT,
        "kind": {"enum": ["file", "function"]},
        "plan": _list(_PLANNED),
        "remarks": _list(_REMARK),
        "secrets": _list(_record(name=_TEXT, is_set=_FLAG)),
        "ceiling_micro_cents": _COUNT,
        "total_micro_cents": _COUNT_OR_NULL,
        "prices_date": _TEXT,
        "prices_sha256": _TEXT,
    },
    ok=_FLAG,
    file=_TEXT,
    problems=_list(_PROBLEM),
    exit=_COUNT,
)
_ERROR_DOCUMENT = _record(
    {"try": _list(_TEXT)},
    ok={"const": False},
    status={"enum": ["failure", "interrupted"]},
    code=_TEXT,
    message=_TEXT,
    hint=_TEXT,
    details=_OBJECT,
    exit=_COUNT,
)
_EFFECT = _record(
    port=_TEXT, target=_TEXT, attempt=_COUNT, status=_COUNT_OR_NULL, code=_TEXT_OR_NULL
)
_STEP = _record(
    step=_TEXT,
    skill=_TEXT,
    status={"enum": ["success", "failure", "skipped", "running"]},
    code=_TEXT_OR_NULL,
    message=_TEXT,
    attempts=_COUNT,
    duration_ms=_COUNT_OR_NULL,
    cost_micro_cents=_COUNT,
    needs=_list(_TEXT),
    effects=_list(_EFFECT),
    retries=_list(_record(attempt=_COUNT, code=_TEXT, after_ms=_COUNT)),
)
_GATE = _record(
    gate=_TEXT,
    kind=_TEXT,
    when=_TEXT,
    passed=_FLAG,
    step=_TEXT_OR_NULL,
    by=_TEXT_OR_NULL,
    note=_TEXT,
)
_CHILD = _record(
    run_id=_TEXT,
    step=_TEXT,
    critical=_FLAG,
    ceiling_micro_cents=_COUNT,
    spent_micro_cents=_COUNT,
    outcome=_TEXT_OR_NULL,
    proof_digest=_TEXT_OR_NULL,
)
_SHOW = _record(
    {"gates": _list(_GATE), "children": _list(_CHILD)},
    verified={"const": False},
    run_id=_TEXT,
    path=_TEXT,
    sealed=_FLAG,
    name=_TEXT,
    status={"enum": [*_RUN_STATES, "incomplete"]},
    code=_TEXT_OR_NULL,
    started_ms=_COUNT,
    ended_ms=_COUNT_OR_NULL,
    ceiling_micro_cents=_COUNT,
    spent_micro_cents=_COUNT,
    events=_COUNT,
    proof_digest=_TEXT_OR_NULL,
    steps=_list(_STEP),
    has_output=_FLAG,
    output=_ANY,
    notes=_list(_TEXT),
)
_MOVED = _record(verified={"const": False}, path=_TEXT, files=_COUNT, archive_bytes=_COUNT)
_SHOWN = _record(
    {"entry": _record(path=_TEXT, sha256=_TEXT, size=_COUNT), "event": _OBJECT},
    tree={"enum": ["artifacts", "events", "evidence"]},
    index=_COUNT,
    size=_COUNT,
)
_PROVED = _record(path=_TEXT, run_id=_TEXT_OR_NULL, proof_digest=_TEXT_OR_NULL, shows=_SHOWN)
_PROOF = _record(
    verdict={"enum": ["PASS", "FAIL"]},
    bundle_version=_TEXT_OR_NULL,
    run_id=_TEXT_OR_NULL,
    proof_digest=_TEXT_OR_NULL,
    failures=_list(_FINDING),
    not_checked=_list(_TEXT),
    notes=_list(_TEXT),
    shows={"anyOf": [{"type": "null"}, _SHOWN]},
    path=_TEXT,
)
_FAILURE = _record(
    code=_TEXT,
    category=_TEXT,
    retryable=_FLAG,
    exit=_COUNT,
    retry=_OBJECT,
    http_status=_COUNT_OR_NULL,
    summary=_TEXT,
    hint=_TEXT,
    since=_TEXT,
)
_EXPLAIN = _record(
    subject=_TEXT,
    failure={"anyOf": [{"type": "null"}, _FAILURE]},
    finding=_TEXT_OR_NULL,
    verdict={"enum": ["PASS", "FAIL", None]},
    sentences=_list(_TEXT),
)
_EVENTS = _record(
    verified={"const": False},
    events=_list(
        _record(
            seq=_COUNT,
            at=_list(_COUNT),
            at_ms=_COUNT_OR_NULL,
            phase=_TEXT,
            kind=_TEXT,
            payload=_OBJECT,
        )
    ),
)
_RECORDS = _record(verified={"const": False}, run_id=_TEXT, step=_TEXT, records=_list(_OBJECT))
_RULES = _record(
    rules=_list(
        _record(
            registry=_TEXT,
            number=_TEXT,
            code=_TEXT,
            step=_TEXT,
            paragraph=_TEXT,
            text=_TEXT,
        )
    )
)
_SCHEMAS = _record(schemas=_list(_record(name=_TEXT, title=_TEXT, description=_TEXT)))

_TEXTS = _list(_TEXT)
_USES_LEFT: JsonObject = {"type": "object", "additionalProperties": _COUNT_OR_NULL}
_SKILL = _record(
    skill_id=_TEXT,
    name=_TEXT,
    version=_TEXT,
    description=_TEXT,
    input_schema=_OBJECT,
    output_schema=_OBJECT,
    timeout_ms=_COUNT_OR_NULL,
    cost_estimate=_record(
        basis={"enum": ["free", "reserved", "unknown"]}, at_most_micro_cents=_COUNT_OR_NULL
    ),
    retry_policy=_record(by=_TEXT, max_attempts=_COUNT, idempotent=_FLAG),
    permissions=_TEXTS,
    side_effects=_TEXTS,
    tags=_TEXTS,
)
_CONTRACT = _record(
    contract_id=_TEXT,
    principal=_TEXT,
    budget_cents=_COUNT,
    period={"enum": ["run", "hour", "day", "contract"]},
    allowed_operations=_TEXTS,
    quotas={
        "type": "object",
        "additionalProperties": _record(uses=_COUNT_OR_NULL, per_minute=_COUNT_OR_NULL),
    },
    policy={"type": ["object", "null"]},
    expires_at=_TEXT_OR_NULL,
)
_STATE = _record(
    left_micro_cents=_COUNT_OR_NULL,
    spent_micro_cents=_COUNT,
    allowed_skills=_TEXTS,
    uses_left=_USES_LEFT,
    expires_at=_TEXT_OR_NULL,
    tried=_list(
        _record(
            name=_TEXT,
            run_id=_TEXT_OR_NULL,
            status=_TEXT,
            code=_TEXT,
            attempts=_COUNT,
            cost_micro_cents=_COUNT,
        )
    ),
    last_outcome={"anyOf": [{"type": "null"}, _OUTCOME]},
)
_SIMULATION = _record(
    name=_TEXT,
    ok=_FLAG,
    steps=_list(
        _record(
            step=_TEXT,
            skill=_TEXT,
            wave=_COUNT,
            attempts=_COUNT,
            effects=_TEXTS,
            target=_TEXT,
            cost_micro_cents=_COUNT_OR_NULL,
            waiting_ms=_COUNT_OR_NULL,
        )
    ),
    effects=_TEXTS,
    missing=_TEXTS,
    cost_micro_cents=_COUNT_OR_NULL,
    ceiling_micro_cents=_COUNT,
    waiting_ms=_COUNT_OR_NULL,
    remarks=_list(_REMARK),
)

#: Of each published name: the ``schema`` member of the document, what it is, its members.
_DOCUMENTS: dict[str, tuple[str, str, JsonObject]] = {
    "outcome": (
        "workc.outcome/1",
        "A StructuredOutcome: what `run` and `resume` print with --json.",
        _OUTCOME,
    ),
    "skill": ("workc.skill/1", "What `Runtime.describe_skill` gives: SkillMetadata.", _SKILL),
    "contract": ("workc.contract/1", "A ResourceContract.", _CONTRACT),
    "state": ("workc.state/1", "What `Runtime.query` gives.", _STATE),
    "simulation": ("workc.simulation/1", "What `Runtime.simulate` gives.", _SIMULATION),
    "problems": ("workc.problems/1", "What `run` prints of an invalid workflow.", _PROBLEMS),
    "check": ("workc.check/1", "What `check` prints with --json.", _CHECK),
    "verdict": ("workc.verdict/1", "What `verify-bundle` prints of one bundle.", _VERDICT),
    "trust": (
        "workc.trust/1",
        "A trust file, and what `keys trust` prints.",
        {**_TRUST, "additionalProperties": False},
    ),
    "key": ("workc.key/1", "What `keys new` prints with --json.", _KEY),
    "keys": ("workc.keys/1", "What `keys list` prints with --json.", _KEYS),
    "signed": ("workc.signed/1", "What `sign` prints with --json.", _SIGNED),
    "replay": ("workc.replay/1", "What `replay` prints with --json.", _REPLAY),
    "pack": ("workc.pack/1", "What `pack` prints with --json.", _MOVED),
    "unpack": ("workc.unpack/1", "What `unpack` prints with --json.", _MOVED),
    "prove": ("workc.prove/1", "What `prove` prints with --json.", _PROVED),
    "proof": ("workc.proof/1", "What `verify-proof` prints with --json.", _PROOF),
    "tamper": ("workc.tamper/1", "What `tamper --all` prints with --json.", _TAMPER),
    "tampered": ("workc.tampered/1", "What `tamper --op` prints with --json.", _TAMPERED),
    "ls": ("workc.ls/1", "What `ls` prints with --json.", _LS),
    "show": ("workc.show/1", "What `show` prints of a run with --json.", _SHOW),
    "step": ("workc.step/1", "What `show` prints of one step with --json.", _RECORDS),
    "events": ("workc.events/1", "What `show --events` prints with --json.", _EVENTS),
    "explain": ("workc.explain/1", "What `explain` prints with --json.", _EXPLAIN),
    "failures": ("workc.failures/1", "What `failures` prints.", _record(failures=_list(_FAILURE))),
    "rules": ("workc.rules/1", "What `verify-bundle --explain-rules` prints.", _RULES),
    "schemas": ("workc.schemas/1", "What `schema` prints without a name.", _SCHEMAS),
    "error": ("workc.error/1", "What any command prints that refuses.", _ERROR_DOCUMENT),
}


def schema_names() -> list[str]:
    """Returns the names of all published schemas."""
    return ["workflow", *_DOCUMENTS]


def schema_of(name: str) -> JsonObject | None:
    """Returns a published schema, or None if there is none of that name."""
    if name == "workflow":
        return published_schema()
    found = _DOCUMENTS.get(name)
    return None if found is None else _named(*found)
