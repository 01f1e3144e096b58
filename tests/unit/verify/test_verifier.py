"""The verdict on whole bundles: good ones, every byte changed, names, limits, purity, closedness."""

import ast
import json
import random
from pathlib import Path

import pytest
from bundles import NAMES, bundle
from msgspec import UNSET
from odd_reader import OddReader
from reseal import canonical, reseal, second, sha256

import workc
from workc.bundle.documents import FileEntry, Root
from workc.bundle.layout import LIMITS, MAX_PATH_BYTES, Limits
from workc.kernel.digest import TAG_REQUEST, sha256_hex, tagged
from workc.verify.case import MAX_TEXT, Case
from workc.verify.reader import Item, MemoryReader, ReadError
from workc.verify.rules import NAME_GRAMMAR
from workc.verify.signatures.rules import SIGNATURE_RULES
from workc.verify.v01.rules import RULES as RULES_01
from workc.verify.v02 import examination
from workc.verify.v02.contents import compare_requests
from workc.verify.v02.rules import FILE_IS_SMALL, LINE_FORM, RULES
from workc.verify.verdict import MAX_FINDINGS, STEPS, VERIFY_FAIL_CODES
from workc.verify.verifier import Expectations, verify

SMALL = "staged"
DOCUMENTS = ("manifest.json", "receipt.json")


def verdict_of(files, *arguments, **options):
    return verify(MemoryReader(files), *arguments, **options)


def open_points(verdict):
    return [line.partition(":")[0] for line in verdict.not_checked]


def codes_of(files, *arguments, **options):
    return verdict_of(files, *arguments, **options).codes()


# -------------------------------------------------------------------------------- good bundles


@pytest.mark.parametrize("name", NAMES)
def test_what_the_engine_seals_passes_and_shows_run_and_digest(name):
    receipt = json.loads(bundle(name)["receipt.json"])
    verdict = verdict_of(bundle(name))
    assert (verdict.verdict, verdict.failures, verdict.notes) == ("PASS", (), ())
    assert (verdict.run_id, verdict.proof_digest) == (receipt["run_id"], receipt["proof_digest"])
    kin = ["children"] if "children" in receipt else []
    earlier = ["earlier"] if "continues" in receipt else []
    assert open_points(verdict) == [
        "truth",
        *kin,
        *earlier,
        "signature",
        "freshness",
        "log",
        "origin",
    ]
    assert second.verify(dict(bundle(name))) == []


def test_the_bundles_hold_every_kind():
    lines = [line for name in NAMES for line in bundle(name)["events.jsonl"].splitlines()]
    kinds = {json.loads(line)["kind"] for line in lines}
    assert kinds == set(second.PAYLOADS)


def test_a_bill_above_its_bound_and_the_ceiling_is_the_truth_and_passes():
    receipt = json.loads(bundle("overrun")["receipt.json"])
    assert receipt["failure"]["code"] == receipt["halt"] == "BUDGET_BOUND_VIOLATED"
    assert receipt["money"]["spent_micro_cents"] > receipt["money"]["ceiling_micro_cents"]
    assert verdict_of(bundle("overrun")).ok


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_the_size_of_the_chunks_changes_nothing(chunk):
    assert verify(OddReader(bundle("success"), chunk=chunk)) == verdict_of(bundle("success"))


def test_an_expected_digest_closes_the_question_of_the_origin():
    digest = verdict_of(bundle(SMALL)).proof_digest
    verdict = verdict_of(bundle(SMALL), Expectations(proof_digest=digest))
    assert verdict.ok
    assert open_points(verdict) == ["truth", "signature", "freshness", "log"]


@pytest.mark.parametrize("field", ["proof_digest", "run_id"])
def test_another_bundle_than_the_expected_one_fails(field):
    verdict = verdict_of(bundle(SMALL), Expectations(**{field: ""}))
    assert verdict.codes() == ("DIGEST_UNEXPECTED",)
    assert (verdict.failures[0].step, verdict.failures[0].pointer) == ("expectations", f"/{field}")


