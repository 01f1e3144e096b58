"""`workc stage`: transcripts."""

import json

import pytest

from workc.api.published import schema_of
from workc.stages.schema import problems

TEXT = {"kind": "Text"}
NUMBER = {"kind": "Number"}


def spec(name="count", **more):
    said = {
        "name": name,
        "description": f"Does {name}.",
        "signature": {"input": TEXT, "output": NUMBER, "effects": {"effects": ["Pure"]}},
        "implementation_code": "def run(x): return len(x)",
        "implementation_language": "python",
        "examples": [{"input": "abc", "output": 3}],
        "properties": [{"kind": "range", "field": "output", "min": 0}],
        "tags": ["text"],
    }
    return {**said, **more}


@pytest.fixture
def put(folder):
    def write(name, *specs):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(specs[0] if len(specs) == 1 else specs))
        return name

    return write


@pytest.fixture
def ids(workc, put):
    """Adds three stages and returns their ids."""
    put("specs/a.json", spec("parse json"), spec("render csv"))
    put("specs/b.json", spec("parse json", implementation_code="def run(x): return 1"))
    added = workc("stage", "add", "specs", "--json").document
    assert (added["ok"], added["exit"], added["problems"]) == (True, 0, [])
    return [each["id"] for each in added["stages"]]


def test_stages_are_added_listed_and_shown(workc, put):
    put("one.json", spec())
    shown = workc("stage", "add", "one.json")
    assert (shown.exit_code, shown.stderr) == (0, "  next: workc stage list\n")
    lines = shown.stdout.splitlines()
    assert lines[0] == "✓ 1 stage added  .workc/stages"
    assert lines[2].split()[1:] == ["added", "Draft", "count"]
    again = workc("stage", "add", "one.json")
    assert again.stdout.startswith("✓ 0 stages added · 1 there already  .workc/stages\n")
    listed = workc("stage", "list")
    assert listed.stdout.splitlines()[1].split()[1:] == ["Draft", "count", "Does", "count."]
    start = listed.stdout.splitlines()[1].split()[0][:6]
    got = workc("stage", "get", start)
    assert got.exit_code == 0
    assert "takes        Text\n" in got.stdout
    assert 'example      "abc" → 3\n' in got.stdout
    assert "property     output is at least 0\n" in got.stdout
    whole = workc("stage", "get", start, "--json").document
    assert whole["current"] == whole["stage"]["id"]
    put("again.json", whole["stage"])
    assert workc("stage", "add", "again.json", "--registry", "other").exit_code == 0
    found = workc("stage", "get", start, "--json", "--registry", "other").document
    assert found == whole


def test_a_registry_is_named_by_the_environment_too(workc, put):
    put("one.json", spec())
    env = {"WORKC_REGISTRY": "elsewhere"}
    assert workc("stage", "add", "one.json", env=env).stdout.splitlines()[0].endswith("elsewhere")
    assert len(workc("stage", "list", "--json", env=env).document["stages"]) == 1
    assert workc("stage", "list").exit_code == 2


def test_every_problem_of_every_file_is_told_and_nothing_added(workc, put, folder):
    put("good.json", spec())
    put("bad.json", spec("a"), spec("b", tags=[1], descripton="x"))
    (folder / "no.json").write_text('{"name": "a", "name": "b"}')
    (folder / "empty").mkdir()
    shown = workc("stage", "add", "good.json", "bad.json", "no.json")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.splitlines() == [
        "bad.json: /1/descripton: a stage has no such member; did you mean description?",
        "bad.json: /1/tags/0: each of tags is a text",
        "no.json: (the file): an object with the key 'name' twice",
        "✗ INVALID_INPUT  3 problems; nothing was added",
        "  try: workc schema stage-file",
    ]
    document = workc("stage", "add", "good.json", "bad.json", "--json").document
    assert (document["ok"], document["exit"], document["stages"]) == (False, 2, [])
    assert [each["at"] for each in document["problems"]] == ["/1/descripton", "/1/tags/0"]
    assert workc("stage", "list").exit_code == 2
    for name, said in (("empty", "holds no file"), ("goood.json", "did you mean good.json?")):
        wrong = workc("stage", "add", name)
        assert (wrong.exit_code, said in wrong.stderr) == (2, True)


