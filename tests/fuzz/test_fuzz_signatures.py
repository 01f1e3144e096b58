"""Two verifiers that share no code give the same answers about signatures and trust files."""

from random import Random

import answers
import differential
import pytest
from ground import second_signatures, signing
from mutations_signatures import AS_SIGNED, NAMES, SORTS, files_of, mutated
from odd_keys import LOW_ORDER, NO_POINTS, MixedKey, with_nonce
from signed_drafts import Asked, drawn

PARTS, COUNT = 5, 300
A, MIXED = signing.key(1), MixedKey(4)
NAME = "0.2 staged"
FILES = files_of(NAME)


@pytest.mark.parametrize("part", range(PARTS))
def test_they_agree_on_fifteen_hundred_drawn_cases(part):
    cases = [differential.case(20, part * COUNT + n, "signatures") for n in range(COUNT)]
    assert [case for case in cases if not case.agrees] == []
    assert {case.passed for case in cases} == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_most_of_what_is_drawn_passes_before_it_is_changed(name):
    found = [answers.of_signed(drawn(name, Random(seed)).asked()) for seed in range(30)]
    assert all(answer.agrees for answer in found)
    assert sum(answer.passed for answer in found) > 10


@pytest.mark.parametrize("sort", SORTS)
def test_each_sort_of_change_changes_something_and_is_drawn_from_the_seed_alone(sort):
    edit, _ = SORTS[sort]

    def made(seed, *edits):
        random = Random(seed)
        draft = drawn(NAME, random)
        for each in edits:
            each(draft, random)
        return draft.asked()

    changed = [made(seed, edit) for seed in range(8)]
    assert changed == [made(seed, edit) for seed in range(8)]
    assert (changed == [made(seed) for seed in range(8)]) is (sort == AS_SIGNED)


def test_every_sort_is_drawn():
    assert {mutated("0.2 minimal", Random(seed))[0] for seed in range(600)} == set(SORTS)


def test_a_disagreement_is_printed_with_what_shows_it_again(capsys, monkeypatch):
    asked = ["--seed", "3", "--of", "signatures"]
    assert differential.main(["--count", "20", *asked]) == 0
    monkeypatch.setattr(second_signatures, "judge", lambda *given, **more: [])
    capsys.readouterr()
    assert differential.main(["--count", "20", *asked]) == 1
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("seed 3")]
    number = shown[0].split()[3]
    assert differential.main(["--count", "1", "--first", number, *asked]) == 1
    assert capsys.readouterr().out.splitlines()[0] == shown[0]


def test_an_exception_says_which_case_raised_it(monkeypatch):
    def judge(*given, **more):
        raise ZeroDivisionError

    monkeypatch.setattr(second_signatures, "judge", judge)
    with pytest.raises(ZeroDivisionError) as caught:
        differential.main(["--count", "20", "--seed", "3", "--of", "signatures"])
    assert caught.value.__notes__[0].startswith("of signatures seed 3 number ")


def asked_by(key, trust=None, at=None):
    trust = signing.trust_file(key) if trust is None else trust
    return Asked(signing.signed(FILES, key), trust, required=True, at=at)


def test_both_refuse_a_trust_file_and_a_time_that_are_none():
    assert answers.of_signed(asked_by(A)).passed
    for asked in (asked_by(A, b"{}"), asked_by(A, b"[" * 99_999), asked_by(A, at="now")):
        assert answers.of_signed(asked)[1:] == (answers.REFUSED, answers.REFUSED, False, True)


@pytest.mark.parametrize("public", [*LOW_ORDER, *NO_POINTS], ids=bytes.hex)
def test_both_refuse_to_trust_what_is_no_key(public):
    trust = signing.trust_file(A, A.entry(public_key=signing.b64(public)))
    assert answers.of_signed(asked_by(A, trust))[1:] == (
        answers.REFUSED, answers.REFUSED, False, True
    )  # fmt: skip


def test_by_a_key_of_mixed_order_only_what_fits_without_the_cofactor_is_a_signature():
    assert answers.of_signed(asked_by(MIXED)).passed
    message = signing.pae(signing.PAYLOAD_TYPE, signing.compact(signing.statement_of(FILES)))
    held = {answer_to(with_nonce(MIXED, message, nonce)) for nonce in range(2, 30)}
    assert held == {True, False}


def answer_to(signature):
    """Returns whether both verifiers take a signature by the key of mixed order."""
    value = signing.envelope_of(signing.compact(signing.statement_of(FILES)), MIXED)
    value["signatures"][0]["sig"] = signing.b64(signature)
    files = {**FILES, "signatures/a.dsse.json": signing.compact(value)}
    found = answers.of_signed(Asked(files, signing.trust_file(MIXED), required=True, at=None))
    assert found.agrees
    return found.passed
