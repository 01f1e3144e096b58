"""Pages of stages: every part is there, and nothing that a stage says is a mark of its page."""

import html.parser
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from specs import read_all, spec

from workc.stages.stage.effect_set import KINDS, effect_of_json
from workc.stages.stage.page import MAX_CELL, Code, Link, Listing, Table, effect_text, page_of
from workc.stages.stage.page_html import pages_html
from workc.stages.stage.page_markdown import cell_markdown, page_markdown, text_markdown
from workc.stages.stage.properties import property_of_json
from workc.stages.stage.property_text import property_text

NASTY = "*a* `b` | [c](d) <script>e</script> & # \\ ~ !"


def stage(**more):
    (found,), wrong = read_all(spec(**more))
    assert wrong == []
    return found.stage


def nowhere(_stage):
    return None


FULL = {
    "effects": {"effects": [{"effect": "Llm", "model": "m|n"}, "Fallible"]},
    "tags": ["t1", "t2"],
    "aliases": ["other name"],
    "capabilities": ["gpu"],
    "cost": {"tokens_est": 7},
    "examples": [{"input": "a|b", "output": 1}, {"input": "`", "output": 2}],
    "properties": [{"kind": "range", "field": "output", "min": 0}],
}


def test_a_page_shows_every_part():
    shown = page_markdown(page_of(stage(**FULL)), nowhere)
    for text in (
        "# count\n\nIs count.\n",
        "| takes | `Text` |",
        "| effects | may fail; asks the model m\\|n |",
        "| state | Draft |",
        "| tags | t1, t2 |",
        "| also called | other name |",
        "| needs | gpu |",
        "| cost: tokens\\_est | 7 |",
        '| `"a\\|b"` | `1` |',
        '| `` "`" `` | `2` |',
        "| output is at least 0 |",
        "```python\ndef run(x): return len(x)\n```",
        "Its examples do not verify it: LLM effect",
        "It is not signed.",
        f"| id | `{stage(**FULL).id}` |",
    ):
        assert text in shown, text
    empty = page_markdown(page_of(stage(effects={"effects": []})), nowhere)
    assert "There are none." in empty
    assert "none: it may do nothing but compute" in empty
    verified = page_markdown(page_of(stage(examples=FULL["examples"])), nowhere)
    assert "It is verified by 2 examples" in verified


def test_a_successor_is_a_link_where_it_has_a_page():
    of = stage(lifecycle={"Deprecated": {"successor_id": "ab"}})
    assert "| replaced by | `ab` |" in page_markdown(page_of(of), nowhere)
    assert "[`ab`](ab.md)" in page_markdown(page_of(of), lambda each: f"{each}.md")
    assert "<code>ab</code></td>" in pages_html([(of.id, page_of(of))])
    both = pages_html([(of.id, page_of(of)), ("ab", page_of(of))])
    assert '<a href="#ab"><code>ab</code></a>' in both


def test_a_signed_stage_says_by_which_key():
    signed = replace(stage(), ed25519_signature="s", signer_public_key="KEY")
    shown = page_markdown(page_of(signed), nowhere)
    assert "| signed with the key | `KEY` |" in shown
    assert "It is signed;" in shown


def test_long_values_are_cut_and_that_is_said():
    shown = page_markdown(page_of(stage(examples=[{"input": "x" * 9999, "output": 1}])), nowhere)
    assert f"{'x' * (MAX_CELL - 1)}… (10001 characters)" in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- a", "\\- a"),
        ("1. a", "1\\. a"),
        ("12) a", "12\\) a"),
        ("1.5", "1\\.5"),
        ("+ a", "\\+ a"),
        ("===", "\\==="),
        ("a - b", "a - b"),
        ("a\n\n# b", "a \\# b"),
        ("a_b", "a\\_b"),
    ],
)
def test_text_makes_no_marks(text, shown):
    assert text_markdown(text) == shown


@given(st.text("ab`*|<&\\ \n#-1.", max_size=20))
def test_a_cell_stays_one_cell(text):
    for cell in (text, Code(text), Link(text)):
        shown = cell_markdown(cell, nowhere)
        assert "\n" not in shown
        # Escapes are pairs: what is left has no bar that would end the cell.
        assert "|" not in re.sub(r"\\.", "", shown)


