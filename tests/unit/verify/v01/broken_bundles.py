"""Bundles that break one rule each: at least two for every rule, made by different operations.

Each is edited and then sealed anew by code of the tests' own, so that nothing but the rule in
question can notice. ``VECTORS`` holds the name of a vector, the number of its rule, and what the
verifier is given: a reader, limits and expectations.
"""

import json
from typing import NamedTuple

from sealing import (
    CHILD,
    DECLARED,
    LOOP,
    ROOTS,
    bundle,
    canonical,
    edited,
    sha256,
)

from workc.bundle.layout import LIMITS, Limits
from workc.verify.expectations import Expectations
from workc.verify.reader import Item, MemoryReader, ReadError


class Given(NamedTuple):
    """What the verifier is given."""

    reader: object
    limits: Limits = LIMITS
    expect: Expectations = Expectations()


class OddReader(MemoryReader):
    """A reader that says more, or other things, than a mapping can."""

    def __init__(self, files, *extra, fails=(), sizes=None):
        super().__init__(files)
        self.extra, self.fails, self.sizes = extra, fails, sizes or {}

    def items(self):
        for item in super().items():
            size = self.sizes.get(item.path, item.size)
            yield Item(path=item.path, kind=item.kind, size=size)
        yield from self.extra

    def chunks(self, path, size):
        if path in self.fails:
            raise ReadError("gone")
        yield from super().chunks(path, size)


class Chunked(OddReader):
    """A reader that gives a few bytes at a time."""

    def __init__(self, files, chunk):
        super().__init__(files)
        self.chunk = chunk

    def chunks(self, path, size):
        data = b"".join(super().chunks(path, size))
        yield from (data[place : place + self.chunk] for place in range(0, len(data), self.chunk))


VECTORS = {}


def given(number):
    """Adds what the decorated function returns as a vector of the rule."""

    def add(make):
        assert make.__name__ not in VECTORS
        VECTORS[make.__name__] = (number, make)
        return make

    return add


def breaks(number, name="full"):
    """Adds a bundle that the decorated edit of a draft makes as a vector of the rule."""

    def add(edit):
        assert edit.__name__ not in VECTORS
        VECTORS[edit.__name__] = (number, lambda: Given(MemoryReader(edited(name, edit))))
        return edit

    return add


def without(path, name="full"):
    files = bundle(name)
    del files[path]
    return files


def swapped(items, one, other):
    items[one], items[other] = items[other], items[one]


# --------------------------------------------------------------------------- section 2: the names


def with_names(number, *names):
    """Adds bundles with a name more, each of which breaks the rule."""
    for item in names:
        VECTORS[f"a_name_{len(VECTORS)}_{number}"] = (
            number,
            lambda item=item: Given(OddReader(bundle("full"), item)),
        )


with_names(
    "2.01",
    Item(path="evidence/../x", kind="file"),
    Item(path="evidence/caf\u00e9", kind="folder"),
    Item(path="evidence/a:b", kind="file"),
)
with_names("2.02", Item(path="evidence/link", kind="link"), Item(path="receipt.txt", kind="link"))
with_names("2.03", Item(path="evidence/pipe", kind="other"), Item(path="socket", kind="other"))


@breaks("2.04")
def two_files_that_differ_in_case(d):
    d.files["evidence/PLAN.json"] = b""


@breaks("2.04")
def two_folders_that_differ_in_case(d):
    d.files |= {"evidence/log/a": b"", "evidence/LOG/b": b""}


with_names(
    "2.05",
    Item(path="evidence/plan.json", kind="file", size=2),
    Item(path="evidence", kind="folder"),
)
with_names(
    "2.06", Item(path="evidence/empty", kind="folder"), Item(path="artifacts", kind="folder")
)


@given("2.07")
def a_name_more_than_the_limit():
    return Given(MemoryReader(bundle("full")), Limits(names=6))


@given("2.07")
def no_name_allowed():
    return Given(MemoryReader(bundle("small")), Limits(names=0))


class Unlisted(MemoryReader):
    """A reader of a folder that cannot be listed to its end."""

    def __init__(self, files, number):
        super().__init__(files)
        self.number = number

    def items(self):
        for number, item in enumerate(super().items()):
            if number == self.number:
                raise ReadError("gone")
            yield item


@given("2.08")
def a_folder_that_cannot_be_listed():
    return Given(Unlisted(bundle("full"), 0))


@given("2.08")
def a_folder_that_cannot_be_listed_to_its_end():
    return Given(Unlisted(bundle("full"), 4))


# ------------------------------------------------------------------------ section 3: the manifest


@given("3.01")
def no_manifest():
    return Given(MemoryReader(without("manifest.json")))


@given("3.01")
def a_folder_in_place_of_the_manifest():
    files = without("manifest.json")
    return Given(MemoryReader({**files, "manifest.json/a": b""}))


def larger(path, size, **limits):
    """Returns a bundle of which one file is said to be of another size, so that none is read."""
    return Given(OddReader(bundle("full"), sizes={path: size}), Limits(**limits))


def unreadable(path):
    return Given(OddReader(bundle("full"), fails=(path,)))


@given("3.02")
def a_manifest_one_byte_past_the_limit():
    return larger("manifest.json", LIMITS.document_bytes + 1)


@given("3.02")
def a_manifest_past_a_smaller_limit():
    def many(d):
        d.files = {f"evidence/{number}": b"" for number in range(40)}

    return Given(MemoryReader(edited("small", many)), Limits(document_bytes=3_000))


@given("3.03")
def a_manifest_that_cannot_be_read():
    return unreadable("manifest.json")


@given("3.03")
def a_manifest_that_shrinks_while_it_is_read():
    files = bundle("full")
    return larger("manifest.json", len(files["manifest.json"]) + 1)


