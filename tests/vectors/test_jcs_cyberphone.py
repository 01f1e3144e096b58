"""The RFC 8785 vectors: input, output as text, output as hex."""

import json
from pathlib import Path

import pytest

from workc.kernel import jcs

DATA = Path(__file__).parent / "jcs-cyberphone" / "testdata"
NAMES = sorted(path.stem for path in (DATA / "input").glob("*.json"))


def test_all_six_vectors_are_here():
    assert NAMES == ["arrays", "french", "structures", "unicode", "values", "weird"]


@pytest.mark.parametrize("name", NAMES)
def test_an_input_is_spelt_as_published(name):
    value = jcs.parse((DATA / "input" / f"{name}.json").read_bytes())
    spelt = jcs.encode(value)
    assert spelt == (DATA / "output" / f"{name}.json").read_bytes()
    assert spelt == bytes.fromhex((DATA / "outhex" / f"{name}.txt").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_a_lenient_reader_leads_to_the_same_spelling(name):
    value = json.loads((DATA / "input" / f"{name}.json").read_bytes())
    assert jcs.encode(value) == (DATA / "output" / f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_published_output_reads_back_to_itself(name):
    output = (DATA / "output" / f"{name}.json").read_bytes()
    assert jcs.encode(jcs.parse(output)) == output