def test_an_old_bundle_in_place_of_a_new_one_is_told_by_its_digest():
    wanted = Expectations(proof_digest=verdict_of(bundle("success")).proof_digest)
    assert codes_of(bundle(SMALL), wanted) == ("DIGEST_UNEXPECTED",)


# ------------------------------------------------------------------------------ bytes and files


@pytest.mark.parametrize("path", sorted(bundle(SMALL)))
def test_every_change_of_a_single_byte_fails_and_the_second_verifier_agrees(path):
    files, data = dict(bundle(SMALL)), bundle(SMALL)[path]
    for place in range(len(data)):
        for bit in (0x01, 0x80):
            changed = bytearray(data)
            changed[place] ^= bit
            files[path] = bytes(changed)
            assert verdict_of(files).verdict == "FAIL", (path, place, bit)
        if place % 5 == 0:
            assert second.verify(files), (path, place)


@pytest.mark.parametrize("path", sorted(bundle(SMALL)))
def test_every_byte_deleted_inserted_or_cut_off_fails(path):
    files, data, random_ = dict(bundle(SMALL)), bundle(SMALL)[path], random.Random(path)
    for place in sorted({0, len(data) - 1, *random_.sample(range(len(data)), min(len(data), 60))}):
        for changed in (
            data[:place] + data[place + 1 :],
            data[:place] + b"0" + data[place:],
            data[:place] + b"\n" + data[place:],
            data[:place],
        ):
            files[path] = changed
            assert changed == data or verdict_of(files).verdict == "FAIL", (path, place)
    for changed in (data + b"\n", data + b"\0", data * 2, b""):
        files[path] = changed
        assert verdict_of(files).verdict == "FAIL"


@pytest.mark.parametrize("path", sorted(bundle(SMALL)))
def test_a_file_left_out_fails(path):
    files = {name: data for name, data in bundle(SMALL).items() if name != path}
    code = "BUNDLE_MALFORMED" if path in DOCUMENTS else "MANIFEST_MISSING_FILE"
    assert code in codes_of(files)


@pytest.mark.parametrize(
    "path", ["x", ".hidden", "evidence/extra", "signatures/a.json", "artifacts/y", "a/b/c"]
)
def test_a_file_more_fails(path):
    assert codes_of({**bundle(SMALL), path: b""}) == ("UNLISTED_FILE",)


@pytest.mark.parametrize("path", sorted(bundle(SMALL)))
def test_a_file_of_another_bundle_fails(path):
    other = bundle("success").get(path)
    if other not in {None, bundle(SMALL)[path]}:
        assert verdict_of({**bundle(SMALL), path: other}).verdict == "FAIL"


def test_a_changed_capture_is_a_hash_mismatch_with_both_hashes():
    path = next(path for path in bundle(SMALL) if path.startswith("evidence/"))
    data = bundle(SMALL)[path]
    changed = bytes([data[0] ^ 1]) + data[1:]
    (finding,) = verdict_of({**bundle(SMALL), path: changed}).failures
    assert (finding.code, finding.step, finding.path) == ("HASH_MISMATCH", "files", path)
    assert (finding.expected, finding.actual) == (sha256(data), sha256(changed))


def test_a_changed_line_is_a_hash_mismatch_even_where_it_cannot_be_parsed():
    data = bundle(SMALL)["events.jsonl"]
    verdict = verdict_of({**bundle(SMALL), "events.jsonl": b"x" + data[1:]})
    assert [(f.code, f.step, f.line) for f in verdict.failures] == [
        ("HASH_MISMATCH", "files", None),
        ("BUNDLE_MALFORMED", "events", 1),
    ]
    assert {line.split(":")[0] for line in verdict.not_checked} >= {"table", "money", "projection"}


