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
    (folder / "no.json").write_text('{"name": "a",\n "name": "b"}')
    (folder / "torn.json").write_text('[\n  {"name": }\n]')
    (folder / "empty").mkdir()
    shown = workc("stage", "add", "good.json", "bad.json", "no.json", "torn.json")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.splitlines() == [
        "bad.json:1: /1/descripton: INVALID_DECLARATION: "
        "a stage has no such member; did you mean description?",
        "bad.json:1: /1/tags/0: INVALID_DECLARATION: each of tags is a text",
        "no.json:2: (the file): INVALID_DECLARATION: an object with the key 'name' twice",
        "torn.json:2: (the file): INVALID_DECLARATION: not JSON: Expecting value, in column 12",
        "✗ INVALID_INPUT  4 problems in files of stages; nothing was added",
        "  try: workc schema stage-file",
    ]
    document = workc("stage", "add", "good.json", "bad.json", "--json").document
    assert (document["ok"], document["exit"], document["stages"]) == (False, 2, [])
    assert [each["at"] for each in document["problems"]] == ["/1/descripton", "/1/tags/0"]
    assert workc("stage", "list").exit_code == 2
    for name, said in (("empty", "holds no file"), ("goood.json", "did you mean good.json?")):
        wrong = workc("stage", "add", name)
        assert (wrong.exit_code, said in wrong.stderr) == (2, True)


def forged(name):
    return {**spec(name), "id": "0" * 64}


