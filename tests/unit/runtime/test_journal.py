"""The journal's lines: what is written is read, and whatever else comes is one refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.adapters.memory import MemoryRun
from workc.kernel.chain import link
from workc.kernel.events import Entry
from workc.kernel.failure import Refusal
from workc.kernel.payloads import StepSkipped, TimerFired
from workc.runtime import journal as module
from workc.runtime.journal import Journal, read_records


@pytest.fixture
def lines():
    run = MemoryRun()
    journal = Journal(run)
    for index in range(4):
        journal.append(Entry(at=(index,), payload=TimerFired(), at_ms=index))
    journal.append(Entry(at=(4,), payload=StepSkipped(because=[], code="HALTED", step="s")))
    return list(run._lines)


def corrupt(lines):
    with pytest.raises(Refusal) as caught:
        list(read_records(lines))
    assert caught.value.failure.code == "JOURNAL_CORRUPT"
    return caught.value.failure.details["line"]


def test_what_was_written_is_read_in_order(lines):
    records = list(read_records(lines))
    assert [record.n for record in records] == [0, 1, 2, 3, 4]
    assert [tuple(record.at) for record in records] == [(0,), (1,), (2,), (3,), (4,)]


def test_a_journal_can_be_continued(lines):

    run = MemoryRun()
    Journal(run, 5, link(lines[-1])).append(Entry(at=(5,), payload=TimerFired(), at_ms=1))
    assert len(list(read_records([*lines, *run._lines]))) == 6


@pytest.mark.parametrize("index", range(4))
def test_changing_any_line_breaks_the_chain_at_the_next(lines, index):
    lines[index] = lines[index].replace(b'"at_ms":%d' % index, b'"at_ms":99')
    assert corrupt(lines) == index + 2


def test_a_line_that_is_missing_doubled_or_moved_is_named(lines):
    assert corrupt([*lines[:2], *lines[3:]]) == 3
    assert corrupt([*lines[:2], lines[1], *lines[2:]]) == 3
    assert corrupt([lines[1], lines[0]]) == 1


@pytest.mark.parametrize(
    "bad",
    [b"", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"at":[0]}', b'{"a":1'],
)
def test_a_line_that_is_no_record_is_named(lines, bad):
    assert corrupt([lines[0], bad]) == 2


def test_a_line_that_says_the_same_in_other_bytes_is_refused(lines):
    assert corrupt([lines[0].replace(b'"at":[0]', b'"at":[0 ]')]) == 1


def test_an_unknown_kind_is_refused(lines):
    assert corrupt([lines[0].replace(b"TimerFired", b"TimerFried")]) == 1


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_one_refusal(data):
    corrupt([data])


def test_a_line_at_the_limit_is_read_and_one_past_it_is_not(lines, monkeypatch):
    monkeypatch.setattr(module, "LINE_LIMIT_BYTES", len(lines[0]))
    assert len(list(read_records(lines[:1]))) == 1
    monkeypatch.setattr(module, "LINE_LIMIT_BYTES", len(lines[0]) - 1)
    assert corrupt(lines[:1]) == 1