@pytest.mark.parametrize("data", [b"", b"\n", b"{}\n", b"x", b"\n\n"])
def test_a_log_that_is_no_log_is_malformed(data):
    def edit(draft):
        entry = {"path": "events.jsonl", "sha256": sha256(data), "size": len(data)}
        draft.listed = lambda entries: sorted(
            [e for e in entries if e["path"] != "events.jsonl"] + [entry], key=lambda e: e["path"]
        )

    files = {**reseal(bundle(SMALL), edit), "events.jsonl": data}
    verdict = verdict_of(files)
    assert [(f.code, f.step) for f in verdict.failures] == [("BUNDLE_MALFORMED", "events")]


CANONICAL_BREACHES = {
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "newline": lambda data: data + b"\n",
    "white space": lambda data: data.replace(b",", b", ", 1),
    "zero byte": lambda data: data + b"\0",
    "two values": lambda data: data + data,
    "cut": lambda data: data[:-1],
    "empty": lambda data: b"",
    "list": lambda data: b"[]",
    "null": lambda data: b"null",
    "repeated key": lambda data: data.replace(b'"run_id":', b'"run_id":"x","run_id":'),
    "escape": lambda data: data.replace(b'"run_id"', b'"\\u0072un_id"'),
    "solidus": lambda data: data.replace(b"evidence/", b"evidence\\/"),
    "capital escape": lambda data: data.replace(b'"run_id":"', b'"run_id":"\\u001F'),
    "float": lambda data: data.replace(b'"size":', b'"size":1.'),
    "exponent": lambda data: data.replace(b'"size":', b'"size":1e3,"x":'),
    "infinite": lambda data: data.replace(b'"size":', b'"size":1e999,"x":'),
    "not a number": lambda data: data.replace(b'"size":', b'"size":NaN,"x":'),
    "minus zero": lambda data: data.replace(b'"size":', b'"size":-0,"size":'),
    "huge": lambda data: data.replace(b'"size":', b'"size":' + b"9" * 5000),
    "2**53": lambda data: data.replace(b'"size":', b'"size":9007199254740992,"x":'),
    "surrogate": lambda data: data.replace(b'"run_id":"', b'"run_id":"\\udc00'),
    "bytes": lambda data: data.replace(b'"run_id":"', b'"run_id":"\xff'),
    "nesting": lambda data: b"[" * 1_000_000,
    "nested": lambda data: b'{"files":' + b"[" * 9999 + b"]" * 9999 + b"}",
    "unknown field": lambda data: data[:-1] + b',"zz":1}',
}


@pytest.mark.parametrize("path", DOCUMENTS)
@pytest.mark.parametrize("breach", CANONICAL_BREACHES)
def test_a_document_that_is_not_canonical_is_malformed_and_nothing_is_raised(path, breach):
    data = CANONICAL_BREACHES[breach](bundle(SMALL)[path])
    assert data != bundle(SMALL)[path]
    files = {**bundle(SMALL), path: data}
    step = path.removesuffix(".json")
    assert ("BUNDLE_MALFORMED", step) in {(f.code, f.step) for f in verdict_of(files).failures}
    assert second.verify(files)


def test_a_receipt_of_another_version_is_undecided_and_nothing_else_is_judged():
    files = dict(bundle(SMALL))
    files["receipt.json"] = b' {"receipt_version": "0.1"}'
    verdict = verdict_of({**files, "events.jsonl": b""})
    assert verdict.codes() == ("VERSION_UNSUPPORTED",)
    assert verdict.undecided
    open_steps = {line.split(":")[0] for line in verdict.not_checked}
    assert open_steps >= set(examination.STEPS) - {"names", "receipt"}


def test_a_bad_bundle_is_not_undecided():
    assert not verdict_of({}).undecided
    assert not verdict_of(bundle(SMALL)).undecided


