"""Judging an inclusion proof: leaf, root, receipt, proof digest, each from the one before.

1. The document is the canonical spelling of its form, of a version that is known.
2. The leaf is an event with the number of its place, or an entry of the folder of its tree.
3. The nodes lead from the leaf at its place to the root that the receipt has for the tree.
4. The proof digest is that of the receipt.
5. It is the one that the caller expects; a file that is given beside is the one of the entry.

Whatever the bytes are, a verdict comes back (docs/spec/inclusion-proof.md, section 4). It does not
say that the rest of the bundle is good: nobody has seen it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from msgspec import UNSET

from workc.bundle.documents import FileEntry, NotCanonicalError, Receipt, proof_digest
from workc.bundle.inclusion import (
    MAX_PROOF_BYTES,
    InclusionProof,
    Tree,
    foreign_version,
    read_proof,
)
from workc.bundle.layout import BUNDLE_VERSION, MAX_LINE_BYTES, path_problem
from workc.kernel import events
from workc.kernel.digest import is_hex_digest
from workc.kernel.events import UNREADABLE, Event
from workc.kernel.kinds import KINDS, is_answer
from workc.kernel.merkle import leaf_hash, verify_inclusion
from workc.verify.case import Case
from workc.verify.inclusion_rules import (
    CONTENT_DIGEST,
    DIGEST_IS_EXPECTED,
    ENTRY_DIGEST,
    ENTRY_PATH,
    ENTRY_TREE,
    EVENT_FORM,
    EVENT_PLACE,
    FILE_IS_EXPECTED,
    NODE_FORM,
    PROOF_FORM,
    PROOF_IS_SMALL,
    PROOF_VERSION,
    RECEIPT_DIGEST,
    TREE_ROOT,
    TREE_SIZE,
)
from workc.verify.v02.lens_form import RUN_ID
from workc.verify.v02.payload_rules import SIXTEEN_BYTES, payload_problems
from workc.verify.verdict import Step, Verdict

#: The steps of a proof, all of which PASS needs.
PROOF_STEPS: tuple[Step, ...] = (
    "manifest",
    "files",
    "receipt",
    "events",
    "roots",
    "digest",
    "expectations",
)
#: What no proof shows.
ALWAYS_OPEN = (
    "bundle: whether the bundle of this digest verifies, and what else is in it",
    "truth: that the producer recorded what really happened",
    "signature: a proof holds none, so who sealed the bundle is not known",
    "freshness: that the bundle is the newest of its work",
    "log: that the digest was published anywhere",
)
ORIGIN = "origin: without an expected digest, anybody can have made this proof of anything"
CONTENT = "content: the file itself was not given, so only its entry is shown"


def verify_proof(
    data: bytes,
    *,
    expect_digest: str | None = None,
    content: Iterable[bytes] | None = None,
    without: Collection[str] = (),
) -> Verdict:
    """Returns the verdict on a proof. ``content`` is the file that the entry is of, if it is had.

    ``without`` are numbers of rules to leave out, so that tests can show that each is needed. It
    raises for nothing in ``data``; what ``content`` raises passes.
    """
    case = Case(without=without)
    proof = _parse(data, case)
    if proof is not None:
        _check_leaf(proof, case)
        _check_tree(proof, case)
        _check_digest(proof, expect_digest, case)
        _check_content(proof, content, case)
    failures, skipped = case.findings(), case.open_steps(PROOF_STEPS)
    proven = None if failures or proof is None else proof.receipt
    beyond: list[str] = [*ALWAYS_OPEN]
    if expect_digest is None:
        beyond.append(ORIGIN)
    if proof is not None and proof.event is UNSET and content is None:
        beyond.append(CONTENT)
    return Verdict(
        verdict="FAIL" if proven is None else "PASS",
        bundle_version=None if proven is None else proven.bundle_version,
        run_id=None if proven is None else proven.run_id,
        proof_digest=None if proven is None else proven.proof_digest or None,
        failures=failures,
        not_checked=(*(f"{step}: what it needs could not be had" for step in skipped), *beyond),
        notes=case.notes(),
    )


def _parse(data: bytes, case: Case) -> InclusionProof | None:
    if len(data) > MAX_PROOF_BYTES:
        case.fail(PROOF_IS_SMALL, ".", f"larger than {MAX_PROOF_BYTES} bytes")
        return None
    version = foreign_version(data)
    if version is not None:
        message = f"this verifier knows proofs of version {BUNDLE_VERSION}"
        case.fail(PROOF_VERSION, ".", message, actual=version)
        return None
    try:
        proof = read_proof(data)
    except NotCanonicalError as error:
        case.fail(PROOF_FORM, ".", str(error))
        return None
    problem = _receipt_problem(proof.receipt)
    if problem is not None:
        case.fail(PROOF_FORM, ".", problem, pointer="/receipt")
        return None
    case.take("receipt")
    return proof


def _receipt_problem(receipt: Receipt) -> str | None:
    """Returns what is wrong with a receipt beyond its fields; its events are not here to say it."""
    if not RUN_ID.fullmatch(receipt.run_id) or not SIXTEEN_BYTES.fullmatch(receipt.nonce):
        return "run_id or nonce is not of its form"
    bodies = (receipt.inputs, receipt.output, receipt.prices, receipt.program)
    problems = (body.problem() for body in bodies if body is not UNSET)
    return next((problem for problem in problems if problem is not None), None)


def _check_leaf(proof: InclusionProof, case: Case) -> None:
    case.take("events")
    case.take("manifest")
    if isinstance(proof.entry, FileEntry):
        _check_entry(proof.entry, proof.tree, case)
    else:
        _check_event(proof.leaf(), proof.index, case)


def _check_entry(entry: FileEntry, tree: Tree, case: Case) -> None:
    problem = path_problem(entry.path)
    if problem is not None:
        message = f"the path {entry.path} is {problem}"
        case.fail(ENTRY_PATH, ".", message, pointer="/entry/path")
    if not entry.path.startswith(f"{tree}/"):
        message = f"{entry.path} does not stand below {tree}/"
        case.fail(ENTRY_TREE, ".", message, pointer="/entry/path")
    if not is_hex_digest(entry.sha256):
        message = "sha256 is 64 lower-case hex digits"
        case.fail(ENTRY_DIGEST, ".", message, pointer="/entry/sha256")


def _check_event(line: bytes, index: int, case: Case) -> None:
    event = _read_event(line)
    if len(line) > MAX_LINE_BYTES:
        message = f"the event is longer than {MAX_LINE_BYTES} bytes"
        case.fail(PROOF_IS_SMALL, ".", message, pointer="/event")
    elif event is None:
        message = "it is no event of a known kind in canonical JSON"
        case.fail(EVENT_FORM, ".", message, pointer="/event")
    elif event.seq != index:
        message = "the number of the event is not its index"
        pointer = "/event/seq"
        case.fail(EVENT_PLACE, ".", message, pointer=pointer, expected=index, actual=event.seq)


def _read_event(line: bytes) -> Event | None:
    """Returns the event of a line that is what it can be seen to be by itself, or None."""
    try:
        (event,) = events.decode_lines(line + b"\n")
    except UNREADABLE:
        return None
    payload = event.payload
    rule = KINDS[type(payload).__name__]
    is_sound = event.phase == rule.phase and not [*payload_problems(payload)]
    return event if is_sound and is_answer(payload) == (event.at_ms is not UNSET) else None


def _check_tree(proof: InclusionProof, case: Case) -> None:
    case.take("roots")
    tree, root = proof.tree, proof.root()
    if not all(map(is_hex_digest, (root.root, *proof.nodes))):
        message = "a node or the root is not 64 lower-case hex digits"
        case.fail(NODE_FORM, ".", message, pointer="/nodes")
        return
    if proof.size != root.size:
        message = "the receipt has another size for the tree"
        case.fail(
            TREE_SIZE[tree], ".", message, pointer="/size", expected=root.size, actual=proof.size
        )
    nodes = [bytes.fromhex(node) for node in proof.nodes]
    leaf, top = leaf_hash(proof.leaf()), bytes.fromhex(root.root)
    if not verify_inclusion(leaf, proof.index, proof.size, nodes, top):
        message = "the nodes do not lead from the leaf to the root of the receipt"
        case.fail(TREE_ROOT[tree], ".", message, pointer="/nodes", expected=root.root)


def _check_digest(proof: InclusionProof, expected: str | None, case: Case) -> None:
    case.take("digest")
    case.take("expectations")
    computed, named = proof_digest(proof.receipt), proof.receipt.proof_digest
    pointer = "/receipt/proof_digest"
    if named != computed:
        message = "the proof digest is not that of the receipt"
        case.fail(RECEIPT_DIGEST, ".", message, pointer=pointer, expected=computed, actual=named)
    if expected is not None and named != expected:
        message = "the caller expects another proof digest"
        case.fail(
            DIGEST_IS_EXPECTED, ".", message, pointer=pointer, expected=expected, actual=named
        )


def _check_content(proof: InclusionProof, content: Iterable[bytes] | None, case: Case) -> None:
    case.take("files")
    if content is None:
        return
    entry = proof.entry
    if not isinstance(entry, FileEntry):
        message = "the caller gives a file, and this is the proof of an event"
        case.fail(FILE_IS_EXPECTED, ".", message, pointer="/event")
        return
    hasher, size = hashlib.sha256(), 0
    for chunk in content:
        hasher.update(chunk)
        size += len(chunk)
    listed = f"{entry.size} bytes, sha256 {entry.sha256}"
    given = f"{size} bytes, sha256 {hasher.hexdigest()}"
    if given != listed:
        message = "the file that was given is not the one of the entry"
        case.fail(CONTENT_DIGEST, ".", message, pointer="/entry", expected=listed, actual=given)