def manifest_bytes(name, change, number="3.04"):
    def edit(d):
        d.manifest_bytes = change

    edit.__name__ = name
    breaks(number)(edit)


manifest_bytes("a_manifest_with_a_newline", lambda data: data + b"\n")
manifest_bytes("a_manifest_with_a_space", lambda data: data.replace(b":", b": ", 1))
manifest_bytes("a_manifest_with_a_byte_order_mark", lambda data: b"\xef\xbb\xbf" + data)
manifest_bytes("an_empty_manifest", lambda data: b"")
manifest_bytes("a_manifest_that_is_a_list", lambda data: b"[" + data + b"]")
manifest_bytes(
    "a_manifest_with_a_field_twice", lambda data: data.replace(b'"loop', b'"loop_id":"x","loop')
)
manifest_bytes("a_manifest_in_latin_1", lambda data: data.replace(LOOP.encode(), b"\xe9"))
manifest_bytes("a_manifest_of_a_million_brackets", lambda data: b"[" * 1_000_000)


@breaks("3.05")
def a_field_more_in_the_manifest(d):
    d.manifest["more"] = None


@breaks("3.05")
def a_manifest_without_its_time(d):
    del d.manifest["created_utc"]


@breaks("3.05")
def a_manifest_of_a_day_that_no_calendar_has(d):
    d.manifest["created_utc"] = "2026-02-30T03:04:05Z"


@breaks("3.05")
def a_listed_size_in_words(d):
    d.listed = lambda entries: [
        {**entry, "size_bytes": str(entry["size_bytes"])} for entry in entries
    ]


@breaks("3.05")
def a_field_more_in_an_entry(d):
    d.listed = lambda entries: [{**entry, "kind": "File"} for entry in entries]


@breaks("3.05")
def a_listed_hash_in_capitals(d):
    d.listed = lambda entries: [{**entry, "sha256": entry["sha256"].upper()} for entry in entries]


@breaks("3.06")
def a_manifest_of_a_later_version(d):
    d.manifest["bundle_version"] = "BUNDLE-0.2"


@breaks("3.06")
def a_manifest_of_a_version_in_lower_case(d):
    d.manifest["bundle_version"] = "bundle-0.1"


def listed(name, number, change, files=None):
    def edit(d):
        d.files |= files or {}
        d.listed = change

    edit.__name__ = name
    breaks(number)(edit)


def doubled_last(entries):
    """Returns the entries with the last evidence twice: three leaves, whose tree is the same."""
    place = max(i for i, entry in enumerate(entries) if entry["path"].startswith("evidence/"))
    return [*entries[: place + 1], entries[place], *entries[place + 1 :]]


listed("an_entry_twice_that_the_root_does_not_show", "3.07", doubled_last)
listed("entries_in_another_order", "3.07", lambda entries: [entries[-1], *entries[:-1]])


def with_entry(path):
    """Returns what lists a file more, in its place; the file is not there."""

    def change(entries):
        added = {"path": path, "sha256": sha256(b""), "size_bytes": 0}
        return sorted([*entries, added], key=lambda entry: entry["path"])

    return change


listed("a_listed_path_that_leads_upwards", "3.08", with_entry("evidence/../../etc/passwd"))
listed("a_listed_path_from_the_root", "3.08", with_entry("/etc/passwd"))
listed("a_listed_path_of_windows", "3.08", with_entry("evidence\\a"))
listed("a_listed_device", "3.08", with_entry("evidence/nul.txt"))
listed("a_listed_path_with_a_control", "3.08", with_entry("evidence/a\x1b[2J"))
listed("a_listed_path_past_the_limit", "3.08", with_entry("evidence/" + "a/" * 260))
listed("an_empty_listed_path", "3.08", with_entry(""))


@given("3.09")
def a_file_beside_the_evidence():
    def edit(d):
        d.files["artifacts/a"] = b"a"

    return Given(MemoryReader(edited("full", edit)))


@given("3.09")
def a_file_at_the_top():
    def edit(d):
        d.files["evidence.json"] = b"{}"

    return Given(MemoryReader(edited("full", edit)))


def forget(path):
    def make():
        def edit(d):
            d.listed = lambda entries: [entry for entry in entries if entry["path"] != path]

        files = edited("full", edit)
        del files[path]
        return Given(MemoryReader(files))

    return make


VECTORS["no_receipt_and_none_listed"] = ("3.10", forget("receipt.json"))
VECTORS["no_events_and_none_listed"] = ("3.10", forget("events.jsonl"))


@given("3.11")
def evidence_that_was_deleted():
    return Given(MemoryReader(without("evidence/plan.json")))


@given("3.11")
def a_receipt_that_was_deleted():
    return Given(MemoryReader(without("receipt.json")))


@given("3.11")
def events_that_were_deleted():
    return Given(MemoryReader(without("events.jsonl")))


@given("3.11")
def evidence_that_was_never_there():
    def edit(d):
        d.listed = with_entry("evidence/more")

    return Given(MemoryReader(edited("full", edit)))


@breaks("3.12")
def evidence_that_is_not_listed(d):
    d.unlisted["evidence/more.txt"] = b"more"


@breaks("3.12")
def a_note_beside_the_documents(d):
    d.unlisted["NOTE.txt"] = b"read me"


@given("3.12")
def a_receipt_that_is_not_listed():
    def edit(d):
        d.listed = lambda entries: [entry for entry in entries if entry["path"] != "receipt.json"]

    return Given(MemoryReader(edited("full", edit)))


@given("3.13")
def a_file_one_byte_past_the_limit():
    return larger("evidence/plan.json", LIMITS.file_bytes + 1)