def test_a_step_whose_input_is_missing_is_not_checked():
    files = {path: data for path, data in bundle(SMALL).items() if path != "receipt.json"}
    verdict = verdict_of(files)
    assert verdict.codes() == ("BUNDLE_MALFORMED",)
    assert [line.split(":")[0] for line in verdict.not_checked[:4]] == [
        "roots", "projection", "digest", "expectations",
    ]  # fmt: skip


def test_without_a_manifest_the_receipt_is_judged_and_the_files_are_not():
    files = {path: data for path, data in bundle(SMALL).items() if path != "manifest.json"}
    verdict = verdict_of(files, Expectations(run_id="x"))
    assert verdict.codes() == ("BUNDLE_MALFORMED", "DIGEST_UNEXPECTED")
    open_steps = [line.split(":")[0] for line in verdict.not_checked]
    assert open_steps[:8] == [
        "files", "events", "table", "policy", "money", "references", "roots", "projection",
    ]  # fmt: skip


# --------------------------------------------------------------------------------------- names


UNSAFE = [
    "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "~", "a\\b", "C:x", "a:b", "a b", "a\nb",
    "a\0b", "ä", "a\u0308", "caf\u00e9", "a\u202eb", "a\u200bb", "\u0430", "x.", "con", "Con.txt",
    "evidence/LPT9.tar.gz", "nul", "aux.", "com0", "x" * 129, "/".join(["x" * 100] * 6), "\udcff",
    "...", "a/b/..", "", "$x", "evidence/\udce9.json",
]  # fmt: skip


@pytest.mark.parametrize("path", UNSAFE)
def test_an_unsafe_name_is_refused_and_shown_in_ascii(path):
    verdict = verdict_of({**bundle(SMALL), path: b""})
    assert "UNSAFE_PATH" in verdict.codes()
    assert all(
        finding.path.isprintable() and finding.path.isascii() for finding in verdict.failures
    )
    assert second.verify({**bundle(SMALL), path: b""})


@pytest.mark.parametrize("path", ["x" * 128, "a.b-c_d", ".git", "..x", "console", "com10", "nul-"])
def test_a_safe_name_is_only_unlisted(path):
    assert codes_of({**bundle(SMALL), path: b""}) == ("UNLISTED_FILE",)


def test_a_path_at_the_limit_passes_and_one_past_it_is_unsafe():
    """Of 512 bytes, of which the last segment is one longer or not; a segment of 128 or 129."""

    def at(path):
        def edit(draft):
            data = draft.files[path] = draft.files.pop("evidence/inputs.json")
            body = {"form": "json", "path": path, "sha256": sha256(data), "size": len(data)}
            draft.payload("RunStarted")["inputs"] = body

        return codes_of(reseal(bundle(SMALL), edit, project=True))

    deep = "evidence/" + "/".join(["x" * 100] * 4) + "/" + "x" * 99
    assert len(deep) == MAX_PATH_BYTES
    assert at(deep) == at("evidence/" + "x" * 128) == ()
    assert at(deep + "x")[0] == at("evidence/" + "x" * 129)[0] == "UNSAFE_PATH"


@pytest.mark.parametrize(
    "extra",
    [
        Item(path="evidence/x", kind="link"),
        Item(path="evidence/x", kind="other"),
        Item(path="RECEIPT.json", kind="file"),
        Item(path="Evidence", kind="folder"),
        Item(path="receipt.json", kind="folder"),
        Item(path="receipt.json", kind="file", size=1),
        Item(path="evidence", kind="folder"),
    ],
    ids=lambda item: f"{item.kind} {item.path}",
)
def test_links_specials_twins_and_repeats_are_unsafe(extra):
    assert "UNSAFE_PATH" in verify(OddReader(bundle(SMALL), extra)).codes()


def test_a_file_that_is_a_folder_too_is_unsafe():
    def edit(draft):
        draft.files |= {"evidence/x": b"1", "evidence/x/y": b"2"}

    assert "UNSAFE_PATH" in codes_of(reseal(bundle(SMALL), edit))