@given(st.text("ab`*|<&\\ \n#-1.", max_size=20))
def test_no_mark_is_left_in_text(text):
    assert not re.search(r"[`*_\[\]<>#|~&!]", re.sub(r"\\.", "", text_markdown(text)))


def test_a_block_of_code_ends_where_it_ends():
    code = "x\n````\ny\n"
    shown = page_markdown([Listing(code, "py`thon\n")], nowhere)
    assert shown == "`````python\nx\n````\ny\n`````\n"


class Tags(html.parser.HTMLParser):
    """Collects the tags and the text of a document."""

    def __init__(self):
        super().__init__()
        self.tags = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def read(document):
    tags = Tags()
    tags.feed(document)
    tags.close()
    return tags


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_stage_says_is_text_in_html(description, code):
    plain = stage()
    said = replace(plain, description=description, name=code, implementation_code=code)
    found = read(pages_html([(plain.id, page_of(said))]))
    assert found.tags == read(pages_html([(plain.id, page_of(plain))])).tags
    assert set(found.tags) <= {
        *("html", "head", "meta", "title", "style", "body", "article"),
        *("h1", "h2", "p", "table", "tr", "th", "td", "code", "pre"),
    }


def test_html_needs_nothing_else_and_runs_nothing():
    said = replace(stage(), description=NASTY, name=NASTY, implementation_code=NASTY)
    document = pages_html([(said.id, page_of(said))])
    assert "<script" not in document
    assert "default-src 'none'" in document
    assert "src=" not in document.replace("style-src", "")
    assert NASTY in read(document).text


def test_every_effect_has_words():
    for kind, member in KINDS.items():
        value = {"effect": kind, **({} if member is None else {member[0]: member[1](1)})}
        text = effect_text(effect_of_json(value))
        assert text
        assert "{" not in text


PROPERTIES = [
    ({"kind": "set_member", "field": "output", "set": [1, "a"]}, 'output is one of 1, "a"'),
    ({"kind": "range", "field": "output"}, "output is a number"),
    ({"kind": "range", "field": "output", "max": 1}, "output is at most 1"),
    ({"kind": "range", "field": "output", "min": 0.5, "max": 1}, "output is from 0.5 to 1"),
    (
        {"kind": "field_length_eq", "left_field": "input", "right_field": "output"},
        "input is as long as output",
    ),
    (
        {"kind": "field_length_max", "subject_field": "output", "bound_field": "input"},
        "output is at most as long as input",
    ),
    (
        {"kind": "subset_of", "subject_field": "output", "super_field": "input"},
        "output has nothing that input has not",
    ),
    (
        {"kind": "equals", "left_field": "input", "right_field": "output"},
        "input is the same as output",
    ),
    (
        {"kind": "field_type_in", "field": "output", "allowed": ["null", "bool"]},
        "output is of kind null or bool",
    ),
    ({"kind": "unique", "field": "output"}, "output has no value twice"),
    ({"kind": "sorted", "field": "output"}, "output is in rising order"),
    ({"kind": "sorted", "field": "output", "descending": True}, "output is in falling order"),
    ({"kind": "idempotent"}, "given its own output, it gives it again"),
    ({"kind": "round_trip", "by": "x"}, "x gives the input back from the output"),
    (
        {"kind": "not", "property": {"kind": "unique", "field": "output"}},
        "it is not so that output has no value twice",
    ),
    (
        {"kind": "implies", "if": {"kind": "idempotent"}, "then": {"kind": "idempotent"}},
        "if given its own output, it gives it again, then given its own output, it gives it again",
    ),
]


@pytest.mark.parametrize(("said", "words"), PROPERTIES)
def test_properties_in_words(said, words):
    assert property_text(property_of_json(said)) == words


def test_rows_have_as_many_cells_as_heads():
    tables = [block for block in page_of(stage(**FULL)) if isinstance(block, Table)]
    assert len(tables) == 4
    assert all(len(row) == len(table.heads) for table in tables for row in table.rows)
