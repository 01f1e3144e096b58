"""What was seen as a record, and as work is shown it; and a look that nobody answers any more."""

import pytest

from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Failure
from workc.kernel.kinds import is_answer
from workc.kernel.ledger import Ledger
from workc.kernel.lens import ItemObserved
from workc.kernel.values import MAX_SAFE_INTEGER
from workc.runtime.answering import Answering
from workc.runtime.asks import Ask, Look
from workc.runtime.governor import Governor
from workc.runtime.item_records import record_item, shown_item
from workc.stages.observation import GivenText, Observed


class Files(dict):
    def put(self, path, data):
        self[path] = data

    def get(self, path):
        return self[path]


LOOK = Look(
    ItemObserved(how="text", item="a", round=1, source="s", weight=1), GivenText("x"), skill="x"
)


@pytest.mark.parametrize(
    ("data", "is_json", "form", "text", "value"),
    [
        (b'{"n":1}', True, "json", '{"n":1}', {"n": 1}),
        (b'{"n": 1}', False, "text", '{"n": 1}', {"n": 1}),
        (b"hello", False, "text", "hello", None),
        (b"", False, "text", "", None),
        (b"\xff", False, "bytes", "", None),
        (b"[" * 2000, False, "text", "[" * 2000, None),
        (b"x" * 70_000, False, "text", "x" * 70_000, None),
    ],
)
def test_what_was_seen_is_kept_as_it_is_and_shown(data, is_json, form, text, value):
    files = Files()
    item = record_item(files, LOOK, Observed(data=data, is_json=is_json), 7)
    assert (item.value.form, item.dated_ms, is_answer(item)) == (form, 7, True)
    assert shown_item(files, item) == {
        "found": True,
        "sha256": sha256_hex(data),
        "source": "s",
        "text": text,
        "value": value,
    }


@pytest.mark.parametrize(
    ("said", "kept"), [(None, 7), (0, 0), (-5, 0), (2**60, MAX_SAFE_INTEGER), (99, 99)]
)
def test_the_time_of_what_was_seen_is_one_that_a_record_holds(said, kept):
    assert record_item(Files(), LOOK, Observed(data=b"", dated_ms=said), 7).dated_ms == kept


def test_what_was_not_seen_is_kept_with_its_failure_and_shown_as_empty():
    item = record_item(Files(), LOOK, Failure(code="NOT_FOUND", message="m"), 7)
    assert item.failure.code == "NOT_FOUND"
    assert item.problem() is None
    assert shown_item(Files(), item) == {
        "found": False,
        "sha256": "",
        "source": "s",
        "text": "",
        "value": None,
    }


@pytest.mark.parametrize("begun", [True, False])
def test_a_look_that_is_given_up_is_an_item_that_was_not_seen_and_never_a_halt(begun):
    entry = Answering(Files(), lambda: 3).given_up(Ask((2,), LOOK), begun=begun)
    assert (entry.payload.item, entry.payload.failure.code, entry.at_ms) == ("a", "ABORTED", 3)


def test_a_look_whose_time_is_over_fails_and_a_governor_leaves_it_to_the_driver():
    answering = Answering(Files(), lambda: 3)
    assert answering.over(Ask((2,), LOOK, 50)).payload.failure.code == "TIMEOUT"
    governor = Governor(Ledger(0), lambda: 1)
    governor.halt = "TIMEOUT"
    assert governor.answer(Ask((2,), LOOK)) is None