@pytest.mark.parametrize("folder", ["artifacts", "evidence/empty", ".git", "x"])
def test_an_empty_folder_is_unlisted(folder):
    files = {p: d for p, d in bundle("nothing").items() if not p.startswith("artifacts/")}
    verdict = verify(OddReader(files, Item(path=folder, kind="folder")))
    assert verdict.codes() == ("UNLISTED_FILE",)


def test_hard_links_are_one_note():
    linked = [Item(path="evidence/x", kind="file", links=2), Item(path="y", kind="file", links=3)]
    verdict = verify(OddReader(bundle(SMALL), *linked))
    assert verdict.notes == ("files with other hard links: 2, the first evidence/x",)


def test_a_file_is_read_once_and_an_unlisted_one_not_at_all():
    files = {**bundle(SMALL), "evidence/zz": b"unlisted"}
    reader = OddReader(files)
    assert verify(reader).codes() == ("UNLISTED_FILE",)
    assert sorted(reader.read) == sorted(bundle(SMALL))


def test_a_file_that_is_listed_a_thousand_times_is_read_once():
    edit = reseal(bundle(SMALL), lambda draft: setattr(draft, "listed", lambda e: e * 1000))
    reader = OddReader(edit)
    assert "BUNDLE_MALFORMED" in verify(reader).codes()
    assert len(reader.read) == len(set(reader.read))


@pytest.mark.parametrize("path", sorted(bundle(SMALL)))
def test_a_file_that_cannot_be_read_is_undecided(path):
    verdict = verify(OddReader(bundle(SMALL), fails={path}))
    assert set(verdict.codes()) == {"FILE_UNREADABLE"}
    assert verdict.undecided
    assert verdict.failures[0].message == "gone\\n"


def test_names_that_cannot_be_listed_are_undecided():
    verdict = verify(OddReader(bundle(SMALL), names_fail_after=0))
    assert (verdict.codes(), verdict.undecided) == (("FILE_UNREADABLE",), True)


def test_a_document_that_shrinks_while_it_is_read_is_unreadable():
    assert verify(OddReader(bundle(SMALL), cuts={"manifest.json"})).codes()[0] == "FILE_UNREADABLE"


def test_a_memory_reader_has_no_other_files():
    with pytest.raises(ReadError):
        list(MemoryReader({}).chunks("x", 1))
    assert list(MemoryReader({"x": b"1234"}).chunks("x", 2)) == [b"123"]


# -------------------------------------------------------------------------------------- limits


def _limits():
    files = bundle(SMALL)
    names = len(files) + len({path.rpartition("/")[0] for path in files} - {""})
    lines = files["events.jsonl"].split(b"\n")
    return {
        "names": names,
        "file_bytes": max(len(d) for p, d in files.items() if p not in DOCUMENTS),
        "document_bytes": max(len(files[path]) for path in DOCUMENTS),
        "line_bytes": max(map(len, lines)),
        "events": len(lines) - 1,
    }


@pytest.mark.parametrize("name", _limits())
@pytest.mark.parametrize("chunk", [None, 64])
def test_a_bundle_at_the_limit_passes_and_one_past_it_is_undecided(name, chunk):
    limit = _limits()[name]
    reader = OddReader(bundle(SMALL), chunk=chunk)
    assert verify(reader, limits=Limits(**{name: limit})).ok
    verdict = verify(reader, limits=Limits(**{name: limit - 1}))
    assert set(verdict.codes()) == {"LIMIT_EXCEEDED"}
    assert verdict.undecided


@pytest.mark.parametrize("chunk", [None, 64])
def test_a_line_without_an_end_is_not_kept_past_the_limit(chunk):
    files = {**bundle(SMALL), "events.jsonl": b"x" * len(bundle(SMALL)["events.jsonl"])}
    verdict = verify(OddReader(files, chunk=chunk), limits=Limits(line_bytes=100))
    assert [(f.code, f.line) for f in verdict.failures if f.step == "events"] == [
        ("LIMIT_EXCEEDED", 1)
    ]


