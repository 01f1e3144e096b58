"""Archives: verified in place as a folder is, and every attack on a zip file has its exact code."""

import struct
import zlib

import pytest
from archives import LARGE, Draft, archive
from bundles import NAMES, bundle

from workc.bundle.archive_parser import ArchiveError, MemoryRanges
from workc.bundle.layout import LIMITS, Limits
from workc.verify.archive import ArchiveReader
from workc.verify.archive_rules import ARCHIVE_RULES
from workc.verify.reader import Item, MemoryReader, ReadError
from workc.verify.verifier import verify

SMALL = {"evidence/a": b"one", "evidence/b": b"two", "receipt.json": b"{}"}
BUNDLE = bundle("staged")
MALFORMED, UNSAFE, LIMIT = "BUNDLE_MALFORMED", "UNSAFE_PATH", "LIMIT_EXCEEDED"


def reader_of(data, limits=LIMITS):
    return ArchiveReader(MemoryRanges(data), limits)


def verdict_of(data, limits=LIMITS):
    return verify(reader_of(data, limits), limits=limits)


def first_of(data):
    """Returns code, step, path and message of the first finding, which is about the archive."""
    found = verdict_of(data).failures[0]
    return found.code, found.step, found.path, found.message


# ---------------------------------------------------------------------------------- good archives


@pytest.mark.parametrize("name", NAMES)
def test_the_verdict_on_an_archive_is_that_on_its_bundle(name):
    verdict = verdict_of(archive(bundle(name)))
    assert verdict.ok
    assert verdict == verify(MemoryReader(bundle(name)))


@pytest.mark.parametrize(
    "change",
    [
        {"evidence/more": b"x"},
        {"receipt.json": b"{}"},
        {"events.jsonl": BUNDLE["events.jsonl"][:-1]},
        {"Evidence/x": b""},
        {"evidence": b""},
        {".git/HEAD": b""},
        {"evidence/a b": b""},
    ],
)
def test_the_verdict_on_a_bad_bundle_is_the_same_packed_or_not(change):
    files = {**BUNDLE, **change}
    verdict = verdict_of(archive(files))
    assert not verdict.ok
    assert verdict == verify(MemoryReader(files))


def test_an_archive_gives_its_names_and_the_folders_that_they_imply():
    files = {"a-b/c": b"", "a/b/c": b"xy", "a/d": b"", "b/b/c": b"", "z": b"1"}
    assert list(reader_of(archive(files)).items()) == [
        Item(path="a-b", kind="folder"),
        Item(path="a-b/c", kind="file"),
        Item(path="a", kind="folder"),
        Item(path="a/b", kind="folder"),
        Item(path="a/b/c", kind="file", size=2),
        Item(path="a/d", kind="file"),
        Item(path="b", kind="folder"),
        Item(path="b/b", kind="folder"),
        Item(path="b/b/c", kind="file"),
        Item(path="z", kind="file", size=1),
    ]


def test_a_file_is_read_from_the_middle_and_cut_one_past_the_size_that_is_asked_for():
    files = {"a": b"x", "b": b"0123456789", "c": b""}
    reader = reader_of(archive(files))
    assert b"".join(reader.chunks("b", 10)) == b"0123456789"
    assert b"".join(reader.chunks("b", 4)) == b"01234"
    assert list(reader.chunks("c", 4)) == []
    with pytest.raises(ReadError, match="no such file"):
        list(reader.chunks("d", 4))


def test_a_file_larger_than_a_window_comes_in_pieces():
    data = bytes(range(256)) * 10_000
    chunks = list(reader_of(archive({"a": b"1", "b": data})).chunks("b", len(data)))
    assert len(chunks) == 3
    assert b"".join(chunks) == data


def test_a_file_of_what_is_no_archive_cannot_be_read():
    with pytest.raises(ReadError, match="no archive of a bundle: it does not end"):
        list(reader_of(b"x" * 100).chunks("receipt.json", 1))


def test_bytes_that_are_gone_are_unreadable():
    class Gone(MemoryRanges):
        def read(self, offset, length):
            return b"" if offset == 30 + len("evidence/a") else super().read(offset, length)

    reader = ArchiveReader(Gone(archive(SMALL)))
    with pytest.raises(ReadError, match="ends before it does"):
        list(reader.chunks("evidence/a", 3))