@given("3.13")
def a_file_past_a_smaller_limit():
    def edit(d):
        d.files["evidence/big"] = bytes(20_001)

    return Given(MemoryReader(edited("full", edit)), Limits(file_bytes=20_000))


@given("3.13")
def events_past_the_limit_of_files():
    return larger("events.jsonl", LIMITS.file_bytes + 1)


def sized(path, change):
    def edit(d):
        d.listed = lambda entries: [
            {**entry, "size_bytes": change(entry["size_bytes"])} if entry["path"] == path else entry
            for entry in entries
        ]

    return edit


VECTORS["a_listed_size_one_too_large"] = (
    "3.14",
    lambda: Given(MemoryReader(edited("full", sized("evidence/plan.json", lambda n: n + 1)))),
)
VECTORS["a_listed_size_of_nothing"] = (
    "3.14",
    lambda: Given(MemoryReader(edited("full", sized("receipt.json", lambda n: 0)))),
)


@breaks("3.14")
def evidence_that_was_cut_short(d):
    d.unlisted["evidence/cargo_test@1.txt"] = b"1"


@breaks("3.14")
def events_listed_as_longer(d):
    sized("events.jsonl", lambda n: n + 1)(d)


@breaks("3.15")
def evidence_with_another_byte(d):
    d.unlisted["evidence/cargo_test@1.txt"] = b"0 failed\n"


@breaks("3.15")
def two_files_that_changed_places(d):
    d.files["evidence/a"], d.files["evidence/b"] = b"1", b"2"
    d.unlisted = {"evidence/a": b"2", "evidence/b": b"1"}


@breaks("3.15")
def a_listed_hash_of_the_receipt_that_is_another(d):
    d.listed = lambda entries: [
        {**entry, "sha256": sha256(b"")} if entry["path"] == "receipt.json" else entry
        for entry in entries
    ]


@given("3.16")
def evidence_that_cannot_be_read():
    return unreadable("evidence/plan.json")


@given("3.16")
def other_evidence_that_cannot_be_read():
    return unreadable("evidence/cargo_test@2.txt")


# ------------------------------------------------------------------------- section 4: the receipt


@given("4.01")
def a_receipt_one_byte_past_the_limit():
    size = LIMITS.document_bytes + 1
    files = edited("full", sized("receipt.json", lambda _: size))
    return Given(OddReader(files, sizes={"receipt.json": size}))


@given("4.01")
def a_receipt_past_a_smaller_limit():
    return Given(MemoryReader(bundle("full")), Limits(document_bytes=2_000))


@given("4.02")
def a_receipt_that_cannot_be_read():
    return unreadable("receipt.json")


@given("4.02")
def a_receipt_that_shrinks_while_it_is_read():
    files = edited("full", sized("receipt.json", lambda size: size + 1))
    return Given(OddReader(files, sizes={"receipt.json": len(files["receipt.json"]) + 1}))


def receipt_bytes(name, change, number="4.03"):
    def edit(d):
        d.receipt_bytes = change

    edit.__name__ = name
    breaks(number)(edit)


