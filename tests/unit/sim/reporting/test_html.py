"""The page of a report: whole in itself, legible, and nothing in a report gets out of its place."""

import re
from html.parser import HTMLParser

import pytest
from drawn_reports import HOSTILE, SMALL, again_of, report_of, reports, scenario, tame
from hypothesis import example, given

from workc.kernel.printing import shown
from workc.sim.report import FailureRecord
from workc.sim.reporting.html import html_page
from workc.sim.reporting.html_style import STYLE

#: Elements that have no end (HTML, 13.1.2).
VOID = {"meta"}


class Read(HTMLParser):
    """The tags of a page, its texts, and whether every element ends where it must."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append((self.open[-1] if self.open else "", data))

    @property
    def text(self):
        return "".join(data for _, data in self.texts)

    def named(self, tag):
        return [data for name, data in self.texts if name == tag]


def test_what_failed_stands_first_and_open_with_both_sides_and_the_line_that_runs_it_again():
    page = Read(html_page(SMALL, {"gates": "workc scenario run gates.yaml"}))
    assert page.named("h1") == [" 1 of 4 scenarios failed"]
    assert page.named("h2") == ["Suites", "Failed", "Passed"]
    assert [name.strip() for name in page.named("h3")] == ["gates", "basic", "lens"]
    assert [attrs for tag, attrs in page.tags if tag == "details"] == [
        [("class", "failed"), ("open", None)],
        [],
        [],
    ]
    assert page.named("figcaption") == ["expected", "actual"]
    assert page.named("pre") == ["\nsuccess", "\nfailed", "\nworkc scenario run gates.yaml"]
    assert "out/gates/bundle/receipt" in page.named("dd")
    assert "cccccccccccc (main), with changes" in page.named("dd")


@pytest.mark.parametrize(
    ("suites", "said"),
    [
        ((("s", (scenario("a"),), 0),), "1 scenario passed"),
        ((("s", (scenario("a"), scenario("b")), 1),), "2 scenarios passed"),
        ((("s", (), 2),), "no scenario was run"),
        ((), "no scenario was run"),
    ],
)
def test_the_headline_says_what_was_run(suites, said):
    page = html_page(report_of(*suites), {})
    assert f"<title>workc: {said}</title>" in page
    assert ("<h2>Suites</h2>" in page) is bool(suites)


def test_a_block_keeps_the_line_break_that_it_begins_with():
    wrong = FailureRecord(code="X", message="m", expected="\n\na", actual="\ta\r")
    page = Read(html_page(report_of(("s", (scenario("a", wrong),), 0)), {}))
    assert page.named("pre") == ["\n\n\na", "\n\ta\\x0d"]


def test_the_page_needs_no_other_file_and_no_script():
    page = html_page(SMALL, {})
    tags = {tag for tag, _ in Read(page).tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "a", "form", "base"}
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_every_table_says_what_its_columns_and_rows_are():
    tags = Read(html_page(SMALL, {})).tags
    scopes = [dict(attrs).get("scope") for tag, attrs in tags if tag == "th"]
    assert set(scopes) == {"col", "row"}
    assert dict(tags[0][1])["lang"] == "en"


@example(HOSTILE)
@given(reports())
def test_nothing_in_a_report_gets_out_of_its_place_and_every_id_is_in_the_text(report):
    again = again_of(report)
    page = Read(html_page(report, again))
    calm = tame(report)
    assert page.tags == Read(html_page(calm, again_of(calm))).tags
    for each in report.scenarios:
        assert shown(each.scenario_id) in page.text
    assert all(c.isprintable() or c in "\n\t" for c in page.text)


def luminance(colour):
    """Returns the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(p * w for p, w in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_text_can_be_read_in_light_and_in_dark():
    schemes = re.findall(r":root \{(.*?)\}", STYLE, re.S)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", scheme))
        for name in ("text", "weak", "good", "bad", "skipped"):
            for ground in ("ground", "raised"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