def test_the_limits_are_those_of_the_page():
    assert (LIMITS.names, LIMITS.events) == (second.MAX_NAMES, second.MAX_LINES)
    assert (LIMITS.document_bytes, LIMITS.line_bytes) == (second.MAX_DOCUMENT, second.MAX_LINE)
    assert LIMITS.file_bytes == second.MAX_FILE


# ---------------------------------------------------------------------------- verdict and case


def test_findings_stand_in_the_order_of_the_steps():
    files = {**bundle(SMALL), "bad name": b"", "x": b"", "evidence/e/": b""}
    files["receipt.json"] = files["receipt.json"].replace(b'"retries":0', b'"retries":1')
    steps = [STEPS.index(finding.step) for finding in verdict_of(files).failures]
    assert steps == sorted(steps)
    assert len(set(steps)) >= 4


def test_at_most_a_hundred_findings_are_listed_and_a_note_says_so():
    at_limit = verdict_of({**bundle(SMALL), **{f"x{n:03d}": b"" for n in range(MAX_FINDINGS)}})
    past = verdict_of({**bundle(SMALL), **{f"x{n:03d}": b"" for n in range(MAX_FINDINGS + 1)}})
    assert (len(at_limit.failures), at_limit.notes) == (MAX_FINDINGS, ())
    assert past.failures == at_limit.failures
    assert past.notes == ("more than 100 failures; the rest is not listed",)


def test_a_hundred_findings_of_one_step_do_not_hide_the_note_for_another():
    case = Case()
    for _ in range(MAX_FINDINGS):
        case.fail(NAME_GRAMMAR, "x", "y")
    case.fail(LINE_FORM, "x", "y")
    assert {finding.step for finding in case.findings()} == {"names"}
    assert len(case.notes()) == len(case.notes()) == 1


def test_texts_of_findings_are_short_printable_ascii():
    case = Case()
    case.fail(NAME_GRAMMAR, "\udcff\n" * 999, "\u202e", expected=["é\x7f", None], actual=0)
    (finding,) = case.findings()
    assert len(finding.path) == MAX_TEXT
    assert finding.message == "\\u202e"
    assert (finding.expected, finding.actual) == ('["\\u00e9\\u007f",null]', "0")


def test_a_value_that_differs_is_shown_as_json():
    case = Case()
    case.fail(NAME_GRAMMAR, "a", "differs", expected=Root(root="00", size=20), actual=UNSET)
    case.fail(NAME_GRAMMAR, "a", "differs", expected=["\U0001f600"], actual=["\udc80"])
    one, other = case.findings()
    assert (one.expected, one.actual) == ('{"root":"00","size":20}', '"UNSET"')
    assert (other.expected, other.actual) == ('["\\ud83d\\ude00"]', "['\\udc80']")


def test_a_verdict_as_json_leaves_out_what_is_not_known():
    verdict = verdict_of({})
    text = verdict.to_json()
    assert canonical(text)
    assert text["verdict"] == "FAIL"
    assert text["proof_digest"] is None
    assert text["failures"][0] == {
        "code": "BUNDLE_MALFORMED",
        "step": "manifest",
        "rule": "3.01",
        "path": "manifest.json",
        "message": "the bundle has no such file",
    }


def test_every_code_is_that_of_a_rule():
    every = (*RULES, *RULES_01, *SIGNATURE_RULES)
    assert set(VERIFY_FAIL_CODES) == {rule.code for rule in every}


def test_rules_have_numbers_of_their_own_and_say_what_must_hold():
    rules = (*RULES, *SIGNATURE_RULES)
    assert len({rule.number for rule in rules}) == len({rule.text for rule in rules}) == len(rules)
    assert all(rule.text.endswith((".", "-")) and rule.paragraph for rule in rules)