def test_what_is_there_with_other_content_is_replaced_only_if_that_is_said(workc, put):
    put("one.json", spec())
    put("two.json", spec(tags=["other"]))
    assert workc("stage", "add", "one.json").exit_code == 0
    refused = workc("stage", "add", "two.json")
    assert (refused.exit_code, "--replace" in refused.stderr) == (2, True)
    replaced = workc("stage", "add", "two.json", "--replace")
    assert replaced.stdout.splitlines()[2].split()[1] == "replaced"


def test_the_published_schema_says_what_a_file_may_hold(workc, put):
    schema = {k: v for k, v in schema_of("stage-file").items() if k != "$schema"}
    assert problems(schema, spec()) == []
    assert problems(schema, [spec(), spec("b", lifecycle="Active")]) == []
    assert problems(schema, [spec(descripton="x")]) != []
    put("one.json", spec())
    workc("stage", "add", "one.json")
    (row,) = workc("stage", "list", "--json").document["stages"]
    whole = workc("stage", "get", row["id"], "--json").document["stage"]
    assert problems(schema, whole) == []


def test_a_lifecycle_in_transcripts(workc, ids):
    one, csv, two = ids
    assert workc("stage", "activate", one).stdout.strip().endswith("parse json  Draft → Active")
    moved = workc("stage", "activate", two).stdout.splitlines()
    assert moved == [
        f"{one[:12]}  parse json  Active → Deprecated by {two[:12]}",
        f"{two[:12]}  parse json  Draft → Active",
    ]
    assert workc("stage", "activate", two).stdout == "nothing changed: it is so already\n"
    assert f"current      {two}  Active" in workc("stage", "get", one).stdout
    wrong = workc("stage", "deprecate", csv, "--by", two)
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "what is Draft may become Active or Tombstone, not Deprecated" in wrong.stderr
    workc("stage", "activate", csv)
    assert workc("stage", "deprecate", two, "--by", csv).exit_code == 0
    round_trip = workc("stage", "deprecate", csv, "--by", one)
    assert (round_trip.exit_code, "lead to" in round_trip.stderr) == (2, True)
    assert workc("stage", "tombstone", csv).exit_code == 0
    states = {
        row["id"]: row["state"] for row in workc("stage", "list", "--json").document["stages"]
    }
    assert states == {one: "Deprecated", two: "Deprecated", csv: "Tombstone"}
    only = workc("stage", "list", "--state", "Tombstone", "--name", "render csv")
    assert len(only.stdout.splitlines()) == 2
    assert "no such stages" in workc("stage", "list", "--name", "x").stderr


def test_a_search_in_transcripts(workc, ids):
    found = workc("stage", "search", "JSON", "parse")
    assert (found.exit_code, len(found.stdout.splitlines())) == (0, 3)
    limited = workc("stage", "search", "parse", "--limit", "1")
    assert (len(limited.stdout.splitlines()), "--limit N" in limited.stderr) == (2, True)
    missed = workc("stage", "search", "prase", "json")
    assert (missed.exit_code, missed.stdout) == (0, "")
    assert missed.stderr.splitlines() == [
        "no stage is like this",
        "  no stage has the word 'prase'; did you mean parse?",
        "  try: workc stage search 'parse json'",
    ]
    document = workc("stage", "search", "prase", "--json").document
    assert (document["meant"], document["stages"]) == ({"prase": ["parse"]}, [])
    typed = workc("stage", "search", "--takes", '"abc"', "--gives", "Number | Null", "--json")
    assert {each["id"] for each in typed.document["stages"]} == {*ids}
    assert workc("stage", "search", "--gives", "Text").stdout == ""
    for arguments in ((), ("--takes", "Txt"), ("...",)):
        assert workc("stage", "search", *arguments).exit_code == 2
    workc("stage", "tombstone", ids[1])
    assert workc("stage", "search", "csv").stdout == ""
    assert len(workc("stage", "search", "csv", "--all").stdout.splitlines()) == 2


