"""Judge a bundle a second time; one of format 0.2 from `docs/spec/bundle-0.2.md` and nothing else.

This file shares no code with `src/workc` and uses the standard library only: where it and the
verifier of workc disagree, one of the two or the page is wrong. Numbers in brackets are sections of
the page. It is written to be read beside the page, so it holds the whole bundle in memory. A bundle of format 0.1 goes to `verifier_v01.py`.

    verify({"manifest.json": b"...", ...})  ->  []                       PASS
    verify({"manifest.json": b"", ...})     ->  ["BUNDLE_MALFORMED"]     FAIL
    python tests/second_verifier/verifier.py DIR

The page does not say how often one breach is counted. Here each step gives each code at most once,
in the order of the steps. Any bytes whatever give a list, never an exception.
"""

import base64
import hashlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

Json = Any
Event = dict[str, Any]
Shape = Callable[[Json], bool]

MAX_NAMES = 1_000_000  # [2]
MAX_PATH = 512  # [2]
MAX_DOCUMENT = 268_435_456  # [3] [8]: manifest.json, receipt.json
MAX_FILE = 8_589_934_592  # [3]
MAX_LINE = 16_777_216  # [4], read as: without its newline
MAX_LINES = 10_000_000  # [4]
MAX_COUNT = 2**53 - 1  # [1]
MAX_SIGNATURE_FILES, MAX_SIGNATURE_FILE = 64, 65_536  # [12]