#: What is refused wherever a file of stages is read, with its word, and a place that is named.
REFUSED = {
    "an id of something else": (forged("a"), "FORGED_ID", "/id"),
    "a signature id of something else": (
        spec(signature_id="0" * 64),
        "FORGED_ID",
        "/signature_id",
    ),
    "a digest of other code": (
        spec(signature={**spec()["signature"], "implementation_hash": "0" * 64}),
        "FORGED_ID",
        "/signature/implementation_hash",
    ),
    "an example of another type": (
        spec(examples=[{"input": 1, "output": 1}]),
        "INVALID_DECLARATION",
        "/examples/0/input",
    ),
    "a failure that there is not": (
        spec(examples=[{"input": "a", "error_code": "INVALID_INPT"}]),
        "INVALID_DECLARATION",
        "/examples/0/error_code",
    ),
    "a tolerance of nothing": (
        spec(examples=[{"input": "a", "output": 1, "tolerance": {"/n": 1}}]),
        "INVALID_DECLARATION",
        "/examples/0/tolerance",
    ),
    "a property of no such field": (
        spec(properties=[{"kind": "range", "field": "output.n", "min": 0}]),
        "INVALID_DECLARATION",
        "/properties/0",
    ),
    "a property that runs nobody": (
        spec(properties=[{"kind": "round_trip", "by": "nobody"}]),
        "INVALID_DECLARATION",
        "/properties/0",
    ),
    "pure, and more": (
        spec(
            signature={**spec()["signature"], "effects": {"effects": ["Pure", "Network"]}},
        ),
        "INVALID_DECLARATION",
        "/signature/effects",
    ),
    "a tag twice": (spec(tags=["a", "a"]), "INVALID_DECLARATION", "/tags/1"),
    "no code and no digest": (
        spec(implementation_code=None),
        "INVALID_DECLARATION",
        "/signature",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_one_command_refuses_in_a_file_the_others_refuse_with_the_same_word(workc, put, why):
    value, word, at = REFUSED[why]
    put("one.json", value)
    added = workc("stage", "add", "one.json", "--json").document
    assert [(each["word"], each["at"]) for each in added["problems"]] == [(word, at)]
    tested = workc("stage", "test", "one.json", "--json").document
    findings = tested["stages"][0]["findings"]
    assert [each["word"] for each in findings] == [word]
    assert at + ": " in findings[0]["message"]
    assert tested["tested"] == 0


def test_a_stage_without_ids_is_added_and_tested_and_so_is_the_one_with_them(workc, put):
    negative = {"input": 1, "error_code": "SKILL_FAILED"}
    put("one.json", spec(examples=[{"input": "abc", "output": 3}, negative]))
    assert workc("stage", "add", "one.json").exit_code == 0
    (bare,) = workc("stage", "test", "one.json", "--json").document["stages"]
    whole = workc("stage", "get", bare["stage_id"], "--json").document
    assert (bare["verdict"], bare["evidence_id"]) == ("verified", whole["evidence_id"])
    put("whole.json", whole["stage"])
    (again,) = workc("stage", "test", "whole.json", "--json").document["stages"]
    assert (again["stage_id"], again["cached"]) == (bare["stage_id"], True)


def test_stages_of_the_registry_are_tested_by_id_or_name_and_are_those_of_the_file(workc, put):
    put("one.json", spec("count words"))
    put("two.json", spec("parse json", implementation_code="def run(x): return 1"))
    assert workc("stage", "add", "one.json", "two.json").exit_code == 0
    rows = {row["name"]: row["id"] for row in workc("stage", "list", "--json").document["stages"]}
    good = rows["count words"]
    of_file = workc("stage", "test", "one.json", "--json").document["stages"][0]
    for name in (good, good[:9], good[:9].upper(), "count words"):
        (found,) = workc("stage", "test", name, "--json", "--record").document["stages"]
        assert found == {**of_file, "where": f".workc/stages:{good[:12]}", "cached": True}
    both = workc("stage", "test", "count words", rows["parse json"][:12], "--json")
    assert [(each["name"], each["verdict"]) for each in both.document["stages"]] == [
        ("count words", "verified"),
        ("parse json", "failed"),
    ]
    assert both.exit_code == 1
    beside = workc("stage", "test", "two.json", "count words", "--json").document
    assert [each["name"] for each in beside["stages"]] == ["count words"]
    # A stage that is built in is found by its name too, whatever registry there is.
    assert workc("stage", "test", "json_transform", "-q").exit_code == 0
    put("back.json", spec("back", properties=[{"kind": "round_trip", "by": good[:64]}]))
    assert workc("stage", "add", "back.json").exit_code == 0
    partnered = workc("stage", "test", "back.json", "--json").document["stages"][0]
    assert "INVALID_DECLARATION" not in [each["word"] for each in partnered["findings"]]
    # Two have this name, and neither is active: the first by its id is meant.
    workc("stage", "add", put("third.json", spec("parse json")))
    put("over.json", spec("over", properties=[{"kind": "round_trip", "by": "parse json"}]))
    over = workc("stage", "test", "over.json", "--json").document["stages"][0]
    assert [each["word"] for each in over["findings"]] == ["PROPERTY_BROKEN"]
    put("bare.json", spec("bare", implementation_language="rust"))
    workc("stage", "add", "bare.json")
    put("rust.json", spec("of rust", properties=[{"kind": "round_trip", "by": "bare"}]))
    idle = workc("stage", "test", "rust.json", "--json").document["stages"][0]
    assert (idle["verdict"], idle["reason"]) == (
        "unverifiable",
        "its property runs bare, which cannot be called here",
    )


def test_what_no_registry_has_is_told_with_what_to_do(workc, ids, put):
    shown = workc("stage", "test", "fffff")
    assert shown.exit_code == 2
    assert shown.stderr.splitlines() == [
        "✗ INVALID_INPUT  'fffff' is no file, folder or stage, nor one of the registry "
        ".workc/stages",
        "  try: workc stage test --help",
        "  try: workc stage list",
    ]
    nowhere = workc("stage", "test", "fffff", "--registry", "none")
    assert (nowhere.exit_code, "there is no registry none" in nowhere.stderr) == (2, True)
    for command in ("test", "get"):
        several = workc("stage", command, "parse json")
        assert several.exit_code == 2
        assert "several stages are called 'parse json': " in several.stderr
    workc("stage", "activate", ids[2])
    (found,) = workc("stage", "test", "parse json", "--json").document["stages"]
    assert found["stage_id"] == ids[2]
    assert f"id           {ids[2]}" in workc("stage", "get", "parse json").stdout


def test_a_changed_file_of_the_registry_is_5_when_it_is_tested(workc, ids, folder):
    for path in (folder / ".workc/stages/objects").iterdir():
        path.write_bytes(path.read_bytes() + b"\n")
    shown = workc("stage", "test", ids[0])
    assert (shown.exit_code, "STAGE_CHANGED" in shown.stderr) == (5, True)


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
    wrong = workc("stage", "diff", one, put("wrong.json", spec(tags=[1])))
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr.splitlines()[:2] == [
        "wrong.json:1: /tags/0: INVALID_DECLARATION: each of tags is a text",
        "✗ INVALID_INPUT  1 problem in files of stages; nothing was compared",
    ]
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