def test_a_difference_in_transcripts(workc, ids, put):
    one, _, two = ids
    shown = workc("stage", "diff", one, two)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        f"✓ not breaking · bump patch · 2 changes  {one[:12]} → {two[:12]}",
        "bump   where                change",
        "patch  implementation_hash  changed",
        "patch  implementation_code  changed",
    ]
    signature = {"input": TEXT, "output": {"kind": "Any"}, "effects": {"effects": ["Pure"]}}
    new = put("new.json", spec("parse json", signature=signature))
    broken = workc("stage", "diff", one, new, "--strict")
    assert broken.exit_code == 1
    assert broken.stdout.startswith("✗ BREAKING · bump major · 1 change  ")
    assert "major  output  widened: Number is Any now" in broken.stdout
    document = workc("stage", "diff", one, new, "--json").document
    assert (document["breaking"], document["bump"], document["exit"]) == (True, "major", 0)
    assert document["changes"][0]["at"] == ""
    same = workc("stage", "diff", one, one)
    assert same.stdout == f"✓ not breaking · bump none · 0 changes  {one[:12]} → {one[:12]}\n"
    several = workc("stage", "diff", one, "specs/a.json")
    assert (several.exit_code, "holds 2 stages" in several.stderr) == (2, True)


def test_a_changed_file_is_5_and_named(workc, ids, folder):
    for path in (folder / ".workc/stages/objects").iterdir():
        path.write_bytes(path.read_bytes() + b"\n")
    for arguments in (("get",), ("activate",), ("tombstone",), ("diff", ids[1])):
        shown = workc("stage", arguments[0], ids[0], *arguments[1:])
        assert (shown.exit_code, shown.stdout) == (5, "")
        assert "✗ STAGE_CHANGED  .workc/stages/objects/" in shown.stderr
        assert "hint: The details name the file" in shown.stderr


def test_what_is_no_registry_or_id_is_refused_with_what_to_do(workc, ids, folder):
    unknown = workc("stage", "get", "fffff" * 3)
    assert (unknown.exit_code, "try: workc stage list" in unknown.stderr) == (2, True)
    (folder / "file").write_text("")
    for name in ("file", "", "a\0b"):
        shown = workc("stage", "list", "--registry", name)
        assert (shown.exit_code, shown.stdout) == (2, "")
    assert "there is no registry" in workc("stage", "get", "a", "--registry", "none").stderr


def test_lines_are_no_wider_than_the_terminal(workc, ids):
    for arguments in (("list",), ("get", ids[0]), ("diff", ids[0], ids[2]), ("search", "parse")):
        shown = workc("stage", *arguments, env={"COLUMNS": "80"})
        # An id is one word.
        long = [line for line in shown.stdout.splitlines() if len(line) > 80]
        assert long == [], arguments


def test_pages_are_written_for_all_or_for_some(workc, ids, folder):
    shown = workc("stage", "docs", "-o", "pages", "--html")
    assert (shown.exit_code, shown.stdout) == (
        0,
        "✓ 3 pages  pages\n  list  index.md\n  html  stages.html\n",
    )
    names = sorted(path.name for path in (folder / "pages").iterdir())
    pages = sorted(
        f"{name}-{stage[:12]}.md"
        for name, stage in zip(("parse-json", "render-csv", "parse-json"), ids, strict=True)
    )
    assert names == sorted([*pages, "index.md", "stages.html"])
    listed = (folder / "pages/index.md").read_text()
    assert all(f"]({page})" in listed for page in pages)
    assert workc("stage", "docs", "-o", "pages").exit_code == 2
    one = workc("stage", "docs", ids[0], ids[0], "-o", "one", "--json").document
    assert [page["id"] for page in one["pages"]] == [ids[0]]
    for stage in ids:
        workc("stage", "tombstone", stage)
    none = workc("stage", "docs", "-o", "none")
    assert (none.exit_code, "no stage to write" in none.stderr) == (2, True)
    assert not (folder / "none").exists()