# ------------------------------------------------------------------------------------- purity


def test_a_verdict_does_not_depend_on_the_one_before():
    bad = {**bundle(SMALL), "receipt.json": b"{}"}
    fresh = [verdict_of(bad), verdict_of(bundle(SMALL)), verdict_of(bundle("paid"))]
    again = [verdict_of(files) for files in (bad, bundle(SMALL), bundle("paid"))]
    assert again == fresh
    assert [verdict_of(f) for f in (bundle("paid"), bundle(SMALL), bad)] == fresh[::-1]


def test_a_bundle_in_another_order_gives_the_same_verdict():
    files = {**bundle(SMALL), "x": b"", "y": b"", "bad name": b""}
    assert verdict_of(dict(reversed(files.items()))) == verdict_of(files)


ALLOWED = {
    "__future__",
    "base64",
    "bisect",
    "collections",
    "cryptography",
    "enum",
    "functools",
    "hashlib",
    "itertools",
}
ALLOWED |= {"math", "msgspec", "re", "struct", "typing", "zlib"}


@pytest.mark.parametrize("room", ["verify", "bundle"])
def test_the_room_imports_only_what_is_on_the_list(room):
    for path in (Path(workc.__file__).parent / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                ours = name.startswith(("workc.bundle", "workc.kernel", f"workc.{room}"))
                assert ours or name.split(".")[0] in ALLOWED, (path.name, name)


# ------------------------------------------------------------------- a hundred findings and more


def test_a_proven_fault_is_not_lost_behind_a_hundred_limits():
    case = Case()
    for number in range(MAX_FINDINGS + 5):
        case.fail(FILE_IS_SMALL, f"evidence/{number}", "large")
    case.fail(LINE_FORM, "events.jsonl", "bad", line=1)
    found = case.findings()
    assert len(found) == MAX_FINDINGS
    assert [finding.code for finding in found].count("BUNDLE_MALFORMED") == 1
    assert case.notes()


def test_which_findings_are_kept_does_not_hang_on_the_order_in_which_they_come():
    def kept(lines):
        case = Case()
        for line in lines:
            case.fail(LINE_FORM, "events.jsonl", "bad", line=line)
        return [finding.line for finding in case.findings()]

    lines = list(range(1, 3 * MAX_FINDINGS))
    assert kept(lines) == kept(lines[::-1]) == lines[:MAX_FINDINGS]


def test_a_folder_and_small_chunks_of_it_give_the_same_findings():
    files = dict(bundle("retried"))
    lines = files["events.jsonl"].splitlines(keepends=True)
    files["events.jsonl"] = b"".join(
        line.replace(b'"seq":', b'"seq":1').replace(b'"attempt":1', b'"attempt":7')
        for line in lines
    )
    whole = verify(MemoryReader(files))

    class Cut(MemoryReader):
        def chunks(self, path, size):
            data = b"".join(super().chunks(path, size))
            yield from (data[i : i + 64] for i in range(0, len(data), 64))

    assert verify(Cut(files)) == whole
    assert whole.failures


def test_a_request_in_a_file_is_hashed_once_however_many_events_name_it():
    reads = []

    class Counting(MemoryReader):
        def chunks(self, path, size):
            reads.append(path)
            return super().chunks(path, size)

    files = {"evidence/a": b"{}"}
    entry = FileEntry(path="evidence/a", sha256=sha256_hex(b"{}"), size=2)
    good = tagged(TAG_REQUEST, b"{}")
    requests = {("evidence/a", digest) for digest in (good, "0" * 64, "1" * 64)}
    case = Case()
    compare_requests(Counting(files), {"evidence/a": entry}, requests, case)
    assert reads == ["evidence/a"]
    assert [finding.expected for finding in case.findings()] == ["0" * 64, "1" * 64]