def test_an_archive_that_cannot_be_read_is_not_judged():
    class Broken(MemoryRanges):
        def read(self, offset, length):
            raise ReadError("no disk")

    verdict = verify(ArchiveReader(Broken(archive(SMALL))))
    assert (verdict.codes(), verdict.undecided) == (("FILE_UNREADABLE",), True)


def test_nothing_but_the_steps_is_said_of_what_is_no_archive():
    verdict = verdict_of(b"PK")
    assert verdict.codes() == (MALFORMED,)
    assert next(text for text in verdict.not_checked if "could not be had" in text).startswith(
        "manifest"
    )


# ---------------------------------------------------------------------------------------- attacks


def deflated(draft):
    """A bomb: few bytes here, a million there."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = squeezed.compress(bytes(1_000_000)) + squeezed.flush()
    sizes = {"crc": zlib.crc32(bytes(1_000_000)), "stored": len(data), "size": 1_000_000}
    draft.both(0, data=data, method=8, needed=20, **sizes)


def overlapping(draft):
    """Two entries share one content: the bomb that needs no other trick."""
    draft.heads.pop(1)
    draft.entries[1].update(offset=0)


def nested(draft):
    """The content of the first entry is the whole second entry."""
    inner = draft.heads.pop(1)
    lengths = (len(inner["name"]), 0)
    data = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 10, 0, 0, 0, 33, inner["crc"], 3, 3, *lengths
    ) + (inner["name"] + inner["data"])
    draft.both(0, data=data, crc=zlib.crc32(data), stored=len(data), size=len(data))
    draft.entries[1].update(offset=30 + len("evidence/a"))


def directory_without_entry(draft):
    draft.heads.pop(1)


def entry_without_directory(draft):
    draft.entries.pop(1)
    draft.entries[1].update(offset=2 * (30 + 10 + 3))


def last_entry_without_directory(draft):
    draft.entries.pop(2)


def doubled(number, data):
    def edit(draft):
        path = draft.heads[number]["name"].decode()
        draft.heads.insert(number + 1, Draft.head(path, data))
        draft.entries.insert(number + 1, Draft.entry(path, data))

    return edit


def doubled_apart(draft):
    draft.add("evidence/a", b"one")


def swapped(draft):
    draft.heads[:2] = draft.heads[1::-1]
    draft.entries[:2] = draft.entries[1::-1]


def directory_in_another_order(draft):
    draft.entries[0].update(offset=0)
    draft.entries[1].update(offset=30 + 10 + 3)
    draft.entries[:2] = draft.entries[1::-1]


def one(number, which="both", **fields):
    """Returns an edit of the headers of one entry."""

    def edit(draft):
        if which == "both":
            draft.both(number, **fields)
        else:
            getattr(draft, which)[number].update(fields)

    return edit


def put(**fields):
    """Returns an edit of the archive as a whole."""

    def edit(draft):
        for name, value in fields.items():
            setattr(draft, name, value)

    return edit


def named(path, **fields):
    """Returns an edit that gives the first entry another name, of the same kind of place."""

    def edit(draft):
        name = path if isinstance(path, bytes) else path.encode()
        draft.both(0, name=name, **fields)

    return edit


def field_64(*numbers):
    return struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


def large(end_64=None, locator=None, **end):
    """Returns an edit that adds a zip64 end to an archive that needs none."""
    return put(is_large=True, end_64=end_64 or {}, locator=locator or {}, end=end)


def hidden_end(draft):
    """The end of another archive stands in the comment of this one."""
    draft.end = {"comment": archive({"evil": b"x"})}


FULL = {"here": 0xFFFF, "entries": 0xFFFF}
ATTACKS = {
    "a compressed entry": (deflated, MALFORMED, "another version needed"),
    "a compressed entry that needs no more": (one(0, method=8), MALFORMED, "another method"),
    "overlapping entries": (overlapping, MALFORMED, "another offset"),
    "an entry inside another": (nested, MALFORMED, "another offset"),
    "an entry of the directory alone": (directory_without_entry, MALFORMED, "another offset"),
    "an entry without the directory": (entry_without_directory, MALFORMED, "another offset"),
    "a last one without it": (last_entry_without_directory, MALFORMED, "44 bytes stand between"),
    "one name twice, same content": (doubled(0, b"one"), UNSAFE, "stands there twice"),
    "one name twice, other content": (doubled(1, b"xxx"), UNSAFE, "stands there twice"),
    "one name twice, apart": (doubled_apart, MALFORMED, "not in the order"),
    "two names in another order": (swapped, MALFORMED, "not in the order"),
    "a directory in another order": (directory_in_another_order, MALFORMED, "another offset"),
    "twins": (named("evidence/B"), UNSAFE, "it differs from evidence/B in case only"),
    "a file where a folder is": (named("evidence"), UNSAFE, "the name stands there twice"),
    "another name before the content": (
        one(0, "heads", name=b"evidence/x"),
        MALFORMED,
        "local header has another name",
    ),
    "a longer name there": (
        one(0, "heads", name=b"evidence/ao", data=b"ne"),
        MALFORMED,
        "local header has another name length",
    ),
    "another size there": (one(0, "heads", size=2), MALFORMED, "another size"),
    "another stored size there": (one(0, "heads", stored=2), MALFORMED, "another stored size"),
    "another CRC-32 there": (one(0, "heads", crc=1), MALFORMED, "another crc"),
    "another CRC-32 in the directory": (one(0, "entries", crc=1), MALFORMED, "another crc"),
    "another CRC-32 in both": (one(0, crc=1), MALFORMED, "its CRC-32 is 7a6c86f1"),
    "other content": (one(0, "heads", data=b"eno"), MALFORMED, "its CRC-32 is"),
    "other sizes in the directory": (one(0, "entries", stored=2), MALFORMED, "stored size"),
    "a smaller size in both": (one(0, size=2, stored=2), MALFORMED, "another offset"),
    "a size beyond the archive": (one(0, size=9999, stored=9999), MALFORMED, "reaches into"),
    "bytes behind": (put(behind=b"\0"), MALFORMED, "does not end as an archive does"),
    "bytes before": (put(before=b"#!/bin/sh\n"), MALFORMED, "another offset"),
    "bytes before, offsets as if not": (
        lambda draft: (put(before=b"MZ")(draft), draft.end.update(offset=129)),
        MALFORMED,
        "does not reach from",
    ),
    "bytes between entries": (one(0, "heads", data=b"one...."), MALFORMED, "another offset"),
    "bytes before the directory": (put(between=b"PK"), MALFORMED, "2 bytes stand between"),
    "bytes behind the directory": (put(inside=b"PK"), MALFORMED, "does not reach from"),
    "bytes at the end of the directory": (
        put(inside=b"PK", end={"length": 172}),
        MALFORMED,
        "2 bytes stand in the central directory",
    ),
    "a comment": (put(end={"comment": b"hi"}), MALFORMED, "does not end as"),
    "a length of a comment": (put(end={"comments": 2}), MALFORMED, "another comment length"),
    "an end inside the comment": (hidden_end, MALFORMED, "does not reach from"),
    "a comment of an entry": (one(0, "entries", comment=b"hi"), MALFORMED, "comment length"),
    "an extra field in both": (one(0, extra=b"UT\x01\0x"), MALFORMED, "another extra length"),
    "an extra field in the local header": (
        one(0, "heads", extra=b"UT\x01\0x"),
        MALFORMED,
        "another offset",
    ),
    "an encrypted entry": (one(0, flags=1), MALFORMED, "another flags"),
    "a data descriptor": (one(0, flags=8), MALFORMED, "another flags"),
    "names marked as UTF-8": (one(0, flags=0x800), MALFORMED, "another flags"),
    "flags before the content alone": (one(0, "heads", flags=8), MALFORMED, "local header"),
    "a time": (one(0, time=1), MALFORMED, "another time"),
    "a date": (one(0, date=34), MALFORMED, "another date"),
    "another version": (one(0, needed=20), MALFORMED, "another version needed"),
    "another maker": (one(0, "entries", made=20), MALFORMED, "another version made by"),
    "a second disk": (one(0, "entries", disk=1), MALFORMED, "another disk"),
    "internal attributes": (one(0, "entries", internal=1), MALFORMED, "internal attributes"),
    "an executable": (one(0, "entries", external=0o100755 << 16), MALFORMED, "external attributes"),
    "attributes of MS-DOS": (one(0, "entries", external=0x20), MALFORMED, "external attributes"),
    "a link": (one(0, "entries", external=0o120777 << 16), UNSAFE, "no regular file"),
    "a device": (one(0, "entries", external=0o020666 << 16), UNSAFE, "no regular file"),
    "a folder of Unix": (one(0, "entries", external=0o040755 << 16), UNSAFE, "no regular file"),
    "a folder of MS-DOS": (one(0, "entries", external=0x10), UNSAFE, "no regular file"),
    "a folder's name": (named("evidence/a/"), UNSAFE, "the name is a segment"),
    "an empty name": (named(""), UNSAFE, "the name is a segment"),
    "a way up": (named("../evil"), UNSAFE, "the name is a segment is . or .."),
    "a way up inside": (named("evidence/../../x"), UNSAFE, "the name is a segment"),
    "an absolute name": (named("/etc/passwd"), UNSAFE, "the name is a segment"),
    "a drive": (named("C:/x"), UNSAFE, "the name is a segment"),
    "a backslash": (named("evidence\\a"), UNSAFE, "the name is a segment"),
    "a zero byte": (named("a\0b"), UNSAFE, "the name is a segment"),
    "a name that is no ASCII": (named("evidence/é"), UNSAFE, "the name is a segment"),
    "a name that is no text": (named(b"\xff\xfe"), UNSAFE, "the name is a segment"),
    "a device's name": (named("evidence/nul.txt"), UNSAFE, "the name of a device"),
    "a name of 513 bytes": (named("a/" * 256 + "a"), UNSAFE, "longer than 512 bytes"),
    "the longest name": (named("a" * 65_535), UNSAFE, "longer than 512 bytes"),
    "a signature of the local header": (
        one(0, "heads", signature=b"PK\x03\x05"),
        MALFORMED,
        "local header has another signature",
    ),
    "a signature of the central header": (
        one(0, "entries", signature=b"PK\x01\x03"),
        MALFORMED,
        "central header has another signature",
    ),
    "a signature of the end": (put(end={"signature": b"PK\x05\x07"}), MALFORMED, "does not end as"),
    "fewer entries than there are": (
        put(end={"here": 2, "entries": 2}),
        MALFORMED,
        "bytes stand in the central directory",
    ),
    "more entries than there are": (
        put(end={"here": 4, "entries": 4}),
        MALFORMED,
        "too small for its entries",
    ),
    "entries on other disks": (put(end={"here": 2}), MALFORMED, "another entries on disk"),
    "an end on another disk": (put(end={"disk": 1}), MALFORMED, "another disk"),
    "a directory on another disk": (put(end={"first": 1}), MALFORMED, "directory disk"),
    "a directory elsewhere": (put(end={"offset": 0}), MALFORMED, "does not reach from"),
    "a zip64 field that is not needed": (
        one(0, size=LARGE, stored=LARGE, needed=45, extra=field_64(3, 3)),
        MALFORMED,
        "another version needed",
    ),
    "a zip64 field that is empty": (one(0, size=LARGE, stored=LARGE), MALFORMED, "stored size"),
    "a zip64 size beyond all": (
        one(0, size=LARGE, stored=LARGE, needed=45, extra=field_64(2**64 - 1, 2**64 - 1)),
        MALFORMED,
        "reaches into",
    ),
    "two zip64 sizes": (
        one(0, size=LARGE, stored=LARGE, needed=45, extra=field_64(2**33, 2**33 + 1)),
        MALFORMED,
        "another extra field",
    ),
    "a zip64 field of another tag": (
        one(0, size=LARGE, stored=LARGE, needed=45, extra=b"\2" + field_64(2**33, 2**33)[1:]),
        MALFORMED,
        "another extra field",
    ),
    "a zip64 offset that is not needed": (
        one(0, "entries", offset=LARGE, needed=45, extra=field_64(0)),
        MALFORMED,
        "another version needed",
    ),
    "a zip64 end that is not needed": (large(), MALFORMED, "does not reach from"),
    "a zip64 end that is not needed but used": (large(**FULL), MALFORMED, "another entries"),
    "a zip64 end that is not there": (put(end=FULL), MALFORMED, "the end has another"),
    "a zip64 end with a huge number": (
        large({"here": 2**64 - 1, "entries": 2**64 - 1}, **FULL),
        MALFORMED,
        "too small for its entries",
    ),
    "a zip64 end with huge sizes": (
        large({"length": 2**64 - 1, "offset": 2**64 - 1}, length=LARGE, offset=LARGE),
        MALFORMED,
        "does not end as",
    ),
    "a zip64 end with more data": (
        large({"rest": 45, "here": 70_000, "entries": 70_000}, **FULL),
        MALFORMED,
        "another zip64 end",
    ),
    "a zip64 end on another disk": (
        large({"here": 70_000, "entries": 70_000}, {"disks": 2}, **FULL),
        MALFORMED,
        "another zip64 end",
    ),
    "a zip64 end elsewhere": (
        large({"here": 70_000, "entries": 70_000}, {"offset": 0}, **FULL),
        MALFORMED,
        "another zip64 end",
    ),
}


def attacked(name):
    draft = Draft(SMALL)
    ATTACKS[name][0](draft)
    return draft.data()


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_on_a_zip_file_is_told_in_step_names(name):
    _, expected, text = ATTACKS[name]
    code, step, _, message = first_of(attacked(name))
    assert (code, step) == (expected, "names"), message
    assert text in message


@pytest.mark.parametrize("name", ["a time", "a link", "another CRC-32 in both"])
def test_a_finding_names_the_entry(name):
    assert first_of(attacked(name))[2] == "evidence/a"


def test_a_finding_shows_no_byte_that_a_terminal_would_act_on():
    draft = Draft(SMALL)
    draft.both(0, name=b"evidence/\x1b[31m\xff")
    assert first_of(draft.data())[2] == "evidence/\\x1b[31m\\udcff"


def test_a_name_of_512_bytes_may_stand_there():
    path = "evidence/" + "/".join(["a" * 125] * 4)[:503]
    assert len(path) == 512
    assert [item.path for item in reader_of(archive({path: b""})).items()][-1] == path


def test_more_files_than_a_bundle_may_have_are_not_judged():
    files = {"a/b": b"", "c": b"", "d": b""}
    assert verdict_of(archive(files), Limits(names=4)).codes()[0] == MALFORMED
    assert verdict_of(archive(files), Limits(names=3)).codes() == (LIMIT,)
    assert verdict_of(archive(files), Limits(names=2)).codes() == (LIMIT,)


def test_a_file_that_is_too_large_is_not_judged():
    assert first_of(archive({"a": b"12"}))[0] == MALFORMED
    found = verdict_of(archive({"a": b"12"}), Limits(file_bytes=1)).failures[0]
    assert (found.code, found.step, found.path) == (LIMIT, "names", "a")


@pytest.mark.parametrize("rule", ARCHIVE_RULES.values(), ids=lambda rule: rule.number)
def test_every_rule_of_archives_is_broken_by_two_attacks_or_more(rule):
    limits = Limits(names=2, file_bytes=2) if rule.code == LIMIT else LIMITS
    broken = [
        name
        for name in ATTACKS
        if rule.number in {finding.rule for finding in verdict_of(attacked(name), limits).failures}
    ]
    assert len(broken) >= 2, broken


def test_the_rules_of_archives_have_numbers_of_their_own():
    rules = ARCHIVE_RULES.values()
    assert len({rule.number for rule in rules}) == len({rule.text for rule in rules}) == len(rules)


# ------------------------------------------------------------------------------ every single byte


def test_an_archive_cut_off_anywhere_fails():
    data = archive(SMALL)
    for length in range(len(data)):
        assert first_of(data[:length])[:2] == (MALFORMED, "names"), length


def test_every_change_of_a_single_bit_of_an_archive_is_told_in_step_names():
    data = archive(SMALL)
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            code, step = first_of(bytes(changed))[:2]
            assert (step, code in {MALFORMED, UNSAFE}) == ("names", True), (place, bit, code)


def test_every_byte_inserted_or_deleted_is_told_in_step_names():
    data = archive(SMALL)
    for place in range(len(data) + 1):
        for changed in (data[:place] + b"\0" + data[place:], data[:place] + data[place + 1 :]):
            if changed != data:
                assert first_of(changed)[1] == "names", place


@pytest.mark.parametrize("name", ["staged"])
def test_every_byte_changed_in_a_whole_bundle_fails(name):
    data = archive(bundle(name))
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << (place % 8)
        assert not verdict_of(bytes(changed)).ok, place


def test_an_archive_that_is_malformed_gives_no_name():
    with pytest.raises(ArchiveError):
        next(iter(reader_of(attacked("a link")).items()))