receipt_bytes("a_receipt_with_a_newline", lambda data: data + b"\n")
receipt_bytes("a_receipt_with_a_float", lambda data: data.replace(b'"k":50', b'"k":50.0'))
receipt_bytes("a_receipt_with_an_exponent", lambda data: data.replace(b'"k":50', b'"k":5e1'))
receipt_bytes("a_receipt_with_minus_zero", lambda data: data.replace(b'"k":50', b'"k":-0'))
receipt_bytes("a_receipt_with_a_leading_zero", lambda data: data.replace(b'"k":50', b'"k":050'))
receipt_bytes(
    "a_receipt_with_an_endless_number",
    lambda data: data.replace(b":50}", b":" + b"9" * 9999 + b"}"),
)
receipt_bytes("a_receipt_with_nan", lambda data: data.replace(b'"k":50', b'"k":NaN'))
receipt_bytes("a_receipt_with_a_field_twice", lambda data: b'{"actor":1,' + data[1:])
receipt_bytes("a_receipt_with_keys_in_disorder", lambda data: b'{"z":1,' + data[1:])
receipt_bytes("a_receipt_with_an_escaped_letter", lambda d: d.replace(b"done", b"d\\u006fne"))
receipt_bytes("a_receipt_with_an_escaped_slash", lambda d: d.replace(b"src/", b"src\\/", 1))
receipt_bytes("a_receipt_with_a_lone_surrogate", lambda d: d.replace(b"done", b"\\ud800"))
receipt_bytes("a_receipt_with_capital_hex", lambda data: data.replace(b"done", b"\\u001F"))
receipt_bytes("a_receipt_of_half", lambda data: data[: len(data) // 2])
receipt_bytes("a_receipt_that_is_a_list", lambda data: b"[]")
receipt_bytes(
    "a_receipt_that_nests_too_deep",
    lambda data: data.replace(b'"done"', b"[" * 200 + b"]" * 200),
)


@breaks("4.04")
def a_field_more_in_integrity(d):
    d.receipt["integrity"]["signature"] = None


@breaks("4.04")
def a_root_more(d):
    d.roots["budget_root"] = sha256(b"")


@breaks("4.04")
def integrity_without_a_policy(d):
    del d.receipt["integrity"]["policy_id"]


@breaks("4.04")
def a_policy_hash_in_capitals(d):
    d.receipt["integrity"]["policy_hash"] = d.receipt["integrity"]["policy_hash"].upper()


@breaks("4.04")
def a_version_that_is_a_number(d):
    d.receipt["integrity"]["cj_version"] = 1


def version(outer, name, value):
    def edit(d):
        d.receipt[outer][name] = value

    edit.__name__ = f"{outer}_of_{name}_{value}".replace(".", "_").replace("-", "_")
    breaks("4.05")(edit)


version("integrity", "cj_version", "CJ-0.2")
version("integrity", "proof_version", "PROOF-1.0")
version("integrity", "fsm_version", "FSM-0.2")
version("integrity", "enf_version", "")
version("effects", "enf_version", "ENF-0.10")


def form(name, change):
    def edit(d):
        change(d.receipt)

    edit.__name__ = name
    breaks("4.06")(edit)


FIELDS = [
    "receipt_version",
    "loop_id",
    "parent_loop_id",
    "timestamp_utc",
    "intent",
    "outcome",
    "actor",
    "lock_level",
    "phase_sequence",
    "artifacts",
    "lens",
    "effects",
    "decisions",
    "strategies",
    "verification",
    "gates",
    "children",
    "errors",
    "hitl",
]


def leave_out(field):
    """Breaks nothing but the form: the leaves and the chain are made before."""

    def make():
        files = bundle("full")
        receipt = json.loads(files["receipt.json"])
        del receipt[field]
        rest = {key: receipt[key] for key in receipt if key != "integrity"}
        integrity = receipt["integrity"]
        integrity["receipt_hash"] = sha256(b"MOTUS|RECEIPT|0.1|" + canonical(rest))
        parts = [integrity["receipt_hash"], *(integrity["roots"][root] for root in ROOTS)]
        integrity["proof_digest"] = sha256(
            b"MOTUS|PROOF|0.1|" + b"".join(bytes.fromhex(part) for part in parts)
        )
        files["receipt.json"] = canonical(receipt)
        manifest = json.loads(files["manifest.json"])
        for entry in manifest["files"]:
            data = files[entry["path"]]
            entry["sha256"], entry["size_bytes"] = sha256(data), len(data)
        files["manifest.json"] = canonical(manifest)
        return Given(MemoryReader(files))

    return make


VECTORS |= {f"a_receipt_without_{field}": ("4.06", leave_out(field)) for field in FIELDS}

form("an_actor_of_no_type", lambda r: r["actor"].update(type="robot"))
form("an_intent_of_no_source", lambda r: r["intent"].update(source="habit"))
form("an_outcome_of_no_status", lambda r: r["outcome"].update(status="fine"))
form("an_unknown_lock_level", lambda r: r.update(lock_level="committed"))
form("an_unknown_phase", lambda r: r["phase_sequence"].append("Sleep"))
form("an_unknown_kind_of_artifact", lambda r: r["artifacts"]["inputs"][0].update(kind="Pipe"))
form("a_negative_size", lambda r: r["artifacts"]["inputs"][0].update(size_bytes=-1))
form("an_unknown_op", lambda r: r["effects"]["declared"][0].update(op="Net"))
form("an_unknown_algorithm", lambda r: r["effects"]["compression"].update(algorithm="Trie"))
form("an_unknown_level", lambda r: r["verification"]["spec"].update(level="Unit"))
form("an_unknown_class_of_error", lambda r: r["errors"][0].update({"class": "Fatal"}))
form("an_unknown_kind_of_hitl", lambda r: r["hitl"][0].update(kind="Question"))
form("a_score_of_1001", lambda r: r["lens"]["quality"].update(coverage=1001))
form("a_score_below_0", lambda r: r["lens"]["quality"].update(aggregate=-1))
form("a_match_of_1001", lambda r: r["strategies"]["suggestions"][0].update(match_permille=1001))
form("a_chance_of_1001", lambda r: r["hitl"][0].update(p_override_permille=1001))
form("a_passed_of_1", lambda r: r["gates"][0].update(passed=1))
form("a_spawn_index_below_0", lambda r: r["children"][0].update(spawn_index=-1))
form("a_hash_of_a_child_too_short", lambda r: r["children"][0].update(child_proof_digest="ab"))
form("a_time_of_a_zone", lambda r: r.update(timestamp_utc="2026-01-02T03:04:05+00:00"))
form("a_time_of_an_hour_24", lambda r: r["lens"].update(created_utc="2026-01-02T24:00:00Z"))
form("a_time_with_a_newline", lambda r: r["hitl"][0].update(ts_utc="2026-01-02T03:04:19Z\n"))
form("a_lens_item_without_provenance", lambda r: r["lens"]["items"][0].update(ts_utc="now"))


@breaks("4.07")
def a_receipt_hash_of_another_receipt(d):
    d.keep.add("receipt_hash")
    d.receipt["integrity"]["receipt_hash"] = sha256(b"")


@breaks("4.07")
def a_description_edited_after_the_hash(d):
    d.seal()
    d.keep.add("receipt_hash")
    d.receipt["outcome"]["description"] = "done, really"


@breaks("4.07")
def a_field_added_after_the_hash(d):
    d.seal()
    d.keep.add("receipt_hash")
    d.receipt["more"] = True


# -------------------------------------------------------------------------- section 5: the events


@given("5.01")
def events_that_cannot_be_read():
    return unreadable("events.jsonl")


@given("5.01")
def events_that_fail_in_the_middle():
    class Half(MemoryReader):
        def chunks(self, path, size):
            data = b"".join(super().chunks(path, size))
            yield data[: len(data) // 2]
            if path == "events.jsonl":
                raise ReadError("gone")
            yield data[len(data) // 2 :]

    return Given(Half(bundle("full")))


@given("5.02")
def a_line_past_the_limit():
    return Given(MemoryReader(bundle("full")), Limits(line_bytes=300))


@given("5.02")
def a_last_line_past_the_limit_without_a_newline():
    def edit(d):
        d.lines = lambda lines: [*lines, b'"' + b"x" * 5_000]

    return Given(MemoryReader(edited("full", edit)), Limits(line_bytes=5_000))


@given("5.03")
def an_event_more_than_the_limit():
    return Given(MemoryReader(bundle("full")), Limits(events=17))


@given("5.03")
def no_event_allowed():
    return Given(MemoryReader(bundle("small")), Limits(events=0))


def lines(name, number, change):
    def edit(d):
        d.lines = change

    edit.__name__ = name
    breaks(number)(edit)


lines("no_events_at_all", "5.04", lambda lines: [])
lines("no_newline_after_the_last_event", "5.04", lambda ls: [*ls[:-1], ls[-1][:-1]])
lines("an_empty_line", "5.05", lambda ls: [*ls, b"\n"])
lines("a_line_of_windows", "5.05", lambda ls: [ls[0][:-1] + b"\r\n", *ls[1:]])
lines("an_event_with_a_space", "5.05", lambda ls: [ls[0].replace(b":", b": ", 1), *ls[1:]])
lines("an_event_with_a_float", "5.05", lambda ls: [*ls[:-1], ls[-1].replace(b":17", b":17.0")])
lines("a_byte_order_mark_before_events", "5.05", lambda ls: [b"\xef\xbb\xbf" + ls[0], *ls[1:]])
lines("a_number_among_events", "5.06", lambda ls: [ls[0], b"0\n", *ls[1:]])
lines("a_list_among_events", "5.06", lambda ls: [ls[0], b"[]\n", *ls[1:]])


@breaks("5.06")
def an_event_without_an_id(d):
    del d.event("PlanChosen")["event_id"]


@breaks("5.06")
def an_event_without_a_kind(d):
    del d.event("SignalsCaptured")["kind"]


@breaks("5.06")
def an_event_of_no_phase(d):
    d.event("SignalsCaptured")["phase"] = "Look"


@breaks("5.06")
def a_payload_that_is_a_list(d):
    d.event("SkillExecuted")["payload"] = []


@breaks("5.06")
def an_event_at_no_time(d):
    d.event("SkillExecuted")["ts_utc"] = "2026-01-02 03:04:05Z"


@breaks("5.07")
def numbers_from_one(d):
    d.keep.add("seq")
    for number, event in enumerate(d.events, start=1):
        event["seq"] = number


@breaks("5.07")
def a_number_twice(d):
    d.keep.add("seq")
    for number, event in enumerate(d.events):
        event["seq"] = min(number, 16)


@breaks("5.08")
def a_first_event_after_another_log(d):
    d.keep.add("prev_event_hash")
    link = sha256(b"another log")
    for event in d.events:
        event["prev_event_hash"] = link


@breaks("5.08")
def a_chain_of_zeros(d):
    d.keep.add("prev_event_hash")
    for event in d.events:
        event["prev_event_hash"] = "0" * 64


@breaks("5.09")
def an_event_edited_after_its_hash(d):
    d.seal()
    d.keep.add("event_hash")
    d.payload("SkillExecuted")["skill"] = "destroy"


@breaks("5.09")
def an_event_hash_of_nothing(d):
    d.seal()
    d.keep.add("event_hash")
    d.events[-1]["event_hash"] = sha256(b"")


# -------------------------------------------------------------------------- section 6: the phases


@breaks("6.01")
def a_sequence_that_begins_with_orient(d):
    del d.receipt["phase_sequence"][0]
    for event in d.events[:2]:
        event["phase"] = "Orient"


@breaks("6.01", "small")
def a_sequence_that_begins_with_act(d):
    d.receipt["phase_sequence"] = ["Act", "Verify", "Lock"]
    for event in d.events[:3]:
        event["phase"] = "Act"


@breaks("6.02", "small")
def a_sequence_that_leaves_orient_out(d):
    d.receipt["phase_sequence"].remove("Orient")


@breaks("6.02", "small")
def a_sequence_that_goes_back_to_observe(d):
    d.receipt["phase_sequence"][5:5] = ["Observe", "Orient", "Decide", "Act", "Verify"]


@breaks("6.02", "small")
def a_sequence_that_locks_before_verify(d):
    d.receipt["phase_sequence"].remove("Verify")
    d.events[3]["phase"] = "Act"


@breaks("6.02", "small")
def a_sequence_that_goes_on_after_lock(d):
    d.receipt["phase_sequence"] += ["Verify", "Lock"]


@breaks("6.03", "small")
def a_lock_that_repeats(d):
    d.receipt["phase_sequence"] += ["Lock"]


@breaks("6.03")
def a_lock_that_waits_for_nobody(d):
    d.drop("HitlPrompt")
    d.drop("HitlDecision")
    d.receipt["hitl"] = []


@breaks("6.03")
def a_lock_that_repeats_for_a_decision_alone(d):
    d.drop("HitlPrompt")
    del d.receipt["hitl"][0]


@breaks("6.04", "small")
def an_event_of_a_phase_that_was_over(d):
    d.event("SkillExecuted")["phase"] = "Orient"


@breaks("6.04")
def one_act_more_than_the_sequence_has(d):
    d.insert(d.place("HitlPrompt"), "SkillExecuted", "Act", {"skill": "more"})


@breaks("6.05")
def an_event_after_the_end(d):
    d.events.append({**d.event("SignalsCaptured"), "phase": "Lock"})
    d.events[-1]["ts_utc"] = d.event("Locked")["ts_utc"]


@breaks("6.05", "small")
def a_log_without_its_end(d):
    d.drop("Locked")


@breaks("6.05", "small")
def an_end_in_verify(d):
    d.event("Locked")["phase"] = "Verify"


# ------------------------------------------------------------------------- section 7: the policy


@breaks("7.01")
def a_policy_that_nobody_knows(d):
    d.receipt["integrity"].update(policy_id="POLICY-LAX", policy_hash=sha256(b"policy-lax"))


@breaks("7.01")
def a_policy_in_lower_case(d):
    d.receipt["integrity"]["policy_id"] = "policy-default"


@breaks("7.02")
def a_policy_hash_of_another_policy(d):
    d.receipt["integrity"]["policy_hash"] = sha256(b"policy-lax")


@breaks("7.02")
def a_policy_hash_of_the_id(d):
    d.receipt["integrity"]["policy_hash"] = sha256(b"POLICY-DEFAULT")


def executes(name, op, selector):
    def edit(d):
        d.receipt["effects"]["executed_raw"].append({"op": op, "selector": selector})

    edit.__name__ = name
    breaks("7.03")(edit)


executes("a_program_that_was_not_declared", "Exec", "exec:rm")
executes("a_file_beside_a_declared_folder", "ReadFS", "fs:src2/a.rs")
executes("a_file_above_a_declared_folder", "ReadFS", "fs:src/../secret")
executes("a_write_where_reading_was_declared", "WriteFS", "fs:src/a.rs")
executes("another_host_than_the_declared_one", "Network", "net:https://api.example.org.evil/v1")
executes("a_path_beside_the_declared_one", "Network", "net:https://api.example.org/v10")
executes("another_scheme_than_the_declared_one", "Network", "net:http://api.example.org/v1")
executes("a_publication_that_was_not_declared", "Publish", "pub:prod/site")
executes("a_file_above_a_folder_by_backslashes", "ReadFS", "fs:src/a\\..\\..\\..\\secret")
executes(
    "a_path_above_by_dots_in_percent", "Network", "net:https://api.example.org/v1/%2e%2E/admin"
)
executes(
    "a_path_above_by_a_slash_in_percent", "Network", "net:https://api.example.org/v1/..%2Fadmin"
)
executes(
    "a_path_above_by_backslashes", "Network", "net:https://api.example.org/v1/a\\..\\..\\admin"
)
executes("a_host_that_is_like_the_declared_one", "Network", "net:https://AP\u0130.example.org/v1")


@breaks("7.03")
def a_host_with_a_letter_whose_lower_case_is_that_of_another(d):
    d.receipt["effects"]["executed_raw"] = [{"op": "Network", "selector": "net:https://\u212a/a"}]
    d.receipt["effects"]["declared"][0]["selector"] = "net:https://k/"
    d.payload("PlanChosen")["effects_declared"] = d.receipt["effects"]["declared"]


@breaks("7.03")
def a_declaration_taken_back(d):
    del d.receipt["effects"]["declared"][1]
    d.payload("PlanChosen")["effects_declared"] = d.receipt["effects"]["declared"]
    d.receipt["effects"]["compression"]["output_count"] = 2


@breaks("7.04")
def a_cap_below_the_number(d):
    d.receipt["effects"]["k"] = 2


@breaks("7.04")
def more_declared_than_the_cap(d):
    more = [{"op": "ReadFS", "selector": f"fs:more/{number:02}"} for number in range(48)]
    d.receipt["effects"]["declared"] += more
    d.payload("PlanChosen")["effects_declared"] = d.receipt["effects"]["declared"]
    d.receipt["effects"]["compression"].update(input_count=90, output_count=51)


@breaks("7.05")
def an_output_count_that_is_not_the_number(d):
    d.receipt["effects"]["compression"]["output_count"] = 2


@breaks("7.05")
def an_input_count_below_the_output(d):
    d.receipt["effects"]["compression"]["input_count"] = 2


# --------------------------------------------------------------------------- section 8: the roots


def stale(name, number, root, change):
    """Adds a bundle whose root is that before a change, and everything else that after it."""

    def edit(d):
        d.seal()
        d.roots = {root: d.receipt["integrity"]["roots"][root]}
        change(d)

    edit.__name__ = name
    breaks(number)(edit)


def other_evidence_of_a_result(d):
    for results in (d.receipt["verification"]["results"], d.payload("VerificationRun")["results"]):
        results[0]["evidence"] = "evidence/plan.json"


def another_declaration(d):
    declared = [*DECLARED[:2], {"op": "WriteFS", "selector": "fs:out/"}]
    d.receipt["effects"]["declared"] = declared
    d.payload("PlanChosen")["effects_declared"] = declared


def another_child_is_critical(d):
    d.receipt["children"][0]["critical"] = True
    d.payload("ChildSpawned", 1)["critical"] = True


STALE = (
    lambda d: d.payload("PlanChosen").update(plan="b"),
    lambda d: d.receipt["artifacts"]["outputs"][0].update(sha256=sha256(b"x")),
    lambda d: d.files.update({"evidence/plan.json": b"[]"}),
    lambda d: d.receipt["lens"]["items"][0].update(provenance="hearsay"),
    another_declaration,
    lambda d: d.receipt["gates"][0].update(passed=False),
    other_evidence_of_a_result,
    another_child_is_critical,
)
for _number, (_root, _change) in enumerate(zip(ROOTS, STALE, strict=True), start=1):
    stale(f"a_stale_{_root}", f"8.{_number:02}", _root, _change)
    stale(
        f"a_{_root}_of_nothing",
        f"8.{_number:02}",
        _root,
        lambda d, root=_root: d.roots.update({root: sha256(b"")}),
    )


# -------------------------------------------------------------------- section 9: the cross-checks


@breaks("9.01")
def a_manifest_of_another_loop(d):
    d.manifest["loop_id"] = CHILD


@breaks("9.01")
def an_event_of_another_loop(d):
    d.event("SkillExecuted")["loop_id"] = CHILD


@breaks("9.01")
def a_receipt_of_another_loop(d):
    d.receipt["loop_id"] = "loop-9"


@breaks("9.02")
def an_intent_that_was_not_set(d):
    d.receipt["intent"] = {"description": "mend the thing", "source": "policy"}


@breaks("9.02")
def an_actor_who_was_not_named(d):
    d.payload("IntentSet")["actor"] = "somebody else"


@breaks("9.02")
def an_intent_of_no_event(d):
    d.drop("IntentSet")
    d.events[0]["ts_utc"] = d.receipt["timestamp_utc"]


@breaks("9.02")
def an_intent_changed_by_a_second_event(d):
    second = {"description": "another thing", "source": "human"}
    d.insert(1, "IntentSet", "Observe", {**d.payload("IntentSet"), "intent": second})
    d.receipt["intent"] = second


@breaks("9.03")
def a_lock_level_of_no_event(d):
    d.receipt["lock_level"] = "Immutable"


@breaks("9.03")
def an_outcome_of_no_event(d):
    d.payload("Locked")["outcome"] = "partial"


@breaks("9.03")
def a_locked_that_says_nothing(d):
    d.event("Locked")["payload"] = {}


@breaks("9.03")
def an_outcome_of_a_locked_that_was_not_the_last(d):
    said = {"lock_level": "Published", "outcome": "success"}
    d.insert(d.place("Locked"), "Locked", "Lock", said)
    d.payload("Locked", 1)["outcome"] = "failed"


@breaks("9.04")
def a_result_of_no_event(d):
    result = {"level": "Semantic", "check_id": "extra", "passed": True}
    d.receipt["verification"]["results"].append(result)


@breaks("9.04")
def a_result_that_the_receipt_leaves_out(d):
    del d.receipt["verification"]["results"][0]


@breaks("9.04")
def results_in_another_order(d):
    swapped(d.receipt["verification"]["results"], 0, 2)


@breaks("9.04")
def a_result_that_passed_in_the_receipt_only(d):
    d.receipt["verification"]["results"][0]["passed"] = True


@breaks("9.04")
def results_that_are_no_list(d):
    d.payload("VerificationRun")["results"] = "all passed"


@breaks("9.05")
def a_question_without_its_event(d):
    d.drop("HitlPrompt")


@breaks("9.05")
def an_answer_without_its_record(d):
    del d.receipt["hitl"][1]


@breaks("9.05")
def an_answer_before_its_question(d):
    swapped(d.receipt["hitl"], 0, 1)


@breaks("9.05")
def a_refusal_recorded_as_approval(d):
    d.payload("HitlDecision")["approved"] = False


@breaks("9.05")
def another_approver(d):
    d.receipt["hitl"][1]["approver"] = {"type": "human", "name": "Mallory"}


@breaks("9.06")
def an_error_without_its_record(d):
    d.receipt["errors"] = []


@breaks("9.06")
def an_error_of_no_event(d):
    d.receipt["errors"] *= 2


@breaks("9.06")
def an_error_made_harmless(d):
    d.payload("ActError")["class"] = "Catastrophic"


@breaks("9.06")
def an_error_whose_evidence_was_dropped(d):
    del d.receipt["errors"][0]["evidence"]


@breaks("9.07")
def a_suggestion_without_its_event(d):
    d.drop("StrategySuggested")


@breaks("9.07")
def a_better_match_than_was_suggested(d):
    d.receipt["strategies"]["suggestions"][0]["match_permille"] = 1000


@breaks("9.07")
def a_suggestion_that_the_receipt_leaves_out(d):
    event = {"suggestions": [dict(d.payload("StrategySuggested")), {"strategy_id": "other"}]}
    d.event("StrategySuggested")["payload"] = event


@breaks("9.08")
def a_strategy_of_no_event(d):
    d.drop("StrategyApplied")


@breaks("9.08")
def a_strategy_that_the_receipt_leaves_out(d):
    d.receipt["strategies"]["used"] = None


@breaks("9.08")
def a_strategy_that_was_replaced(d):
    at = d.place("StrategyApplied") + 1
    d.insert(at, "StrategyApplied", "Decide", {"strategy_id": "give-up"})


@breaks("9.09")
def a_plan_that_declares_less(d):
    d.payload("PlanChosen")["effects_declared"] = DECLARED[:2]


@breaks("9.09")
def a_second_plan_that_declares_more(d):
    more = [*DECLARED, {"op": "Exec", "selector": "exec:cargo"}]
    d.insert(d.place("PlanChosen"), "PlanChosen", "Decide", {"effects_declared": more})


@breaks("9.09")
def a_plan_that_declares_a_text(d):
    d.payload("PlanChosen")["effects_declared"] = "all of them"


@breaks("9.10")
def two_times_that_changed_places(d):
    one, other = d.event("SkillExecuted"), d.event("ActError")
    one["ts_utc"], other["ts_utc"] = other["ts_utc"], one["ts_utc"]


@breaks("9.10")
def a_time_half_a_second_back(d):
    d.event("SkillExecuted")["ts_utc"] = "2026-01-02T03:04:14.5Z"
    d.event("ActError")["ts_utc"] = "2026-01-02T03:04:14.45Z"


@breaks("9.11")
def a_manifest_of_another_time(d):
    d.manifest["created_utc"] = "2026-01-02T03:04:06Z"


@breaks("9.11")
def a_lens_of_another_time(d):
    d.receipt["lens"]["created_utc"] = "2026-01-02T03:04:05.0Z"


@breaks("9.11")
def a_first_event_of_another_time(d):
    d.events[0]["ts_utc"] = "2026-01-02T03:04:04Z"


@breaks("9.12")
def an_aggregate_above_the_least(d):
    d.receipt["lens"]["quality"]["aggregate"] = 701


@breaks("9.12")
def an_aggregate_below_the_least(d):
    d.receipt["lens"]["quality"]["aggregate"] = 0


@breaks("9.12")
def a_component_below_the_aggregate(d):
    d.receipt["lens"]["quality"]["conflict"] = 10


@breaks("9.13")
def an_evi_that_was_rounded_up(d):
    d.receipt["hitl"][0]["evi_ms"] = d.payload("HitlPrompt")["evi_ms"] = 323_101


@breaks("9.13")
def a_loss_that_was_made_smaller(d):
    d.receipt["hitl"][0]["loss_ms"] = d.payload("HitlPrompt")["loss_ms"] = 50_000


@breaks("9.14")
def a_required_check_that_was_not_made(d):
    d.receipt["verification"]["spec"]["checks_required"].append("audit")


@breaks("9.14")
def a_required_check_that_failed_at_last(d):
    d.receipt["verification"]["results"][1]["passed"] = False
    d.payload("VerificationRun", 1)["results"][0]["passed"] = False


@breaks("9.14")
def an_attempt_10_that_failed_before_attempt_9(d):
    for results in (
        d.receipt["verification"]["results"],
        d.payload("VerificationRun")["results"],
    ):
        results[0]["check_id"] = "cargo_test@0010"
    for index, results in ((1, d.receipt["verification"]["results"]),):
        results[index]["check_id"] = "cargo_test@9"
    d.payload("VerificationRun", 1)["results"][0]["check_id"] = "cargo_test@9"


@breaks("9.15")
def a_critical_child_spawned_as_another(d):
    d.payload("ChildSpawned")["critical"] = False


@breaks("9.15")
def a_child_spawned_at_another_index(d):
    d.payload("ChildSpawned", 1)["spawn_index"] = 2


@breaks("9.15")
def a_child_that_the_receipt_leaves_out(d):
    d.insert(
        d.place("ChildSpawned"),
        "ChildSpawned",
        "Decide",
        {"spawn_index": 2, "child_loop_id": "loop-0004", "critical": False},
    )


@breaks("9.16")
def a_child_joined_with_another_digest(d):
    d.payload("ChildJoined")["child_proof_digest"] = sha256(b"")


@breaks("9.16")
def a_child_that_never_joined(d):
    d.drop("ChildJoined")


@breaks("9.16")
def a_child_joined_before_it_was_spawned(d):
    one, other = d.event("ChildSpawned"), d.event("ChildJoined", 1)
    for field in ("kind", "payload"):
        one[field], other[field] = other[field], one[field]


@breaks("9.16")
def a_child_joined_twice_before_it_was_spawned_twice(d):
    for child in d.receipt["children"]:
        child["child_loop_id"] = CHILD
    for kind in ("ChildSpawned", "ChildJoined"):
        for number in (0, 1):
            d.payload(kind, number)["child_loop_id"] = CHILD
    one, other = d.event("ChildSpawned", 1), d.event("ChildJoined", 1)
    for field in ("kind", "payload"):
        one[field], other[field] = other[field], one[field]
    d.insert(d.place("ChildJoined"), "ChildJoined", "Decide", d.payload("ChildJoined", 1))
    d.drop("ChildJoined", 2)


@breaks("9.17")
def a_critical_child_that_failed(d):
    d.receipt["children"][1]["outcome_status"] = "failed"


@breaks("9.17")
def a_child_that_failed(d):
    d.receipt["children"][0]["outcome_status"] = "failed"


@breaks("9.17")
def a_partial_outcome_of_a_critical_child_that_failed(d):
    d.receipt["outcome"]["status"] = d.payload("Locked")["outcome"] = "partial"
    d.receipt["children"][1]["outcome_status"] = "failed"


# -------------------------------------------------------------------- section 8: the digest


@breaks("8.09")
def a_digest_of_nothing(d):
    d.keep.add("proof_digest")
    d.receipt["integrity"]["proof_digest"] = sha256(b"")


@breaks("8.09")
def a_digest_before_an_edit(d):
    d.seal()
    d.keep.add("proof_digest")
    d.receipt["decisions"] = []


# ------------------------------------------------------------------------ section 10: the verdict


@breaks("10.01")
def a_receipt_of_a_later_version(d):
    d.receipt["receipt_version"] = "0.1.1"


@breaks("10.01")
def a_receipt_of_no_version(d):
    d.receipt["receipt_version"] = ""


@breaks("10.01")
def a_receipt_that_has_the_version_of_this_format_in_the_field_of_later_ones(d):
    d.receipt["bundle_version"] = "0.1.0"


def expects(name, number, **wanted):
    VECTORS[name] = (
        number,
        lambda: Given(MemoryReader(bundle("full")), LIMITS, Expectations(**wanted)),
    )


expects("another_digest_is_expected", "10.02", proof_digest=sha256(b""))
expects("no_digest_is_expected", "10.02", proof_digest="")
expects("another_run_is_expected", "10.03", run_id=CHILD)
expects("a_run_in_capitals_is_expected", "10.03", run_id=LOOP.upper())
expects("a_nonce_is_expected", "10.04", nonce="0" * 32)
expects("an_empty_nonce_is_expected", "10.04", nonce="")
#: The last event is of 2026-01-02T03:04:22Z.
ENDED_MS = 1_767_323_062_000
expects("an_end_a_millisecond_later_is_expected", "10.05", not_before_ms=ENDED_MS + 1)
expects("an_end_after_all_times_is_expected", "10.05", not_before_ms=2**63)