def load(name: str) -> Any:
    """The module in a file beside this one."""
    spec = importlib.util.spec_from_file_location(
        f"second_{name}", Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


folders, v01 = load("folders"), load("verifier_v01")
Content, Tree, parents = folders.Content, folders.Tree, folders.parents


# ---------------------------------------------------------------------------------- [1] notation


def h(data: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def tagged(tag: str, data: bytes) -> str:
    """H(ASCII(tag) || 0x00 || data)."""
    return h(tag.encode("ascii") + b"\0" + data)


def canonical(value: Json) -> bytes:
    """The one spelling of a value; UnicodeEncodeError for a lone surrogate."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def refuse(text: str) -> NoReturn:
    raise ValueError(text)


def integer(text: str) -> int:
    number = int(text)
    return number if -MAX_COUNT <= number <= MAX_COUNT else refuse(text)


def ascii_keys(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    return dict(pairs) if all(key.isascii() for key, _ in pairs) else refuse("key")


def parse(raw: bytes) -> Json:
    """The value of canonical JSON; ValueError or RecursionError for any other bytes."""
    value = json.loads(
        raw.decode("utf-8"),
        object_pairs_hook=ascii_keys,
        parse_int=integer,
        parse_float=refuse,
        parse_constant=refuse,
    )
    return value if canonical(value) == raw else refuse("not canonical")


# Shapes are written as on the page, `closed("name type, name? type")`. A type is a name in SHAPES,
# or `:a|b` for one of these strings; `[]` after it makes it a list.


def string(value: Json) -> bool:
    return type(value) is str


def count(value: Json) -> bool:
    return type(value) is int and 0 <= value <= MAX_COUNT


def body(value: Json) -> bool:
    if INLINE(value):
        return value["form"] != "bytes" or base64_text(value["inline"])
    return ELSEWHERE(value)


def base64_text(text: str) -> bool:
    """RFC 4648 section 4, with padding, and unused bits zero: one spelling per content."""
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


def shape(name: str) -> Shape:
    if name.endswith("[]"):
        item = shape(name[:-2])
        return lambda value: type(value) is list and all(map(item, value))
    if name.startswith(":"):
        allowed = name[1:].split("|")
        return lambda value: type(value) is str and value in allowed
    return SHAPES[name]


def closed(text: str) -> Shape:
    """A closed object; a field whose name ends in `?` may be absent."""
    fields = dict(field.split() for field in text.split(", "))
    shapes = {name.rstrip("?"): shape(of) for name, of in fields.items()}
    needed = {name for name in fields if not name.endswith("?")}

    def fits(value: Json) -> bool:
        if type(value) is not dict or not needed <= value.keys() <= shapes.keys():
            return False
        return all(shapes[name](item) for name, item in value.items())

    return fits


SHAPES: dict[str, Shape] = {
    "string": string,
    "count": count,
    "boolean": lambda value: type(value) is bool,
    "object": lambda value: type(value) is dict,
    "bodies": lambda value: type(value) is dict and all(map(body, value.values())),
    "names": lambda value: type(value) is dict and all(map(string, value.values())),
    "header": lambda value: type(value) is list and len(value) == 2 and all(map(string, value)),
    "place": lambda value: type(value) is list and 1 <= len(value) <= 64 and all(map(count, value)),
    "Body": body,
}
INLINE = closed("form :json|text|bytes, inline string")
ELSEWHERE = closed("form :json|text|bytes, path string, sha256 string, size count")
SHAPES["Failure"] = closed("code string, details Body, message string, retry_after_ms? count")

# --------------------------------------------------------------------- [3] [4] [6] [8] shapes

SHAPES["level"] = shape(":Syntactic|Semantic|Regression|Acceptance")
SHAPES["redaction"] = closed("commitment string, count count, salt string, secret string")
SHAPES["response"] = closed(
    "body Body, boundaries count[], headers header[], redactions redaction[], status count, "
    "url string"
)
SHAPES["outcome"] = closed("data? Body, errors? Body, facts Body, redactions redaction[]")
SHAPES["limits"] = closed("calls? count, tokens? count, wall_ms? count")
SHAPES["rules"] = closed("id string, rules Body, rules_sha256 string")
SHAPES["result"] = closed(
    "check_id string, failure? Failure, kind? :command|function, level level, passed boolean, that string, value? Body"
)
RUN = (  # What the receipt repeats of RunStarted.
    "catalog_sha256 string, code names, engine string, inputs Body, name string, nonce string, "
    "prices Body, program Body, program_kind :file|function, run_id string, seed string"
)
SHAPES["effect"] = closed("op :ReadFS|WriteFS|Network|Exec|Publish, selector string")
SHAPES["compression"] = closed("algorithm :TrieMerge-v0.1, input_count count, output_count count")
SHAPES["backtrack"] = closed(
    "code string, error_class? :Recoverable|Unrecoverable|PatternFailure|Catastrophic, "
    "gate? string, of? string, to :Act|Decide|Orient"
)
SHAPES["stage"] = closed("evidence_id string, signature_id string, stage_id string")
SHAPES["stages"] = lambda value: type(value) is dict and all(map(SHAPES["stage"], value.values()))
SHAPES["parent"] = closed("run_id string, spawn_index count, step string")
SHAPES["thresholds"] = closed(
    "Committed? count, Draft? count, Immutable? count, Published? count, Staged? count"
)
SHAPES["claim"] = closed("about string, item string, part? count, says Body")
SHAPES["word"] = closed("about string, says Body")
SHAPES["quality"] = closed(
    "aggregate count, conflict count, coverage count, freshness count, provenance count"
)
SHAPES["scripted"] = closed("conflict count, coverage count, freshness count, provenance count")
SHAPES["suggestion"] = closed("id string, permille count")
SHAPES["weighed"] = closed(
    "confidence count, failure? string, id string, threshold count, version string, weight count"
)
INTENT = "description string, source :human|parent_loop|trigger|policy"
LOCK = "lock_level :Draft|Staged|Committed|Published|Immutable, outcome :success|partial|failed"
OF_STEP = "attempt count, step string, "
MOVE = "n count, reserved count, spent count, step string, tokens? count, "
PAYLOADS = {
    "RunStarted": closed(
        RUN
        + ", continues? string, parent? parent, bundle :0.2, ceiling_micro_cents count, limits? limits, "
        "lens_script? scripted[], "
        "max_backtracks? count, policy rules, programs? bodies, stages? stages"
    ),
    "IntentSet": closed(INTENT),
    "ItemObserved": closed(
        "dated_ms? count, effect? effect, failure? Failure, "
        "how :bundle|environment|file|files|run|text|url, item string, part? count, "
        "proof_digest? string, redactions? redaction[], round count, run_id? string, source string, "
        "value? Body, weight count"
    ),
    "LensAssembled": closed(
        "at_least? thresholds, claims? claim[], failure? Failure, items count, quality? quality, "
        "requires? string[], scripted? boolean"
    ),
    "ConflictFound": closed("about string[], step string"),
    "ConflictResolved": closed(
        "backtrack backtrack, child_run_id? string, failure? Failure, item string, "
        "proof_digest? string, value? Body, words? word[]"
    ),
    "StrategySuggested": closed("signals Body, suggestions suggestion[], weighed weighed[]"),
    "StrategyApplied": closed("id string, parameters Body, permille count, version string"),
    "PlanAsked": closed(
        "attempt count, compression? compression, effects? effect[], planner :function|skill, "
        "skill string, step string"
    ),
    "PlanRefused": closed("attempt count, code string, problems Body"),
    "PlanChosen": closed(
        "compression? compression, decision? Body, document? Body, effects? effect[], plan Body, "
        "planner? :function|skill, steps count"
    ),
    "ApprovalAsked": closed("gate string, question Body, step string, timeout_ms? count"),
    "ApprovalAnswered": closed(
        "by? string, decision :approved|denied|timed_out, gate string, note string, step string"
    ),
    "GateEvaluated": closed(
        "effect? effect, failure? Failure, gate string, kind :check|command|function|policy, "
        "passed boolean, step? string, that string, value? Body, when :pre_run|pre_step|post_step|post_run"
    ),
    "ResourcesClaimed": closed("resources string[], step string, wait_ms count"),
    "ResourceHeld": closed("by string, resource string, step string"),
    "ResourceAnswered": closed(
        "failure? Failure, forced? count, n? count, resource string, step string, token? count"
    ),
    "ResourceReleased": closed("n count, resource string, step string, token count"),
    "SkillAsked": closed(OF_STEP + "params Body, request string, skill string"),
    "SkillExecuted": closed(
        OF_STEP + "failure? Failure, mode :pure|opaque|context, params? Body, request? string, "
        "skill string, value? Body"
    ),
    "EffectAsked": closed(
        OF_STEP + "digest string, effect? effect, port :http|model|file|exec|publish, request Body"
    ),
    "EffectAnswered": closed(
        "failure? Failure, request string, response? response, result? outcome"
    ),
    "RetryScheduled": closed(OF_STEP + "after_ms count, code string"),
    "FallbackTaken": closed(
        OF_STEP + "action :abort|skill|skip|value, code string, skill? string, value? Body"
    ),
    "TimerSet": closed("after_ms count"),
    "TimerFired": lambda payload: payload == {},
    "BudgetReserved": closed(
        MOVE + "bound count, granted boolean, refused_by? :step|tokens|calls|wall|shared, "
        "shared_left? count, step_ceiling? count"
    ),
    "BudgetSettled": closed(MOVE + "actual count, basis :usage|released|bound, grant count"),
    "ChildSpawned": closed(
        "ceiling_micro_cents count, child_run_id string, critical boolean, nonce string, "
        "spawn_index count, step string"
    ),
    "ChildJoined": closed(
        "child_run_id string, failure? Failure, outcome :success|partial|failed, "
        "proof_digest string, spawn_index count, spent_micro_cents count, value? Body"
    ),
    "CallHalted": closed("code string"),
    "StepSkipped": closed("because string[], code string, step string"),
    "WorkEnded": closed(
        "backtrack? backtrack, failure? Failure, halt? string, output? Body, step? string"
    ),
    "VerificationRun": closed(
        "backtrack? backtrack, results result[], verdict :passed|failed|nothing_to_check"
    ),
    "Locked": closed("code? string, " + LOCK),
}
EXACTLY_ONE = {
    "SkillExecuted": ("failure", "value"),
    "EffectAnswered": ("failure", "response", "result"),
    "ItemObserved": ("failure", "value"),
}
ANSWERS = {
    "RunStarted",
    "ItemObserved",
    "ApprovalAnswered",
    "EffectAnswered",
    "TimerFired",
    "CallHalted",
}
ANSWERS |= {"BudgetReserved", "BudgetSettled", "ChildJoined"}
ANSWERS |= {"ResourceHeld", "ResourceAnswered", "ResourceReleased"}
PHASE = dict.fromkeys(PAYLOADS, "Act") | {
    "RunStarted": "Observe",
    "IntentSet": "Observe",
    "ItemObserved": "Observe",
    "LensAssembled": "Orient",
    "ConflictFound": "Decide",
    "ConflictResolved": "Decide",
    "StrategySuggested": "Decide",
    "StrategyApplied": "Decide",
    "PlanAsked": "Decide",
    "PlanRefused": "Decide",
    "PlanChosen": "Decide",
    "VerificationRun": "Verify",
    "Locked": "Lock",
}
EVENT = closed(
    "at place, at_ms? count, kind string, payload object, phase string, prev string, seq count, "
    "ts count"
)

SHAPES["entry"] = closed("path string, sha256 string, size count")
MANIFEST = closed("bundle_version :0.2, files entry[], run_id string")

PLAIN_ROOTS = ("evidence", "artifacts", "effects", "lens", "verification", "budget")
ROOTS = ("events", *PLAIN_ROOTS, "gates", "workgraph")  # In the order of the page.
SHAPES["counts"] = closed(
    "attempts count, effects count, events count, retries count, steps count, "
    "steps_failed count, steps_skipped count, steps_succeeded count"
)
SHAPES["failure"] = closed("code string, message string, step? string")
SHAPES["child"] = closed(
    "ceiling_micro_cents count, child_run_id string, critical boolean, nonce string, "
    "outcome? :success|partial|failed, proof_digest? string, spawn_index count, "
    "spent_micro_cents? count, step string, value? Body"
)
SHAPES["gate"] = closed(
    "gate string, kind :check|command|function|policy|human, passed boolean, step? string, "
    "when :pre_run|pre_step|post_step|post_run"
)
SHAPES["fallback"] = closed(OF_STEP + "action :abort|skill|skip|value, code string, skill? string")
SHAPES["intent"] = closed(INTENT)
SHAPES["money"] = closed(
    "calls? count, ceiling_micro_cents count, limits? limits, refused count, "
    "reserved_micro_cents count, spent_micro_cents count, tokens? count"
)
SHAPES["policy"] = closed("id string, rules_sha256 string")
SHAPES["root"] = closed("root string, size count")
SHAPES["roots"] = closed(", ".join(f"{name} root" for name in ROOTS))
SHAPES["step_failure"] = closed("attempts count, code string, step string")
SHAPES["checked"] = closed("check_id string, level level, passed boolean")
SHAPES["verification"] = closed(
    "results checked[], verdict :passed|failed|nothing_to_check|not_run"
)
RECEIPT = closed(
    RUN
    + ", backtracks? backtrack[], bundle_version :0.2, children? child[], continues? string, effects? effect[], parent? parent, counts counts, ended_ms count, failure? failure, fallbacks? fallback[], gates? gate[], "
    "halt? string, intent intent, manifest_sha256 string, money money, output? Body, phase_sequence string[], "
    "policy policy, proof_digest string, roots roots, stages? stages, started_ms count, "
    "step_failures step_failure[], verification verification, " + LOCK
)


# ------------------------------------------------------------------------------- step 1: names [2]


SEGMENT = re.compile(r"[A-Za-z0-9._-]{0,127}[A-Za-z0-9_-]")  # Not `.`, not `..`, no dot at the end.
DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.ASCII)


def safe(path: str) -> bool:
    if len(path) > MAX_PATH:
        return False
    segments = path.split("/")
    return all(SEGMENT.fullmatch(part) and not DEVICE.fullmatch(part) for part in segments)


def safe_together(names: set[str]) -> bool:
    return all(map(safe, names)) and len({name.lower() for name in names}) == len(names)


def check_names(tree: Tree) -> list[str]:
    names = tree.files.keys() | tree.folders | tree.neither
    if len(names) > MAX_NAMES:
        return ["LIMIT_EXCEEDED"]
    both = tree.files.keys() & tree.folders  # Only a dict can have it, never a file system.
    unsafe = tree.neither or both or not safe_together(names)
    empty = tree.folders - {folder for path in tree.files for folder in parents(path)}
    return ["UNSAFE_PATH"] * bool(unsafe) + ["UNLISTED_FILE"] * bool(empty)


# ------------------------------------------------- steps 2 and 4: manifest [3] and receipt [8] [10]


def read_document(tree: Tree, name: str, fits: Shape) -> tuple[Json, list[str]]:
    """A document of a shape and no code, or None and the code that says why there is none."""
    raw = tree.files.get(name)
    if raw is None:
        return None, ["BUNDLE_MALFORMED"]
    if isinstance(raw, str):
        return None, [raw]
    if len(raw) > MAX_DOCUMENT:
        return None, ["LIMIT_EXCEEDED"]
    try:
        value = parse(raw)
    except (ValueError, RecursionError):
        return None, ["BUNDLE_MALFORMED"]
    return (value, []) if fits(value) else (None, ["BUNDLE_MALFORMED"])


def read_manifest(tree: Tree) -> tuple[Json, list[str]]:
    manifest, codes = read_document(tree, "manifest.json", MANIFEST)
    if codes:
        return None, codes
    paths = [entry["path"] for entry in manifest["files"]]
    folders = {folder for path in paths for folder in parents(path)}
    if not safe_together(folders | set(paths)) or folders & set(paths):
        return None, ["UNSAFE_PATH"]
    in_order = sorted(set(paths)) == paths  # Safe paths are ASCII, so this is the order of bytes.
    known = all(
        path == "events.jsonl" or path.startswith(("evidence/", "artifacts/")) for path in paths
    )
    program = any(path.startswith("evidence/") for path in paths)
    if in_order and known and program and "events.jsonl" in paths:
        return manifest, []
    return None, ["BUNDLE_MALFORMED"]


def names_other_version(raw: Content | None) -> bool:
    if not isinstance(raw, bytes) or len(raw) > MAX_DOCUMENT:
        return False
    try:
        value = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    if type(value) is not dict:
        return False
    version = value.get("bundle_version")
    return type(version) is str and version != "0.2"


# ------------------------------------------------------------------------------- step 3: files [3]


SIGNATURES = re.compile(r"signatures/[A-Za-z0-9._-]+\.dsse\.json")  # Judged by signatures.py.


def check_signature_limits(tree: Tree) -> list[str]:
    """What holds of files of signatures without a trust file [12]."""
    found = [raw for path, raw in tree.files.items() if SIGNATURES.fullmatch(path)]
    large = any(isinstance(raw, bytes) and len(raw) > MAX_SIGNATURE_FILE for raw in found)
    return ["LIMIT_EXCEEDED"] if large or len(found) > MAX_SIGNATURE_FILES else []


def check_files(tree: Tree, manifest: Json) -> list[str]:
    entries = {entry["path"]: entry for entry in manifest["files"]}
    there = tree.files.keys() - {"manifest.json", "receipt.json"}
    there = {path for path in there if not SIGNATURES.fullmatch(path)}
    codes: list[str] = []
    if entries.keys() - there:
        codes.append("MANIFEST_MISSING_FILE")
    if there - entries.keys():
        codes.append("UNLISTED_FILE")
    for path in sorted(there):
        raw = tree.files[path]
        if isinstance(raw, str):
            codes.append(raw)
        elif len(raw) > MAX_FILE:
            codes.append("LIMIT_EXCEEDED")
        elif path in entries and (len(raw), h(raw)) != of_entry(entries[path]):
            codes.append("HASH_MISMATCH")
    return list(dict.fromkeys(codes))


def of_entry(entry: Json) -> tuple[int, str]:
    return entry["size"], entry["sha256"]


# ------------------------------------------------------------------------------ step 5: events [4]


def read_events(tree: Tree) -> tuple[list[Event] | None, list[bytes], list[str]]:
    """The events and their lines, or None and the code; no code of its own if step 3 has one."""
    raw = tree.files.get("events.jsonl")
    if not isinstance(raw, bytes) or len(raw) > MAX_FILE:
        return None, [], []
    if not raw.endswith(b"\n"):
        return None, [], ["BUNDLE_MALFORMED"]
    lines = raw[:-1].split(b"\n")
    if len(lines) > MAX_LINES or max(map(len, lines)) > MAX_LINE:
        return None, [], ["LIMIT_EXCEEDED"]
    try:
        events = [read_event(line) for line in lines]
    except (ValueError, RecursionError):
        return None, [], ["BUNDLE_MALFORMED"]
    return events, lines, check_chain(events, lines)


RUN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]{1,256}")
HEX_32, HEX_64 = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")


def start_holds(run: Json) -> bool:
    """Whether the words of a RunStarted are of their grammars, and the digest that of the rules."""
    if not (RUN_ID.fullmatch(run["run_id"]) and NAME.fullmatch(run["name"])):
        return False
    seed = run["seed"]
    number = seed.isascii() and seed.isdigit() and len(seed) <= 20 and int(seed) < 2**64
    if not number or str(int(seed)) != seed or not HEX_32.fullmatch(run["nonce"]):
        return False
    if not HEX_64.fullmatch(run.get("continues", "0" * 64)):
        return False
    if "parent" in run and not RUN_ID.fullmatch(run["parent"]["run_id"]):
        return False
    script = [number for said in run.get("lens_script", []) for number in said.values()]
    if "lens_script" in run and (not script or max(script) > 1000):
        return False
    if "stages" in run and not stages_hold(run["stages"], run["code"]):
        return False
    rules = run["policy"]["rules"]
    digest = rules["sha256"] if "path" in rules else h(rules["inline"].encode("utf-8"))
    return bool(run["policy"]["rules_sha256"] == digest)


def stages_hold(stages: Json, code: Json) -> bool:
    """Whether something is named, of which there is code, by ids."""
    ids = [each for of in stages.values() for each in of.values()]
    return bool(ids) and stages.keys() <= code.keys() and all(map(HEX_64.fullmatch, ids))


def mode_holds(executed: Json) -> bool:
    needed = {"pure": {"request", "params"}, "opaque": {"request"}, "context": set[str]()}
    return bool({"request", "params"} & executed.keys() == needed[executed["mode"]])


def body_size(value: Json) -> int:
    if "path" in value:
        return int(value["size"])
    text = value["inline"]
    return len(base64.b64decode(text) if value["form"] == "bytes" else text.encode("utf-8"))


def redactions_hold(part: Json) -> bool:
    return all(
        HEX_32.fullmatch(each["salt"]) and HEX_64.fullmatch(each["commitment"])
        for each in part["redactions"]
    )


def answer_holds(answered: Json) -> bool:
    if "result" in answered:
        return redactions_hold(answered["result"])
    if "response" not in answered:
        return True
    response = answered["response"]
    edges = response["boundaries"]
    if sorted(edges) != edges or max(edges, default=0) > body_size(response["body"]):
        return False
    return redactions_hold(response) and bool(100 <= response["status"] <= 999)


def gate_holds(payload: Json) -> bool:
    return bool(RUN_ID.fullmatch(payload["gate"]))


def approval_holds(answer: Json) -> bool:
    nobody = answer["decision"] == "timed_out"
    named = "by" in answer and bool(NAME.fullmatch(answer["by"]))
    return gate_holds(answer) and ("by" not in answer if nobody else named)


def evaluation_holds(gate: Json) -> bool:
    effect = gate.get("effect", {"op": "Exec", "selector": "exec:x"})
    of_program = effect["op"] == "Exec" and spelled(effect)
    if not of_program or ("effect" in gate and gate["kind"] != "command"):
        return False
    return gate_holds(gate) and ("step" in gate) == gate["when"].endswith("_step")


SCHEMES = {"ReadFS": "fs", "WriteFS": "fs", "Network": "net", "Exec": "exec", "Publish": "pub"}
SPACES = "\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
HOST = rf"[^A-Z/?#@:\\{SPACES}][^A-Z/?#@\\{SPACES}]*"
ADDRESS = re.compile(f"([a-z][a-z0-9+.-]*)://({HOST})/([^?#]*)")
ESCAPES = re.compile("%(?:2e|2f|5c)", re.IGNORECASE)


def plain(path: str) -> bool:
    """Whether a path has no empty segment and no dot, and leads nowhere upwards [14]."""
    return ".." not in re.split(r"[/\\]", path) and not {"", "."} & set(path.split("/"))


def spelled(effect: Json) -> bool:
    """Whether an effect is in its one spelling [14]."""
    scheme, _, rest = effect["selector"].partition(":")
    if scheme != SCHEMES[effect["op"]] or not rest or re.search("[\x00-\x1f\x7f]", rest):
        return False
    if scheme == "fs":
        return rest == "/" or plain(rest.removeprefix("/").removesuffix("/"))
    if scheme != "net":
        return True
    found = ADDRESS.fullmatch(rest)
    if not found:
        return False
    port = {"http": ":80", "https": ":443"}.get(found[1])
    own = port is not None and found[2].endswith(port)
    read = ESCAPES.sub(lambda part: chr(int(part[0][1:], 16)), found[3])
    upwards = ".." in re.split(r"[/\\]", read)
    return not own and not upwards and (found[3] == "" or plain(found[3]))


def covered(effect: Json, declared: list[Json]) -> bool:
    """Whether an effect is a declared one, or lies below one [14]."""
    own = effect["selector"]
    for wide in (each["selector"] for each in declared if each["op"] == effect["op"]):
        below = wide.startswith("net:") or (wide.startswith("fs:") and wide.endswith("/"))
        if own == wide or wide == "fs:/" or (below and own.startswith(wide.rstrip("/") + "/")):
            return True
    return False


def plan_holds(plan: Json) -> bool:
    effects = plan.get("effects", [])
    pairs = [(effect["op"], effect["selector"]) for effect in effects]
    if len(pairs) > 50 or pairs != sorted(set(pairs)) or not all(map(spelled, effects)):
        return False
    if "compression" not in plan:
        return True
    before, after = (plan["compression"][name] for name in ("input_count", "output_count"))
    return "effects" in plan and before >= after and bool(after == len(pairs))


def ask_holds(asked: Json) -> bool:
    return "effect" not in asked or spelled(asked["effect"])


def spawn_holds(child: Json) -> bool:
    return bool(RUN_ID.fullmatch(child["child_run_id"]) and HEX_32.fullmatch(child["nonce"]))


def join_holds(child: Json) -> bool:
    whole = RUN_ID.fullmatch(child["child_run_id"]) and HEX_64.fullmatch(child["proof_digest"])
    return bool(whole) and not (child["outcome"] == "success" and "failure" in child)


def weights_hold(suggested: Json) -> bool:
    """Whether permille are at most 1000 and each strategy is weighed once [17]."""
    weighed = suggested["weighed"]
    numbers = [each[name] for each in weighed for name in ("confidence", "threshold", "weight")]
    return max(numbers, default=0) <= 1000 and len({w["id"] for w in weighed}) == len(weighed)


def matched(weighed: Json) -> int:
    """How well a strategy fits, in permille [17]."""
    confidence, threshold = weighed["confidence"], weighed["threshold"]
    if confidence < threshold:
        return 0
    whole = 1000 if confidence == 1000 else 1000 * (confidence - threshold) // (1000 - threshold)
    return int(whole * weighed["weight"] // 1000)


def strategies_hold(root: list[Event]) -> bool:
    """Whether strategies are suggested as they were weighed, and the best is applied [17]."""
    for event, behind in zip(root, [*root[1:], {"kind": "", "payload": {}}], strict=True):
        if event["kind"] != "StrategySuggested":
            continue
        weighed = event["payload"]["weighed"]
        fits = [(-matched(each), each["id"], each["version"]) for each in weighed if matched(each)]
        wanted = [{"id": name, "permille": -match} for match, name, _ in sorted(fits)]
        if event["payload"]["suggestions"] != wanted:
            return False
        applied = behind["payload"] if behind["kind"] == "StrategyApplied" else None
        said = applied and (-applied["permille"], applied["id"], applied["version"])
        if (said or None) != (min(fits) if fits else None):
            return False
    return True


def claim_holds(claimed: Json) -> bool:
    names = claimed["resources"]
    short = all(1 <= len(name) <= 200 for name in names)
    return short and 1 <= len(names) <= 16 and names == sorted(set(names), key=str.encode)


def claimed_holds(answer: Json) -> bool:
    said = {"failure", "n", "token"} & answer.keys()
    if said not in ({"failure"}, {"n", "token"}):
        return False
    return "forced" not in answer or ("token" in said and answer["forced"] < answer["token"])


def fallback_holds(taken: Json) -> bool:
    said = "skill" in taken, "value" in taken
    return said == (taken["action"] == "skill", taken["action"] == "value")


ITEM = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
OPS = {"url": "Network", "bundle": "ReadFS", "file": "ReadFS", "files": "ReadFS"}
LEVELS = ("Draft", "Staged", "Committed", "Published", "Immutable")


def item_holds(item: Json) -> bool:
    effect, op, had = item.get("effect"), OPS.get(item["how"]), "value" in item
    if (
        ("dated_ms" in item) != had
        or item["weight"] > 1_000_000
        or not ITEM.fullmatch(item["item"])
    ):
        return False
    if "part" in item and item["how"] != "file":
        return False
    if effect is None and op is not None and had:
        return False
    if effect is not None and (effect["op"] != op or not spelled(effect)):
        return False
    if effect is not None and not comes_from(item["how"], item["source"], effect["selector"]):
        return False
    if not origin_holds(item, had):
        return False
    return redactions_hold({"redactions": item.get("redactions", [])})


def origin_holds(item: Json, had: bool) -> bool:
    """Whether an item names run and digest of what it was read from, or neither [6]."""
    run, digest = item.get("run_id"), item.get("proof_digest")
    if run is None and digest is None:
        return True
    named = (
        run is not None
        and RUN_ID.fullmatch(run)
        and digest is not None
        and HEX_64.fullmatch(digest)
    )
    return bool(named) and had and item["how"] in ("bundle", "run")


BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PLAIN_HOST = rf"{BYTE}\.{BYTE}\.{BYTE}\.{BYTE}|(?:[a-z0-9-]+\.)*[a-z][a-z0-9-]*"
PLAIN = re.compile(
    rf"(?P<scheme>https?)://(?:{PLAIN_HOST})(?P<port>:[1-9][0-9]*)?(?P<path>(?:/[A-Za-z0-9._~-]+)*)/?"
)


def comes_from(how: str, source: str, selector: str) -> bool:
    """Whether a selector is that of the source, of an address only if that is plain [17]."""
    if how == "url":
        address = source.split("?")[0]
        found = PLAIN.fullmatch(address)
        own = {"http": ":80", "https": ":443"}
        if found is None or found["port"] == own[found["scheme"]]:
            return True
        if set(found["path"].split("/")) & {".", ".."}:
            return True
        whole = address[:-1] if address.endswith("/") else address
        return selector == "net:" + whole + ("" if found["path"] else "/")
    if how == "files":
        signs = [at for at, char in enumerate(source) if char in "*?"]
        source = source[: source.rfind("/", 0, signs[0]) + 1] if signs else ""
    return selector == "fs:" + source + ("/" if how == "bundle" else "")


def lens_holds(lens: Json) -> bool:
    at_least, requires = lens.get("at_least", {}), lens.get("requires", [])
    said = [at_least[level] for level in LEVELS if level in at_least]
    if said != sorted(said) or max(said, default=0) > 1000 or len(set(requires)) < len(requires):
        return False
    if any(claim["says"]["form"] != "json" for claim in lens.get("claims", [])):
        return False
    return "quality" in lens or not {"at_least", "claims", "requires"} & lens.keys()


def resolution_holds(found: Json) -> bool:
    """Whether what came of a conflict is a failure, or all that a child gave [6]."""
    given = [name in found for name in ("child_run_id", "proof_digest", "value", "words")]
    if not ITEM.fullmatch(found["item"]) or given != [("failure" not in found)] * 4:
        return False
    return all(word["says"]["form"] == "json" for word in found.get("words", []))


ALONE: dict[str, Callable[[Json], bool]] = {
    "ItemObserved": item_holds,
    "LensAssembled": lens_holds,
    "ConflictResolved": resolution_holds,
    "RunStarted": start_holds,
    "SkillExecuted": mode_holds,
    "EffectAnswered": answer_holds,
    "ApprovalAsked": gate_holds,
    "ApprovalAnswered": approval_holds,
    "GateEvaluated": evaluation_holds,
    "ChildSpawned": spawn_holds,
    "ChildJoined": join_holds,
    "StrategySuggested": weights_hold,
    "PlanAsked": plan_holds,
    "PlanChosen": plan_holds,
    "EffectAsked": ask_holds,
    "FallbackTaken": fallback_holds,
    "ResourcesClaimed": claim_holds,
    "ResourceAnswered": claimed_holds,
}


def read_event(line: bytes) -> Event:
    event: Event = parse(line)
    if not EVENT(event) or event["kind"] not in PAYLOADS:
        raise ValueError("event")
    kind, payload = event["kind"], event["payload"]
    one = sum(name in payload for name in EXACTLY_ONE.get(kind, ()))
    if not PAYLOADS[kind](payload) or (kind in EXACTLY_ONE and one != 1):
        raise ValueError("payload")
    if kind in ALONE and not ALONE[kind](payload):
        raise ValueError("payload")
    answer = kind in ANSWERS or (kind == "SkillExecuted" and "request" in payload)
    answer = answer or (kind == "GateEvaluated" and payload["kind"] == "command")
    if ("at_ms" in event) != answer:
        raise ValueError("at_ms")
    return event


def check_chain(events: list[Event], lines: list[bytes]) -> list[str]:
    prev, ts = "0" * 64, 0
    for number, (event, line) in enumerate(zip(events, lines, strict=True)):
        ts = max(ts, event.get("at_ms", 0))
        if (event["seq"], event["prev"], event["ts"]) != (number, prev, ts):
            return ["EVENT_CHAIN_MISMATCH"]
        prev = h(b"\0" + line)
    return [] if events[-1]["kind"] == "Locked" else ["EVENT_CHAIN_MISMATCH"]


# ------------------------------------------------------------------------------- step 6: table [5]

MOVES = "EffectAsked BudgetReserved BudgetSettled TimerSet SkillExecuted "
BEGIN = "SkillAsked SkillExecuted EffectAsked BudgetReserved TimerSet CallHalted "
ENTER = "ResourcesClaimed ApprovalAsked PreStep"
STEP_LANE = {
    "START": "StepSkipped " + BEGIN + ENTER,
    "ApprovalAsked": "ApprovalAnswered CallHalted",
    "ApprovalAnswered": BEGIN + ENTER,
    "PreStep": BEGIN + ENTER,
    "Refused": "StepSkipped",
    "Unanswered": "StepSkipped END",
    "ResourcesClaimed": "ResourceHeld ResourceAnswered CallHalted",
    "ResourceHeld": "ResourceAnswered CallHalted",
    "ResourceAnswered": "ResourceHeld ResourceAnswered " + BEGIN,
    "Ungranted": "ResourceReleased SkillExecuted",
    "SkillAsked": "SkillExecuted CallHalted",
    "EffectAsked": "EffectAnswered CallHalted",
    "EffectAnswered": MOVES + "CallHalted",
    "BudgetReserved": MOVES + "ChildSpawned CallHalted",
    "ChildSpawned": "ChildJoined CallHalted",
    "ChildJoined": "BudgetSettled",
    "BudgetSettled": MOVES + "CallHalted",
    "TimerSet": "TimerFired CallHalted",
    "RetryScheduled": "TimerFired CallHalted",
    "TimerFired": MOVES + "SkillAsked CallHalted " + ENTER,
    "CallHalted": MOVES + "StepSkipped CallHalted ResourceReleased END",
    "SkillExecuted": "RetryScheduled FallbackTaken PostStep ResourceReleased END",
    "FallbackTaken": "ResourceReleased END",
    "Replaced": BEGIN + "ResourcesClaimed",
    "Aborted": "CallHalted",
    "Stopped": "ResourceReleased END",
    "PostStep": "PostStep ResourceReleased END",
    "StepSkipped": "ResourceReleased END",
    "ResourceReleased": "ResourceReleased END",
}
ROOT_LANE = {
    "START": "RunStarted",
    "RunStarted": "IntentSet",
    "IntentSet": "ItemObserved LensAssembled",
    "ItemObserved": "ItemObserved LensAssembled",
    "Insufficient": "ConflictFound Locked",
    "LensAssembled": "PlanChosen PlanAsked StrategySuggested ConflictFound",
    "ConflictFound": "ConflictResolved WorkEnded",
    "StrategySuggested": "PlanChosen PlanAsked StrategyApplied",
    "StrategyApplied": "PlanChosen PlanAsked",
    "PlanAsked": "PlanRefused PlanChosen WorkEnded",
    "PlanRefused": "PlanAsked WorkEnded",
    "PlanChosen": "PreRun TimerSet PostRun WorkEnded ApprovalAsked",
    "ApprovalAsked": "ApprovalAnswered CallHalted",
    "ApprovalAnswered": "PreRun TimerSet PostRun WorkEnded",
    "Unanswered": "WorkEnded",
    "PreRun": "PreRun TimerSet PostRun WorkEnded",
    "Refused": "WorkEnded",
    "TimerSet": "TimerFired CallHalted",
    "TimerFired": "TimerSet PostRun WorkEnded",
    "CallHalted": "TimerSet PostRun WorkEnded",
    "PostRun": "PostRun WorkEnded",
    "WorkEnded": "VerificationRun Locked",
    "VerificationRun": "Locked",
    "ToOrient": "LensAssembled",
    "ToDecide": "PlanChosen PlanAsked StrategySuggested",
    "ToAct": "PreRun TimerSet PostRun WorkEnded",
    "Locked": "END",
}
PHASES = {
    "START": "Observe",
    "Observe": "Observe Orient",
    "Orient": "Orient Decide",
    "Decide": "Decide Act Orient",
    "Act": "Act Verify Decide Orient",
    "Verify": "Verify Lock Act Decide Orient",
    "Lock": "Lock",
}
Place = tuple[int, ...]


def check_table(events: list[Event]) -> list[str]:
    lanes: dict[Place, list[Event]] = {(): []}
    place: Place = ()
    phase, begun = "START", False
    for event in events:
        at = tuple(event["at"])
        lane = lanes.setdefault(at[:-1], [])
        in_order = at in next_places(place) and may_stand(lane, at, lanes[()])
        if not (in_order and follows(lane, at, sign(event)) and pairs(lane, event)):
            return ["FSM_ILLEGAL_TRANSITION"]
        begun = begun or bool(at[1:])
        if sign(event) == "PreRun" and begun:
            return ["FSM_ILLEGAL_TRANSITION"]
        if not phase_follows(phase, event):
            return ["FSM_ILLEGAL_TRANSITION"]
        lane.append(event)
        begun = begun and "backtrack" not in event["payload"] and event["kind"] != "PlanChosen"
        place, phase = at, PHASE[event["kind"]]
    over = all(follows(lane, (*name, 0), "END") for name, lane in lanes.items())
    whole = children_hold(events) and effects_hold(events) and backtracks_hold(events)
    whole = whole and all(map(checks_hold, passes(events))) and lenses_hold(events)
    whole = whole and all(map(planning_holds, passes(events)))
    whole = whole and strategies_hold(lanes[()]) and conflicts_hold(events)
    whole = whole and all(resources_hold(lane) for lane in lanes.values())
    whole = whole and never_two_hold(lanes)
    of_function = lanes[()][0]["payload"]["program_kind"] == "function"
    whole = whole and not (of_function and payloads(events, "PlanAsked"))
    return [] if over and whole and steps_hold(lanes) else ["FSM_ILLEGAL_TRANSITION"]


def works(event: Event) -> bool:
    """Whether an event of a lane is work, which takes all that the lane has claimed [20]."""
    if event["kind"] == "SkillExecuted":
        return bool({"value", "request"} & event["payload"].keys())
    return event["kind"] in ("SkillAsked", "EffectAsked", "BudgetReserved", "TimerSet")


def resources_hold(lane: list[Event]) -> bool:
    """Whether a lane holds all that it has claimed while it works, and nothing at its end [20]."""
    claimed: list[str] | None = None
    wanted: list[str] = []
    tokens: dict[str, int] = {}
    for event in lane:
        kind, payload = event["kind"], event["payload"]
        if kind == "ResourcesClaimed":
            if tokens or claimed not in (None, payload["resources"]):
                return False
            claimed, wanted = payload["resources"], [*payload["resources"]]
        elif kind in ("ResourceHeld", "ResourceAnswered"):
            if wanted[:1] != [payload["resource"]]:
                return False
            if kind == "ResourceAnswered":
                wanted.pop(0)
                tokens |= {payload["resource"]: payload["token"]} if "token" in payload else {}
        elif kind == "ResourceReleased":
            if payload["token"] < tokens.pop(payload["resource"], payload["token"] + 1):
                return False
        elif claimed is not None and works(event) and sorted(tokens) != claimed:
            return False
    return not tokens


def never_two_hold(lanes: dict[Place, list[Event]]) -> bool:
    """Whether each move of resources, in the order of their numbers, may come after those before."""
    moves = [
        (event["payload"]["n"], name, event["kind"], event["payload"])
        for name, lane in lanes.items()
        for event in lane
        if event["kind"] in ("ResourceAnswered", "ResourceReleased") and "n" in event["payload"]
    ]
    moves.sort(key=lambda move: move[0])
    holders: dict[str, Place] = {}
    last: dict[str, int] = {}
    for number, (n, name, kind, said) in enumerate(moves):
        resource, token = said["resource"], said["token"]
        if n != number or holders.get(resource) != (name if kind == "ResourceReleased" else None):
            return False
        if kind == "ResourceAnswered":
            if min(token, said.get("forced", token)) <= last.get(resource, -1):
                return False
            holders[resource] = name
        else:
            del holders[resource]
        last[resource] = token
    return True


def steps_hold(lanes: dict[Place, list[Event]]) -> bool:
    """Whether each lane is of a step, and of one that has no other, of one skill, of known code."""
    started = lanes[()][0]["payload"]
    code, of_function = started["code"], started["program_kind"] == "function"
    seen: set[tuple[int, str]] = set()
    turns = [event["at"][0] for event in lanes[()] if "backtrack" in event["payload"]]
    for name, lane in lanes.items():
        payloads_here = [event["payload"] for event in lane if name]
        ids = {payload["step"] for payload in payloads_here if "step" in payload}
        called = {
            p["skill"] for p in payloads_here if "skill" in p and ("request" in p or "action" in p)
        }
        here = {(sum(turn < at for turn in turns), step) for at in name[:1] for step in ids}
        if name and (len(ids) != 1 or here & seen or called - code.keys()):
            return False
        if name and not all(len(skills) <= 1 for skills in skills_of(payloads_here)):
            return False
        ends = [re.search(r"-(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\Z", step) for step in ids]
        if of_function and any(end and end[0] != f"-{name[0]}.{name[1]}" for end in ends):
            return False
        seen |= here
    return True


def skills_of(lane: list[Json]) -> tuple[set[str], set[str]]:
    """The skills of a lane: those before it fell back, and those since."""
    fell = [number for number, payload in enumerate(lane) if "action" in payload]
    at = fell[0] if fell else len(lane)
    before, since = lane[:at], lane[at:]
    return {p["skill"] for p in before if "skill" in p}, {p["skill"] for p in since if "skill" in p}


def check_requests(events: list[Event], tree: Tree) -> list[str]:
    """Whether a request that stands in a file has the digest that the event says."""
    for payload in payloads(events, "EffectAsked"):
        raw = tree.files.get(payload["request"].get("path"))
        if isinstance(raw, bytes) and tagged("workc request/0.2", raw) != payload["digest"]:
            return ["FSM_ILLEGAL_TRANSITION"]
    return []


def next_places(place: Place) -> list[Place]:
    """The places that may come next; lanes lie below the root lane only, so a place has 1 or 3."""
    if not place:
        return [(0,)]
    if len(place) == 1:
        return [(place[0] + 1,), (place[0] + 1, 0, 0)]
    k, j, i = place
    return [(k, j, i + 1), (k, j + 1, 0), (k + 1,), (k + 1, 0, 0)]


def may_stand(lane: list[Event], at: Place, root: list[Event]) -> bool:
    before = ("PlanAsked", "PlanChosen", "ApprovalAnswered", "PreRun", "TimerFired", "CallHalted")
    before += ("ToAct", "ConflictFound")
    return lane is root or left(root) in before


def sign(event: Event) -> str:
    """The name of an event on the right of the tables: a GateEvaluated stands by its `when`."""
    if event["kind"] != "GateEvaluated":
        return str(event["kind"])
    return str(event["payload"]["when"].title().replace("_", ""))


def left(lane: list[Event]) -> str:
    """The name of a lane's last event on the left of the tables."""
    if not lane:
        return "START"
    last, payload = lane[-1], lane[-1]["payload"]
    if last["kind"] == "ApprovalAnswered" and payload["decision"] != "approved":
        return "Refused"
    if sign(last) in ("PreRun", "PreStep") and not payload["passed"]:
        return "Refused"
    if last["kind"] == "FallbackTaken":
        return {"skill": "Replaced", "abort": "Aborted"}.get(payload["action"], "FallbackTaken")
    if last["kind"] == "CallHalted" and left(lane[:-1]) == "Aborted":
        return "Stopped"
    if last["kind"] == "LensAssembled" and "failure" in payload:
        return "Insufficient"
    if "backtrack" in payload:
        return "To" + str(payload["backtrack"]["to"])
    if last["kind"] == "ResourceAnswered" and "failure" in payload:
        return "Ungranted"
    if last["kind"] == "ResourceReleased" and left(lane[:-1]) == "Ungranted":
        return "Ungranted"
    halted = last["kind"] == "CallHalted" and len(lane) > 1
    return "Unanswered" if halted and lane[-2]["kind"] == "ApprovalAsked" else sign(last)


def follows(lane: list[Event], at: Place, name: str) -> bool:
    table = ROOT_LANE if len(at) == 1 else STEP_LANE
    return name in table.get(left(lane), "").split()


def pairs(lane: list[Event], event: Event) -> bool:
    """Whether an event fits those before it in its lane."""
    kind, payload = event["kind"], event["payload"]
    steps = {e["payload"]["step"] for e in [*lane, event] if "step" in e["payload"]}
    if len(steps) > 1 and event["at"][1:]:
        return False
    if kind in ("SkillAsked", "SkillExecuted", "EffectAsked"):
        again = ("RetryScheduled", "FallbackTaken")
        retries = (e["payload"] for e in reversed(lane) if e["kind"] in again)
        if payload["attempt"] != next(retries, {"attempt": 0})["attempt"] + 1:
            return False
    return fits(lane, kind, payload) and gates_fit(lane, event) and children_fit(lane, event)


def children_fit(lane: list[Event], event: Event) -> bool:
    """Whether a child, its end or its settlement fits the events before it in its lane."""
    kind, payload = event["kind"], event["payload"]
    earlier: Json = lane[-1]["payload"] if lane else {}
    if kind == "ChildSpawned":
        return earlier["granted"] and earlier["bound"] == payload["ceiling_micro_cents"]
    if kind == "ChildJoined":
        return all(earlier[name] == payload[name] for name in ("child_run_id", "spawn_index"))
    if kind == "BudgetSettled" and left(lane) == "ChildJoined":
        reserved = lane[-3]["payload"]["n"], "usage", earlier["spent_micro_cents"]
        return (payload["grant"], payload["basis"], payload["actual"]) == reserved
    return True


def passes(events: list[Event]) -> list[list[Event]]:
    """The passes of a run: each but the last ends with the event with which it goes back."""
    found: list[list[Event]] = [[]]
    for event in events:
        found[-1].append(event)
        if "backtrack" in event["payload"]:
            found.append([])
    return found


def backtracks_hold(events: list[Event]) -> bool:
    """Whether a run goes back no more often than it may, and each time because of what failed."""
    gone = passes(events)[:-1]
    most = payloads(events, "RunStarted")[0].get("max_backtracks", 0)
    if len(gone) > most or not all(goes_back(done) for done in gone):
        return False
    earlier: list[str] = []
    for said in (done[-1]["payload"]["backtrack"] for done in gone):
        if "error_class" in said:
            right = error_class(said["code"], earlier)
            if said["error_class"] != right or right == "Catastrophic":
                return False
            earlier.append(said["code"])
    return True


CATASTROPHIC = [  # [16]
    "ABORTED",
    "BUDGET_BOUND_VIOLATED",
    "BUDGET_EXCEEDED",
    "BUNDLE_INVALID",
    "BUNDLE_UNDECIDED",
    "CAPTURE_EDITED",
    "CAPTURE_MISSING",
    "CAPTURE_UNUSED",
    "CODE_CHANGED",
    "HALTED",
    "INTERNAL_ERROR",
    "IN_DOUBT",
    "JOURNAL_CORRUPT",
    "NONDETERMINISTIC",
    "QUOTA_EXCEEDED",
    "REPLAY_DIVERGED",
    "RUN_LOCKED",
    "STAGE_CHANGED",
]
RECOVERABLE = [
    "BAD_GATEWAY",
    "CONNECTION_REFUSED",
    "CONNECTION_RESET",
    "DNS_FAILURE",
    "GATEWAY_TIMEOUT",
    "HTTP_5XX",
    "LLM_API_ERROR",
    "LLM_OVERLOADED",
    "RATE_LIMITED",
    "RESOURCE_LOCKED",
    "SERVICE_UNAVAILABLE",
    "TIMEOUT",
]


def error_class(code: str, earlier: list[str]) -> str:
    if code in CATASTROPHIC:
        return "Catastrophic"
    if code in earlier:
        return "PatternFailure"
    return "Recoverable" if code in RECOVERABLE else "Unrecoverable"


def goes_back(done: list[Event]) -> bool:
    end = done[-1]["payload"]
    if done[-1]["kind"] == "ConflictResolved":
        return True  # Judged with its conflict.
    back = end["backtrack"]
    said, classed = (back["code"], back.get("of")), "error_class" in back
    failed_gates = [(gate["gate"], gate.get("step")) for gate in failed_last(done)]
    if "halt" in end or (classed and ("gate" in back or "results" in end)):
        return False
    if "gate" in back:
        return back["code"] == "GATE_FAILED" and (back["gate"], back.get("of")) in failed_gates
    if "results" in end:
        failed = [result["check_id"] for result in end["results"] if not result["passed"]]
        return said in [("VERIFICATION_FAILED", name) for name in failed]
    if back["to"] == "Act" and not classed:
        return False
    if "failure" in end:
        return said == (end["failure"]["code"], end.get("step"))
    gates = [gate for gate, step in failed_gates if step is None]
    return not classed and said in [("GATE_FAILED", gate) for gate in gates]


def checks_hold(done: list[Event]) -> bool:
    """Whether each check by a program of a pass is what was evaluated of it."""
    said: dict[str, Json] = {}
    names = ("that", "passed", "failure")
    for event in done:
        payload = event["payload"]
        if event["kind"] == "GateEvaluated" and payload["when"] == "post_run":
            said |= {payload["gate"]: payload} if payload["kind"] == "command" else {}
        for result in payload.get("results", []) if event["kind"] == "VerificationRun" else []:
            if result.get("kind") != "command":
                continue
            gate = said.get(result["check_id"], {})
            if [gate.get(name) for name in names] != [result.get(name) for name in names]:
                return False
    return True


def planning_holds(done: list[Event]) -> bool:
    """Whether in a pass planners are asked one by one, and what is made of their plans fits [16]."""
    asked: Json = None
    refused: Json = None
    lanes: list[list[Event]] = []
    open_ask = False
    approval: Json = None
    for event in [*done, {"kind": "END", "at": [0], "payload": {}}]:
        kind, payload = event["kind"], event["payload"]
        if event["at"][1:]:
            lanes = lanes if event["at"][2] else [*lanes, []]
            lanes[-1:] = [[*lanes[-1], event]] if lanes else [[event]]
            continue
        if open_ask and not of_planner(asked, lanes):
            return False
        gave = bool(lanes) and lanes[-1][-1]["kind"] == "SkillExecuted"
        gave = gave and "value" in lanes[-1][-1]["payload"] and open_ask
        open_ask, lanes = False, []
        if kind == "PlanAsked":
            if payload["attempt"] != (refused["attempt"] + 1 if refused else 1):
                return False
            asked, refused, open_ask = payload, None, True
        elif kind == "PlanRefused":
            if not gave or asked is None or payload["attempt"] != asked["attempt"]:
                return False
            refused = payload
        elif kind == "PlanChosen":
            if payload.get("planner") != (asked or {}).get("planner"):
                return False
            by = asked is not None
            if ("document" in payload) != by or ("decision" in payload and not by):
                return False
            if by and not gave:
                return False
        elif kind in ("ApprovalAsked", "ApprovalAnswered"):
            if asked is None or payload["step"] != asked["step"]:
                return False
            if kind == "ApprovalAnswered":
                in_time = payload["decision"] != "timed_out" or "timeout_ms" in approval
                if not in_time or payload["gate"] != approval["gate"]:
                    return False
            approval = payload
    return True


def of_planner(asked: Json, lanes: list[list[Event]]) -> bool:
    """Whether there is one lane, of the step and of the skill that were asked."""
    if len(lanes) != 1:
        return False
    steps = {event["payload"]["step"] for event in lanes[0] if "step" in event["payload"]}
    before, _ = skills_of([event["payload"] for event in lanes[0]])
    return steps <= {asked["step"]} and before <= {asked["skill"]}


def with_plans(events: list[Event]) -> list[tuple[Json, Json]]:
    """The payload of each event with that of the last PlanChosen or PlanAsked before it."""
    found: list[tuple[Json, Json]] = []
    plan: Json = {}
    for event in events:
        plan = event["payload"] if event["kind"] in ("PlanChosen", "PlanAsked") else plan
        found.append((event["payload"], plan))
    return found


def asks(events: list[Event]) -> list[tuple[Json, Json]]:
    """The payload of each EffectAsked, and of each gate by command, with that of its plan."""
    found = with_plans(events)
    return [(p, plan) for p, plan in found if "port" in p or p.get("kind") == "command"]


NOT_RUN = ("EFFECT_NOT_DECLARED", "HALTED", "INVALID_INPUT", "POLICY_VIOLATION")


def effects_hold(events: list[Event]) -> bool:
    """Whether each effect names itself if and only if its plan declares effects."""
    for asked, plan in asks(events):
        may_lack = "gate" in asked and asked.get("failure", {}).get("code") in NOT_RUN
        if ("effect" in asked) != ("effects" in plan) and not ("effects" in plan and may_lack):
            return False
    return True


def item_key(payload: Json) -> tuple[str, int | None]:
    return payload["item"], payload.get("part")


def rounds(events: list[Event]) -> list[list[Event]] | None:
    """The rounds in which items were observed; None if they do not follow one another [5]."""
    found: list[list[Event]] = []
    for event in events:
        if event["kind"] != "ItemObserved":
            continue
        item = event["payload"]
        if item["round"] == len(found) + 1:
            found.append([])
        elif item["round"] != len(found) or not found:
            return None
        here = {item_key(each["payload"]): each["payload"] for each in found[-1]}
        name, part = item_key(item)
        if (name, part) in here:
            return None
        if part is not None and here.get((name, None), {"how": ""})["how"] != "files":
            return None
        if part and (name, part - 1) not in here:
            return None
        if part is not None and "effect" in item:
            listed = here[name, None].get("effect")
            if listed is None or not item["effect"]["selector"].startswith(listed["selector"]):
                return None
        found[-1].append(event)
    return found


def weighted_median(pairs: list[tuple[int, int]]) -> int:
    whole, so_far = sum(weight for _, weight in pairs), 0
    for score, weight in sorted(pairs):
        so_far += weight
        if 2 * so_far >= whole:
            return score
    return 0


def age_score(days: int) -> int:
    if days <= 7:
        return 1000
    if days <= 30:
        return 1000 - 300 * (days - 7) // 23
    return 700 - 500 * (days - 30) // 150 if days <= 180 else 100


def source_score(item: Json) -> int:
    if item["how"] == "url":
        return 800 if item["source"].startswith("https://") else 500
    return {"file": 900, "files": 900, "environment": 800}.get(item["how"], 1000)


def digest_of(said: Json) -> str:
    return str(said["sha256"] if "path" in said else h(said["inline"].encode("utf-8")))


def agreement_of(seen: list[Event], claims: list[Json]) -> dict[str, int]:
    """Of each thing that is spoken of, which part of the weight says the same [17]."""
    had = [event["payload"] for event in seen if "value" in event["payload"]]
    weights = {item_key(item): item["weight"] for item in had}
    topics: dict[str, dict[str, int]] = {}
    for claim in claims:
        said = topics.setdefault(claim["about"], {})
        digest = digest_of(claim["says"])
        said[digest] = said.get(digest, 0) + weights.get(item_key(claim), 0)
    return {
        about: 1000 * max(said.values()) // sum(said.values()) if sum(said.values()) else 1000
        for about, said in topics.items()
    }


def quality_of(seen: list[Event], lens: Json, words: Json = None) -> Json:
    """The quality of a lens by its items and what they say [17], and by what a child says [20]."""
    had = [event for event in seen if "value" in event["payload"]]
    requires = lens.get("requires", [])
    covered_ones = 0
    for name in requires:
        of_name = [e["payload"] for e in seen if e["payload"]["item"] == name]
        covered_ones += bool(of_name) and all("value" in item for item in of_name)
    settled = [word["about"] for word in words or []]
    child = [] if words is None else [(1000, 1000)]
    counted = [claim for claim in lens.get("claims", []) if claim["about"] not in settled]
    ages = [
        (age_score(max(e["at_ms"] - e["payload"]["dated_ms"], 0) // 86_400_000), e["payload"])
        for e in had
    ]
    parts = {
        "coverage": 1000 * covered_ones // len(requires) if requires else 1000,
        "conflict": min(agreement_of(seen, counted).values(), default=1000),
        "freshness": weighted_median([(score, item["weight"]) for score, item in ages] + child),
        "provenance": weighted_median(
            [(source_score(e["payload"]), e["payload"]["weight"]) for e in had] + child
        ),
    }
    return {"aggregate": min(parts.values()), **parts}


def lenses_hold(events: list[Event]) -> bool:
    """Whether items were observed in rounds, and every lens says what its items do [5]."""
    found = rounds(events)
    if found is None:
        return False
    seen = found[-1] if found else []
    had = [item_key(event["payload"]) for event in seen if "value" in event["payload"]]
    words: Json = None
    said: list[Json] = []
    for event in events:
        lens = event["payload"]
        if event["kind"] == "ConflictResolved" and "words" in lens:
            words = lens["words"]
            said = [{**word, "item": lens["item"]} for word in words]
        if event["kind"] != "LensAssembled":
            continue
        claims = lens.get("claims", [])
        own = claims[: len(claims) - len(said)] if len(claims) >= len(said) else []
        keys = [item_key(claim) for claim in own]
        items = len(seen) + (words is not None)
        if (seen and lens["items"] != items) or keys != [key for key in had if key in keys]:
            return False
        if claims[len(own) :] != said:
            return False
        script = payloads(events, "RunStarted")[0].get("lens_script", [])
        right = quality_of(seen, lens, words) if seen else None
        if script and seen:
            number = len(found) + (words is not None)
            right = dict(script[min(number, len(script)) - 1])
            right["aggregate"] = min(right.values())
        if lens.get("quality") != right:
            return False
        if lens.get("scripted") != (True if script and seen else None):
            return False
        low = seen and lens["quality"]["aggregate"] < lens.get("at_least", {}).get("Draft", 0)
        if lens.get("failure", {"code": None})["code"] != ("LENS_INSUFFICIENT" if low else None):
            return False
    return True


def conflicts_hold(events: list[Event]) -> bool:
    """Whether a child is asked about what the lens contradicts itself about, and gave what is said [20]."""
    found: Json = None
    lens: Json = {}
    behind: list[Event] = []
    for event in events:
        kind, payload = event["kind"], event["payload"]
        if event["at"][1:]:
            behind.append(event)
            continue
        if found is not None:
            lanes = {tuple(each["at"][:-1]) for each in behind}
            steps = {each["payload"]["step"] for each in behind if "step" in each["payload"]}
            if len(lanes) != 1 or steps != {found["step"]}:
                return False
        if kind == "ConflictResolved" and not resolves(payload, found, behind):
            return False
        if kind == "ConflictFound":
            agreed = agreement_of((rounds(events) or [[]])[-1], lens.get("claims", []))
            about = sorted(name for name, part in agreed.items() if part < 1000)
            if event not in passes(events)[0] or not about or payload["about"] != about:
                return False
        lens = payload if kind == "LensAssembled" else lens
        found, behind = payload if kind == "ConflictFound" else None, []
    return True


def resolves(said: Json, found: Json, behind: list[Event]) -> bool:
    """Whether what came of a conflict is what the child of its lane gave [20]."""
    if said["backtrack"] != {"code": "LENS_CONFLICT", "to": "Orient"} or found is None:
        return False
    if "words" not in said:
        return True
    joined = payloads(behind, "ChildJoined")
    names = ("child_run_id", "proof_digest")
    if not joined or any(joined[-1][name] != said[name] for name in names):
        return False
    last = behind[-1]
    if last["kind"] != "SkillExecuted" or "value" not in last["payload"]:
        return False
    about = [word["about"] for word in said["words"]]
    right = [name for name in sorted(set(found["about"])) if name in about]
    same = digest_of(last["payload"]["value"]) == digest_of(said["value"])
    return same and bool(about) and about == right


def children_hold(events: list[Event]) -> bool:
    """Whether children are counted from 0 on, and are of different runs and not of this one."""
    spawned = payloads(events, "ChildSpawned")
    runs = {run["run_id"] for run in payloads(events, "RunStarted")}
    runs |= {child["child_run_id"] for child in spawned}
    indexes = sorted(child["spawn_index"] for child in spawned)
    return len(runs) == len(spawned) + 1 and indexes == list(range(len(spawned)))


REFUSALS = {"denied": "APPROVAL_DENIED", "timed_out": "APPROVAL_TIMEOUT"}


def gates_fit(lane: list[Event], event: Event) -> bool:
    """Whether an approval, a gate or a skip fits the events before it in its lane."""
    payload = event["payload"]
    earlier: Json = lane[-1]["payload"] if lane else {}
    if event["kind"] == "ApprovalAnswered":
        in_time = payload["decision"] != "timed_out" or "timeout_ms" in earlier
        return in_time and bool(payload["gate"] == earlier["gate"])
    if sign(event) in ("ApprovalAsked", "PreStep") and left(lane) == "TimerFired":
        return bool(lane[-2]["kind"] == "RetryScheduled")
    if event["kind"] == "StepSkipped" and left(lane) == "Refused":
        return bool(payload["code"] == REFUSALS.get(earlier.get("decision"), "GATE_FAILED"))
    return True


NEVER = [
    "ABORTED",
    "APPROVAL_DENIED",
    "APPROVAL_PENDING",
    "APPROVAL_TIMEOUT",
    "BUDGET_BOUND_VIOLATED",
    "BUDGET_EXCEEDED",
    "BUNDLE_INVALID",
    "BUNDLE_UNDECIDED",
    "CAPTURE_EDITED",
    "CAPTURE_MISSING",
    "CAPTURE_UNUSED",
    "CODE_CHANGED",
    "CONTRACT_EXPIRED",
    "EFFECT_NOT_DECLARED",
    "EXTERNAL_CALL_BLOCKED",
    "GATE_FAILED",
    "HALTED",
    "INTERNAL_ERROR",
    "IN_DOUBT",
    "JOURNAL_CORRUPT",
    "NONDETERMINISTIC",
    "OPERATION_NOT_ALLOWED",
    "POLICY_VIOLATION",
    "QUOTA_EXCEEDED",
    "REPLAY_DIVERGED",
    "RUN_LOCKED",
    "STAGE_CHANGED",
    "STORE_UNAVAILABLE",
    "UPSTREAM_FAILED",
    "VERIFICATION_FAILED",
]


def fits(lane: list[Event], kind: str, payload: Json) -> bool:
    """Whether an event fits the one just before it in its lane."""
    earlier: Json = lane[-1]["payload"] if lane else {}
    if kind == "EffectAnswered":
        wrong = "result" if earlier["port"] in ("http", "model") else "response"
        return bool(payload["request"] == earlier["digest"]) and wrong not in payload
    if kind == "EffectAsked" and "inline" in payload["request"]:
        text = payload["request"]["inline"].encode("utf-8")
        return bool(payload["digest"] == tagged("workc request/0.2", text))
    if kind == "RetryScheduled":
        failed = earlier["attempt"], earlier.get("failure", {}).get("code")
        return (payload["attempt"], payload["code"]) == failed
    if kind == "FallbackTaken":
        failed = earlier["attempt"], earlier.get("failure", {}).get("code")
        once = all(e["kind"] != "FallbackTaken" for e in lane)
        may = payload["action"] == "abort" or payload["code"] not in NEVER
        return once and may and (payload["attempt"], payload["code"]) == failed
    if kind != "SkillExecuted":
        return True
    asked = bool(lane) and lane[-1]["kind"] == "SkillAsked"
    same = not asked or payload.get("request") == earlier["request"]
    return same and asked == (payload["mode"] == "opaque")


def phase_follows(before: str, event: Event) -> bool:
    phase, payload = PHASE[event["kind"]], event["payload"]
    if event["phase"] != phase:
        return False
    if phase in PHASES[before].split():
        return True
    locked = payload.get("outcome"), payload.get("lock_level")
    return phase == "Lock" and locked == ("failed", "Draft")


# ------------------------------------------------------------------------------- policy [6]

EFFECT_RULES = closed("allow effect[], deny effect[], unknown :allow|deny")
POLICIES = {
    "5a7d192083e42f1a7e3c188dbc31ceb37ce33df234eca1e3bd5bf741dd88fd5d": "workc-default",
    "7aee4d380d9da2a68673a17c19eef903bce682e46b48b0eec8660d47db3215cf": "workc-offline",
    "1b9995be43e811b3330c0e7fafdcdf763cd4197bb4ffd9fc38dbd93be2f4aa4f": "workc-strict",
}


def check_policy(events: list[Event]) -> list[str]:
    """Whether the policy has the name of its rules, and a run that is offline no answer."""
    for run in payloads(events, "RunStarted"):
        digest = run["policy"]["rules_sha256"]
        if run["policy"]["id"] != POLICIES.get(digest, f"custom-{digest[:12]}"):
            return ["POLICY_VIOLATION"]
        answered = any("response" in payload for payload in payloads(events, "EffectAnswered"))
        answered = answered or any(
            item["how"] == "url" and "value" in item for item in payloads(events, "ItemObserved")
        )
        if run["policy"]["id"] == "workc-offline" and answered:
            return ["POLICY_VIOLATION"]
    return []


def check_allowed(events: list[Event], tree: Tree, manifest: Json) -> list[str]:
    """Whether the plan declares effects, and the rules allow them, if they speak of effects."""
    for run in payloads(events, "RunStarted"):
        rules = said_in(run["policy"], tree, manifest)
        said = effects_in(rules)
        held = [lens for lens in payloads(events, "LensAssembled") if "quality" in lens]
        if not lens_is_held(rules, held):
            return ["POLICY_VIOLATION"]
        if not decisions_hold(events, rules):
            return ["POLICY_VIOLATION"]
        if said is None:
            continue
        named = [(ask["effect"], plan) for ask, plan in asks(events) if "effect" in ask]
        within = [effect for effect, plan in named if covered(effect, plan.get("effects", []))]
        within += [i["effect"] for i in payloads(events, "ItemObserved") if "effect" in i]
        allowed = all(
            covered(each, said["allow"]) and not covered(each, said["deny"]) for each in within
        )
        plans = payloads(events, "PlanChosen", "PlanAsked")
        if not all("effects" in plan for plan in plans) or not allowed:
            return ["POLICY_VIOLATION"]
    return []


SHAPES["limit"] = lambda value: value is None or count(value)
RISK_NUMBERS = closed(
    "cost_ms? count, loss_ms? count, production_loss_ms? count, publish_loss_ms? count, "
    "timeout_ms? limit"
)
RISK_DEFAULTS = {
    "cost_ms": 45_000,
    "loss_ms": 50_000,
    "production_loss_ms": 900_000,
    "publish_loss_ms": 900_000,
}


def numbers_in(rules: Json) -> Json:
    """What asking costs and a wrong step loses [22]; None if that is not in form."""
    said = rules.get("approval", {})
    return {**RISK_DEFAULTS, **said} if RISK_NUMBERS(said) else None


def touches_production(effect: Json) -> bool:
    op, path = effect["op"], effect["selector"].split(":", 1)[1]
    if op == "Network":
        path = path.split("://", 1)[1].split("/", 1)[1]
    return op == "Publish" or effect["selector"] == "fs:/" or path.lstrip("/").startswith("prod/")


def risky(rules: Json, effects: Json, level: str) -> bool:
    """Whether effects are of high risk at a lock level [22]; None are those that nobody knows."""
    numbers = numbers_in(rules)
    if numbers is None or effects is None:
        return True
    x1 = {"Draft": 0, "Staged": 200, "Committed": 600, "Published": 850, "Immutable": 1000}[level]
    ops = {effect["op"] for effect in effects}
    z = 4 * x1 - 3000 + 2500 * ("Publish" in ops) + 1800 * ("Network" in ops)
    p = max(0, min(1000, 500 + 1000 * z // (4000 + abs(z))))
    losses = [numbers["loss_ms"]]
    for effect in filter(touches_production, effects):
        name = "publish_loss_ms" if effect["op"] == "Publish" else "production_loss_ms"
        losses.append(numbers[name])
    return bool(p * max(losses) > 1000 * numbers["cost_ms"])


def undecided(events: list[Event]) -> list[Json]:
    """What was done in lanes of steps about which nobody had decided; None of what is not named."""
    found: list[Json] = []
    plan = passed = lane = False
    for event in events:
        kind, payload = event["kind"], event["payload"]
        if len(event["at"]) == 1:
            if kind in ("PlanAsked", "ConflictFound"):
                plan = True
            elif kind == "PlanChosen":
                plan = "planner" in payload
            elif "backtrack" in payload:
                passed = False
            elif kind == "GateEvaluated" and payload["when"] == "pre_run":
                passed = passed or payload["passed"]
            continue
        if event["at"][-1] == 0:
            lane = False
        if kind == "GateEvaluated" and payload["when"] == "pre_step":
            lane = lane or payload["passed"]
        if kind == "ApprovalAnswered":
            lane = lane or payload["decision"] == "approved"
        if kind in ("EffectAsked", "SkillAsked") and not (plan or passed or lane):
            found.append(payload.get("effect"))
    return found


def decisions_hold(events: list[Event], rules: Json) -> bool:
    """Whether nothing was done that takes a decision and about which there was none [22]."""
    if "decide" not in rules:
        return True
    said, found = rules["decide"], undecided(events)
    if not isinstance(said, dict) or said != {"implicit": "low"}:
        return not found
    level = payloads(events, "Locked")[-1]["lock_level"] if payloads(events, "Locked") else "Draft"
    return not any(each is None or risky(rules, [each], level) for each in found)


def rules_in(rules: Json, tree: Tree, manifest: Json) -> bytes:
    if "inline" in rules:
        return str(rules["inline"]).encode("utf-8", "surrogatepass")
    sizes = {entry["path"]: entry["size"] for entry in manifest["files"]}
    raw = tree.files.get(rules["path"])
    if not isinstance(raw, bytes) or sizes.get(rules["path"]) != len(raw) or len(raw) > MAX_LINE:
        return b""
    return raw


def said_in(policy: Json, tree: Tree, manifest: Json) -> Json:
    """The members of the rules of a policy; none if they are known, or no object."""
    if POLICIES.get(policy["rules_sha256"]) in ("workc-default", "workc-offline"):
        return {}
    try:
        said = parse(rules_in(policy["rules"], tree, manifest))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def effects_in(said: Json) -> Json | None:
    """What rules say of effects; None if they do not speak of them, and nothing if not in form."""
    if "effects" not in said:
        return None
    effects = said["effects"]
    in_form = EFFECT_RULES(effects) and all(map(spelled, [*effects["allow"], *effects["deny"]]))
    return effects if in_form else {"allow": [], "deny": []}


def lens_is_held(said: Json, lenses: list[Json]) -> bool:
    """Whether lenses are held to what the rules demand of them, if they speak of lenses."""
    if "lens" not in said:
        return True
    wanted = said["lens"] if SHAPES["thresholds"](said["lens"]) else dict.fromkeys(LEVELS, 1000)
    return all(
        least_of(lens.get("at_least", {}), level) >= least_of(wanted, level)
        for lens in lenses
        for level in LEVELS
    )


def least_of(at_least: Json, level: str) -> int:
    """What is said of a lock level, or of one below it."""
    return max(at_least.get(each, 0) for each in LEVELS[: LEVELS.index(level) + 1])


def check_bounds(events: list[Event]) -> list[str]:
    """Whether every effect that names itself is covered by one that the plan declares."""
    named = [(ask["effect"], plan) for ask, plan in asks(events) if "effect" in ask]
    inside = all(covered(effect, plan["effects"]) for effect, plan in named if "effects" in plan)
    looked = [item["effect"] for item in payloads(events, "ItemObserved") if "effect" in item]
    plans = [plan for plan in payloads(events, "PlanChosen") if "effects" in plan]
    inside = inside and all(covered(each, plan["effects"]) for each in looked for plan in plans)
    return [] if inside else ["EFFECT_BOUNDS_EXCEEDED"]


# ------------------------------------------------------------------------------- step 7: money [7]


def payloads(events: list[Event], *kinds: str) -> list[Json]:
    return [event["payload"] for event in events if event["kind"] in kinds]


def moves(events: list[Event]) -> list[Json]:
    return sorted(payloads(events, "BudgetReserved", "BudgetSettled"), key=lambda move: move["n"])


def has_room(
    move: Json, run: Json, at_ms: int, now: dict[str, int], charged: int
) -> dict[str, bool]:
    """Whether a reservation fits, line by line of the table, in its order."""
    limits = run.get("limits", {})
    money = run["ceiling_micro_cents"] - now["reserved"] - now["spent"]
    return {
        "step": "step_ceiling" not in move or move["bound"] <= move["step_ceiling"] - charged,
        "": move["bound"] <= money,
        "tokens": now["tokens"] + move.get("tokens", 0) <= limits.get("tokens", sys.maxsize**2),
        "calls": now["calls"] + 1 <= limits.get("calls", sys.maxsize**2),
        "wall": "wall_ms" not in limits or at_ms < now["started"] + limits["wall_ms"],
        "shared": move["bound"] <= move.get("shared_left", MAX_COUNT),
    }


def above_bound(settled: Json, reserved: Json, limited: bool) -> bool:
    more = settled.get("tokens", 0) > reserved.get("tokens", 0)
    return bool(settled["actual"] > reserved["bound"] or (limited and more))


def check_money(events: list[Event]) -> list[str]:
    first = [event for event in events if event["kind"] == "RunStarted"]
    if not first:
        return []  # Not checked; the table says FSM_ILLEGAL_TRANSITION.
    run = first[0]["payload"]
    times = {id(event["payload"]): event.get("at_ms", 0) for event in events}
    now = {"reserved": 0, "spent": 0, "tokens": 0, "calls": 0, "started": first[0]["at_ms"]}
    charged: dict[str, int] = {}
    overrun = False
    grants: dict[int, Json] = {}  # The open reservations.
    for number, move in enumerate(moves(events)):
        step = move["step"]
        if "bound" in move:
            lines = has_room(move, run, times[id(move)], now, charged.get(step, 0))
            refused = [line for line, room in lines.items() if not room]
            if move["granted"] is not (not refused):
                return ["BUDGET_INVALID"]
            if move.get("refused_by", "") != (refused or [""])[0]:
                return ["BUDGET_INVALID"]
            if not refused:
                grants[move["n"]] = move
                now["reserved"] += move["bound"]
                now["tokens"] += move.get("tokens", 0)
                now["calls"] += 1
                if "step_ceiling" in move:
                    charged[step] = charged.get(step, 0) + move["bound"]
        elif move["grant"] in grants:
            held = grants.pop(move["grant"])
            now["reserved"] -= held["bound"]
            now["spent"] += move["actual"]
            now["tokens"] += move.get("tokens", 0) - held.get("tokens", 0)
            now["calls"] -= move["basis"] == "released"
            if "step_ceiling" in held:
                charged[held["step"]] += move["actual"] - held["bound"]
            overrun = overrun or move["actual"] > held["bound"]
        else:
            return ["BUDGET_INVALID"]
        if (move["n"], move["reserved"], move["spent"]) != (number, now["reserved"], now["spent"]):
            return ["BUDGET_INVALID"]
        if now["reserved"] + now["spent"] > run["ceiling_micro_cents"] and not overrun:
            return ["BUDGET_INVALID"]
    at_home = settled_at_home(events) and ceilings_of_lanes(events)
    return ["BUDGET_INVALID"] if grants or not at_home else []


def ceilings_of_lanes(events: list[Event]) -> bool:
    """Whether the reservations of each lane have one ceiling of the step, or none has."""
    there: dict[tuple[int, ...], set[int | None]] = {}
    for event in events:
        if event["kind"] == "BudgetReserved":
            lane = tuple(event["at"][:-1])
            there.setdefault(lane, set()).add(event["payload"].get("step_ceiling"))
    return all(len(ceilings) == 1 for ceilings in there.values())


def settled_at_home(events: list[Event]) -> bool:
    """Whether each settlement stands in the lane of its reservation, after it, and is of its basis."""
    there: dict[int, tuple[list[int], Json]] = {}
    for event in events:
        move = event["payload"]
        if event["kind"] == "BudgetReserved" and move["granted"]:
            there[move["n"]] = event["at"][:-1], move
        if event["kind"] != "BudgetSettled":
            continue
        if move["grant"] not in there or there[move["grant"]][0] != event["at"][:-1]:
            return False
        held = there[move["grant"]][1]
        if ("tokens" in move) != ("tokens" in held):
            return False
        for name, bound in (("actual", "bound"), ("tokens", "tokens")):
            fixed = {"released": 0, "bound": held.get(bound), "usage": move.get(name)}
            if name in move and move[name] != fixed[move["basis"]]:
                return False
    return True


# -------------------------------------------------------------------------- step 8: references [8]


def bodies(value: Json) -> Iterable[Json]:
    """Every Body with a path. A map of names to strings cannot be one, for its size is no count."""
    if type(value) is dict and "path" in value and type(value.get("size")) is int:
        yield value
    elif type(value) in (dict, list):
        for item in value.values() if type(value) is dict else value:
            yield from bodies(item)


def check_references(events: list[Event], manifest: Json) -> list[str]:
    captures = {e["path"]: e for e in manifest["files"] if e["path"] != "events.jsonl"}
    named = list(bodies([event["payload"] for event in events]))
    codes: list[str] = []
    if any(each["path"] not in captures for each in named):
        codes.append("CAPTURE_MISSING")
    if any(of_entry(each) != of_entry(captures.get(each["path"], each)) for each in named):
        codes.append("HASH_MISMATCH")
    if captures.keys() - {each["path"] for each in named}:
        codes.append("UNLISTED_FILE")
    return codes


# ------------------------------------------------------------------------------- step 9: roots [8]


def merkle(leaves: list[bytes]) -> str:
    """The tree hash of RFC 6962 section 2.1, level by level."""
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        over = [b"\1" + a + b for a, b in zip(level[::2], level[1::2], strict=False)]
        odd = level[-1:] if len(level) % 2 else []
        level = [hashlib.sha256(pair).digest() for pair in over] + odd
    return level[0].hex() if level else h(b"")


def check_roots(events: list[Event], lines: list[bytes], manifest: Json, said: Json) -> list[str]:
    leaves: dict[str, list[Json]] = {
        "evidence": [e for e in manifest["files"] if e["path"].startswith("evidence/")],
        "artifacts": [e for e in manifest["files"] if e["path"].startswith("artifacts/")],
        "effects": payloads(events, "EffectAsked", "SkillAsked", "EffectAnswered"),
        "lens": payloads(
            events, "ItemObserved", "LensAssembled", "ConflictFound", "ConflictResolved"
        ),
        "verification": [
            result
            for run in payloads(passes(events)[-1], "VerificationRun")
            for result in run["results"]
        ],
        "budget": moves(events),
        "gates": payloads(events, "GateEvaluated", "ApprovalAnswered"),
        "workgraph": sorted(
            payloads(events, "ChildSpawned", "ChildJoined"), key=lambda child: child["spawn_index"]
        ),
    }
    codes: list[str] = []
    for name in ROOTS:
        hashed = lines if name == "events" else [canonical(leaf) for leaf in leaves.get(name, [])]
        if said[name] != {"root": merkle(hashed), "size": len(hashed)}:
            codes.append("MERKLE_MISMATCH_" + ("EVENTLOG" if name == "events" else name.upper()))
    return codes


# ------------------------------------------------------------------------- step 10: projection [8]


def step_failures(events: list[Event]) -> list[Json]:
    kept: dict[str, Json] = {}  # A dict keeps the place of a key that is put again.
    for payload in payloads(events, "StepSkipped", "SkillExecuted"):
        step = payload["step"]
        if "because" in payload:
            kept[step] = {"attempts": 0, "code": payload["code"], "step": step}
        elif "failure" in payload:
            code = payload["failure"]["code"]
            kept[step] = {"attempts": payload["attempt"], "code": code, "step": step}
        else:
            kept.pop(step, None)
    return list(kept.values())


def count_events(events: list[Event]) -> dict[str, int]:
    executed = payloads(events, "SkillExecuted")
    failures = [entry for done in passes(events) for entry in step_failures(done)]
    steps = {
        "steps_failed": sum(entry["attempts"] != 0 for entry in failures),
        "steps_skipped": len(payloads(events, "StepSkipped")),
        "steps_succeeded": sum("value" in payload for payload in executed),
    }
    return {
        "attempts": len(executed),
        "effects": len(payloads(events, "EffectAsked", "SkillAsked")),
        "events": len(events),
        "retries": len(payloads(events, "RetryScheduled")),
        "steps": sum(steps.values()),
        **steps,
    }


def count_money(events: list[Event], run: Json) -> Json:
    reserved, settled = payloads(events, "BudgetReserved"), payloads(events, "BudgetSettled")
    more: dict[str, Json] = {"limits": run["limits"]} if "limits" in run else {}
    if more or any("tokens" in move for move in reserved):
        more["calls"] = sum(move["basis"] != "released" for move in settled)
        more["tokens"] = sum(move.get("tokens", 0) for move in settled)
    last = (moves(events) or [{"reserved": 0, "spent": 0}])[-1]
    return {
        **more,
        "ceiling_micro_cents": run["ceiling_micro_cents"],
        "refused": sum(not move.get("granted", True) for move in moves(events)),
        "reserved_micro_cents": last["reserved"],
        "spent_micro_cents": last["spent"],
    }


def gates_of(events: list[Event]) -> list[Json]:
    """The gates as the receipt lists them."""
    found = payloads(events, "GateEvaluated", "ApprovalAnswered")
    listed: list[Json] = []
    for gate in found:
        step = {"step": gate["step"]} if "step" in gate else {}
        said = {"gate": gate["gate"], **step}
        if "decision" in gate:
            said |= {"kind": "human", "when": "pre_step", "passed": gate["decision"] == "approved"}
        else:
            said |= {name: gate[name] for name in ("kind", "when", "passed")}
        listed.append(said)
    return listed


def fallbacks_of(events: list[Event]) -> list[Json]:
    """The fallbacks as the receipt lists them."""
    taken = payloads(events, "FallbackTaken")
    return [{name: item for name, item in each.items() if name != "value"} for each in taken]


def children_of(events: list[Event]) -> list[Json]:
    """The children as the receipt lists them; in a lane a child is joined right after it is spawned."""
    children: list[Json] = []
    for payload in payloads(events, "ChildSpawned", "ChildJoined"):
        if "critical" in payload:
            children.append({**payload})
        elif children:
            names = ("outcome", "proof_digest", "spent_micro_cents")
            children[-1] |= {name: payload[name] for name in names}
            children[-1] |= {name: payload[name] for name in payload if name == "value"}
    return sorted(children, key=lambda child: child["spawn_index"])


def inherited(events: list[Event]) -> str:
    """What the children make of a success: those that joined last in their steps."""
    lanes: dict[Place, Json] = {}
    for number, event in enumerate(events):
        if event["kind"] == "ChildJoined":
            spawned = events[number - 1]["payload"]
            lanes[tuple(event["at"][:-1])] = spawned.get("critical"), event["payload"]["outcome"]
    if (True, "failed") in lanes.values():
        return "failed"
    return "partial" if any(outcome != "success" for _, outcome in lanes.values()) else "success"


def failed_last(events: list[Event]) -> list[Json]:
    """The evaluated gates that did not pass the last time, in the order of the first time."""
    last = {(gate["gate"], gate.get("step")): gate for gate in payloads(events, "GateEvaluated")}
    return [gate for gate in last.values() if not gate["passed"]]


def failure_of(locked: Json, ended: Json, results: list[Json], failed: list[Json]) -> Json:
    code = locked["code"]
    if ended.get("failure", {}).get("code") == code:
        step = {"step": ended["step"]} if "step" in ended else {}
        return {"code": code, "message": ended["failure"]["message"], **step}
    if code == "GATE_FAILED":
        names = [gate["gate"] for gate in failed if "step" not in gate]
        text = "gates that did not hold: " + ", ".join(names) if names else ""
        return {"code": code, "message": text}
    ids = [result["check_id"] for result in results if not result["passed"]]
    return {"code": code, "message": "checks that did not hold: " + ", ".join(ids) if ids else ""}


def ends_of(events: list[Event]) -> list[Json]:
    """The ends of work; a lens too poor to decide by is one [8]."""
    return [
        payload if kind == "WorkEnded" else {"failure": payload["failure"]}
        for kind, payload in ((event["kind"], event["payload"]) for event in events)
        if kind == "WorkEnded" or (kind == "LensAssembled" and "failure" in payload)
    ]


def reached(lenses: list[Json], wanted: str) -> str:
    """The highest lock level up to the wanted one that the last lens allows [8]."""
    lens = [{}, *lenses][-1]
    if "at_least" not in lens:
        return wanted
    highest = "Draft"
    for level in LEVELS[: LEVELS.index(wanted) + 1]:
        if lens["at_least"].get(level, 0) > lens["quality"]["aggregate"]:
            break
        highest = level
    return highest


def project(events: list[Event]) -> Json:
    """What the receipt must say, but for what needs the manifest; None if it cannot be had."""
    first = {event["kind"]: event["payload"] for event in reversed(events)}
    if not {"RunStarted", "IntentSet", "Locked"} <= first.keys() or not ends_of(events):
        return None
    run, ended, locked = first["RunStarted"], ends_of(events)[-1], first["Locked"]
    plan = ([{}, *payloads(events, "PlanChosen")])[-1]
    *gone, done = passes(events)
    backtracks = [end[-1]["payload"]["backtrack"] for end in gone]
    check = ([{"results": [], "verdict": "not_run"}, *payloads(done, "VerificationRun")])[-1]
    results = [
        {name: r[name] for name in ("check_id", "level", "passed")} for r in check["results"]
    ]
    phases = [event["phase"] for event in events]
    failed = failure_of(locked, ended, results, failed_last(done)) if "code" in locked else {}
    return {
        "bundle_version": "0.2",
        **{name: run[name] for name in re.findall(r"(\w+) ", RUN)},
        "counts": count_events(events),
        "ended_ms": events[-1]["ts"],
        "started_ms": next(event["ts"] for event in events if event["kind"] == "RunStarted"),
        **({"failure": failed} if "code" in locked else {}),
        **({"backtracks": backtracks} if backtracks else {}),
        **({"children": children_of(events)} if children_of(events) else {}),
        **({"effects": plan["effects"]} if "effects" in plan else {}),
        **{name: run[name] for name in ("continues", "parent", "stages") if name in run},
        **({"fallbacks": fallbacks_of(done)} if fallbacks_of(done) else {}),
        **({"gates": gates_of(events)} if gates_of(events) else {}),
        **{name: ended[name] for name in ("halt", "output") if name in ended},
        "intent": first["IntentSet"],
        "lock_level": locked["lock_level"],
        "outcome": locked["outcome"],
        "money": count_money(events, run),
        "phase_sequence": [p for n, p in enumerate(phases) if n == 0 or phases[n - 1] != p],
        "policy": {name: run["policy"][name] for name in ("id", "rules_sha256")},
        "step_failures": step_failures(done),
        "verification": {"results": results, "verdict": check["verdict"]},
    }


LOCKS = ["Draft", "Staged", "Committed", "Published", "Immutable"]
SHAPES["lock"] = shape(":" + "|".join(LOCKS))
SHAPES["required"] = lambda value: (
    type(value) is dict
    and all(SHAPES["lock"](name) and shape("level[]")(levels) for name, levels in value.items())
)
VERIFY_RULES = closed("high_risk? required, levels? required, max_lock_level? lock, unmet? :lower")


def may_lock(verify: Json, level: str, results: list[Json]) -> bool:
    """Whether rules that speak of checks allow a lock level with these results [6]."""
    if level == "Draft":
        return True
    if not VERIFY_RULES(verify):
        return False
    high = LOCKS.index(level) > LOCKS.index(verify.get("max_lock_level", "Immutable"))
    there = {result["level"] for result in results}
    return not high and set(verify.get("levels", {}).get(level, [])) <= there


def verify_rules(events: list[Event], tree: Tree, manifest: Json) -> Json:
    """What the rules of the policy say of checks."""
    run = payloads(events, "RunStarted")[0]
    said = said_in(run["policy"], tree, manifest)
    verify = said.get("verify", {})
    if not VERIFY_RULES(verify) or "high_risk" not in verify:
        return verify
    plans = payloads(events, "PlanChosen")
    declared = plans[-1].get("effects") if plans else None
    levels = {name: list(taken) for name, taken in verify.get("levels", {}).items()}
    for level, taken in verify["high_risk"].items():
        if risky(said, declared, level):
            levels[level] = [*levels.get(level, []), *taken]
    return {**verify, "levels": levels}


def results_of(events: list[Event]) -> list[Json]:
    done = payloads(passes(events)[-1], "VerificationRun")
    return done[-1]["results"] if done else []


def check_lock(events: list[Event], tree: Tree, manifest: Json) -> list[str]:
    """Whether the run locked at a level that its policy allows."""
    if not payloads(events, "RunStarted") or not payloads(events, "Locked"):
        return []
    level = payloads(events, "Locked")[-1]["lock_level"]
    allowed = may_lock(verify_rules(events, tree, manifest), level, results_of(events))
    return [] if allowed else ["POLICY_VIOLATION"]


def lowered(verify: Json, results: list[Json]) -> str:
    """The level of a run whose checks all passed."""
    in_form = VERIFY_RULES(verify) and "unmet" in verify
    if in_form and not may_lock(verify, "Committed", results):
        return "Staged" if may_lock(verify, "Staged", results) else "Committed"
    return "Committed"


def expected_lock(
    events: list[Event], projection: Json, verify: Json, lenses: list[Json]
) -> tuple[str, str, str | None]:
    """What Locked must say of these events of the last pass."""
    ended = ends_of(events)[-1]
    verdict = projection["verification"]["verdict"]
    code = ended.get("failure", {}).get("code")
    by_file = projection["program_kind"] == "file"
    if "halt" in ended or "output" not in ended:
        return "failed", "Draft", code
    if verdict == "failed":
        return "failed", "Draft", "VERIFICATION_FAILED"
    failed = failed_last(events)
    if any("step" not in gate for gate in failed):
        return "failed", "Draft", "GATE_FAILED"
    if inherited(events) == "failed":
        return "failed", "Draft", "CHILD_FAILED" if code is None else code
    if "failure" in ended or (by_file and projection["step_failures"]) or failed:
        return "partial", "Draft", code
    if inherited(events) == "partial" or fallbacks_of(events):
        return "partial", "Draft", code
    level = lowered(verify, results_of(events)) if verdict == "passed" else "Staged"
    known = reached(lenses, level)
    allowed = known == level or may_lock(verify, known, results_of(events))
    return "success", known if allowed else "Draft", None


TRUE = {"form": "json", "inline": "true"}


def stopped(events: list[Event]) -> bool:
    """Whether the log holds what stops a run: a refusal, a halt, or an overrun."""
    held = {move["n"]: move for move in payloads(events, "BudgetReserved")}
    limited = "tokens" in payloads(events, "RunStarted")[0].get("limits", {})
    overrun = any(
        above_bound(move, held[move["grant"]], limited)
        for move in payloads(events, "BudgetSettled")
        if move["grant"] in held
    )
    refused = any(
        not move["granted"] and move.get("refused_by") != "step" for move in held.values()
    )
    return overrun or refused or bool(payloads(events, "CallHalted"))


def borne_out(events: list[Event], projection: Json, verify: Json) -> bool:
    if stopped(events) and "halt" not in projection:
        return False
    for gate in payloads(events, "GateEvaluated"):
        passing = {"form": "json", "inline": "0" if gate["kind"] == "command" else "true"}
        if gate["passed"] != (gate.get("value") == passing and "failure" not in gate):
            return False
    for run in payloads(events, "VerificationRun"):
        held = [r.get("value") == TRUE and "failure" not in r for r in run["results"]]
        if [result["passed"] for result in run["results"]] != held:
            return False
        if len({result["check_id"] for result in run["results"]}) != len(held):
            return False
        passed = all(result["passed"] for result in run["results"])
        verdict = ("passed" if passed else "failed") if run["results"] else "nothing_to_check"
        if run["verdict"] != verdict:
            return False
    locked = payloads(events, "Locked")[0]
    said = locked["outcome"], locked["lock_level"], locked.get("code")
    done = passes(events)[-1]
    lenses = payloads(events, "LensAssembled")
    if not ends_of(done):
        return False
    return said == expected_lock(done, projection, verify, lenses)


SHAPES["planned"] = closed(
    "id string, needs string[], on_failure? string, resources? string[], skill string"
)


def as_planned(events: list[Event], plan: Json, count: int) -> bool:
    """Whether the lanes are those of a plan, if it stands in its event."""
    if "path" in plan:
        return True
    try:
        steps = parse(plan["inline"].encode("utf-8"))
    except (ValueError, RecursionError):
        return False
    if plan["form"] != "json" or not shape("planned[]")(steps):
        return False
    lanes: dict[Place, dict[str, Json]] = {}
    for event in behind_planners(events):
        if len(event["at"]) > 1:
            lane = lanes.setdefault(tuple(event["at"][:-1]), {})
            if event["kind"] == "ResourcesClaimed":
                lane["alone"] = event["payload"]["resources"]
            if event["kind"] == "ResourcesClaimed" or works(event):
                lane["works"] = True
            if event["kind"] == "FallbackTaken":
                fallback = event["payload"]
                named = f"{fallback['action']} {fallback.get('skill', '')}".strip()
                lane |= {"fell": named if fallback["action"] == "skill" else fallback["action"]}
            elif "fell" not in lane:
                lane |= event["payload"]
    if barred(events) and len(steps) != count:
        return False
    done = [lane.get("step") for lane in lanes.values()]
    if done != ([] if barred(events) else [step["id"] for step in steps]):
        return False
    return all(
        lane.get("skill", step["skill"]) == step["skill"]
        and set(lane.get("because", ())) <= set(step["needs"])
        and lane.get("fell") in (None, step.get("on_failure"))
        and ("works" not in lane or lane.get("alone", []) == step.get("resources", []))
        for step, lane in zip(steps, lanes.values(), strict=False)  # without lanes nothing is left
    )


def barred(events: list[Event]) -> bool:
    """Whether a gate, or a human, kept all steps of a pass from beginning."""
    gates = payloads(events, "GateEvaluated")
    if any(gate["when"] == "pre_run" and not gate["passed"] for gate in gates):
        return True
    asked: Json = None
    chosen, approved = False, True
    for event in events:
        kind, payload = event["kind"], event["payload"]
        if kind == "PlanAsked":
            asked, chosen = payload, False
        elif kind == "PlanChosen":
            chosen = asked is not None
        elif kind.startswith("Approval") and chosen and payload["step"] == asked["step"]:
            approved = payload.get("decision") == "approved"
    return not approved


def planned_passes(events: list[Event]) -> list[list[Event]]:
    """The passes, those that took up the plan of one before with the event of that plan in front."""
    found: list[list[Event]] = []
    plans: list[Event] = []
    for done in passes(events):
        own = [event for event in done if event["kind"] == "PlanChosen"]
        found.append(done if own else [*plans, *done])
        plans = own[-1:] or plans
    return found


def behind_planners(events: list[Event]) -> list[Event]:
    """The events of a pass without the lanes of planners."""
    found: list[Event] = []
    asked = False
    for event in events:
        if not event["at"][1:]:
            asked = event["kind"] == "PlanAsked"
        if not (asked and event["at"][1:]):
            found.append(event)
    return found


ELSEWHERE_JUDGED = ("manifest_sha256", "roots", "proof_digest")


def check_projection(events: list[Event], tree: Tree, manifest: Json, receipt: Json) -> list[str]:
    projection = project(events)
    if projection is None:
        return []  # Not checked; the table has said FSM_ILLEGAL_TRANSITION, or the chain its code.
    codes: list[str] = []
    said = {name: item for name, item in (receipt or {}).items() if name not in ELSEWHERE_JUDGED}
    differs = receipt is not None and said != projection
    other_run = manifest is not None and manifest["run_id"] != projection["run_id"]
    by_file = projection["program_kind"] == "file"
    ends = [(done, with_plans(done)[-1][1]) for done in planned_passes(events)]
    counted = [plan.get("steps", 0) for done, plan in ends if not barred(done)]
    counted += [1 for _ in payloads(events, "PlanAsked", "ConflictFound")]
    miscounted = sum(counted) != projection["counts"]["steps"]
    unplanned = not all(as_planned(done, p["plan"], p["steps"]) for done, p in ends if "plan" in p)
    if differs or other_run or (by_file and (miscounted or unplanned)):
        codes.append("RECEIPT_EVENT_MISMATCH")
    raw = tree.files.get("manifest.json")
    if receipt is not None and isinstance(raw, bytes) and receipt["manifest_sha256"] != h(raw):
        codes.append("RECEIPT_HASH_MISMATCH")
    verify = {} if manifest is None else verify_rules(events, tree, manifest)
    return codes if borne_out(events, projection, verify) else [*codes, "VERIFICATION_INCOMPLETE"]


# ------------------------------------------------------------------------------ step 11: digest [9]


def check_digest(receipt: Json) -> list[str]:
    rest = {name: item for name, item in receipt.items() if name != "proof_digest"}
    holds = receipt["proof_digest"] == tagged("workc proof/0.2", canonical(rest))
    return [] if holds else ["PROOF_DIGEST_MISMATCH"]


# ---------------------------------------------------------------------------------- [10] the verdict


def judge(tree: Tree) -> list[str]:
    """Every step in its order. A step is left out only if an earlier one has given a code."""
    if v01.is_of_this_format(tree):
        return v01.judge(tree)
    names = check_names(tree)
    if "LIMIT_EXCEEDED" in names:
        return names
    if names_other_version(tree.files.get("receipt.json")):
        return ["VERSION_UNSUPPORTED"]
    manifest, codes = read_manifest(tree)
    codes = names + codes
    if manifest is not None:
        codes += check_files(tree, manifest)
    receipt, of_receipt = read_document(tree, "receipt.json", RECEIPT)
    events, lines, of_events = read_events(tree)
    codes += of_receipt + of_events
    if events is not None:
        codes += check_table(events) or check_requests(events, tree)
        codes += check_policy(events) + check_bounds(events)
        if manifest is not None:
            of_policy = check_allowed(events, tree, manifest) or check_lock(events, tree, manifest)
            codes += of_policy if "POLICY_VIOLATION" not in codes else []
        codes += check_money(events)
        if manifest is not None:
            codes += check_references(events, manifest)
            if receipt is not None:
                codes += check_roots(events, lines, manifest, receipt["roots"])
        codes += check_projection(events, tree, manifest, receipt)
    if receipt is not None:
        codes += check_digest(receipt)
    return codes + check_signature_limits(tree)


def verify(files: dict[str, bytes]) -> list[str]:
    """The codes of the breaches in the order of the steps; none is PASS."""
    return judge(folders.in_memory(files))


def verify_dir(root: str | os.PathLike[str]) -> list[str]:
    """The codes for a real folder; a folder that cannot be listed is FILE_UNREADABLE alone."""
    tree = folders.read(root, max_names=MAX_NAMES, max_file=MAX_FILE)
    return ["FILE_UNREADABLE"] if tree is None else judge(tree)


NOT_PROVED = """not proved by a bundle alone: that its producer told the truth; that it was not \
sealed wholly anew (compare the proof digest with one you got elsewhere); that it is the newest"""
NOT_JUDGED = {"VERSION_UNSUPPORTED", "LIMIT_EXCEEDED", "FILE_UNREADABLE"}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: verifier.py DIR", file=sys.stderr)
        return 2
    codes = verify_dir(arguments[0])
    verdict = "FAIL" if codes else "PASS"
    print("\n".join([verdict, *codes[:100]]))
    if codes and NOT_JUDGED.issuperset(codes):
        print("the bundle could not be judged")
    print(NOT_PROVED, file=sys.stderr)
    return 1 if codes else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
