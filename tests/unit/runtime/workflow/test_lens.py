"""``lens`` in a workflow file: what is built of it, and every mistake with its line and fix."""

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.selectors import Effect
from workc.runtime.workflow.given_lens import read_lens
from workc.runtime.workflow.lens import ItemSpec, LensSpec
from workc.runtime.workflow.loader import find_problems, load_workflow, read_workflow
from workc.runtime.workflow.model import SkillInfo
from workc.stages.effects import FileRead, HttpRequest
from workc.stages.observation import EarlierRun, FileList, GivenText, Proof, Variable

KNOWN = {"get": SkillInfo(input_schema={"type": "object", "properties": {"url": {}}})}
FLOW = """\
workc: 1
name: n
secrets: [KEY]
%s
steps:
  a: {skill: get, with: {url: "%s"}}
verify: [{id: v, that: "%s"}]
"""
LENS = """\
lens:
  items:
    readme: {file: src/README.md}
    code: {files: "src/lib/**/*.py", at_most: 7}
    page: {url: "https://a.example/p?q=1", weight: 5, about: x, says: value.n}
    before: {run: last}
    proof: {bundle: src/proof}
    lang: {environment: LANG}
    note: {text: "${x}"}
  requires: [readme, page]
  at_least: {deciding: 400, Committed: 600}
  max_observations: 3
  wait_ms: 10"""


def load(lens=LENS, url="${lens.readme.text}", that="lens.page.found"):
    return load_workflow(read_workflow((FLOW % (lens, url, that)).encode(), "n.yaml"), KNOWN)


def test_a_lens_is_built_with_its_items_in_order():
    lens = load().lens
    assert [item.name for item in lens.items] == [
        "readme", "code", "page", "before", "proof", "lang", "note",
    ]  # fmt: skip
    assert lens.items[2] == ItemSpec(
        name="page",
        how="url",
        source="https://a.example/p?q=1",
        weight=5,
        about="x",
        says="value.n",
    )
    assert (lens.requires, lens.at_least) == (("readme", "page"), {"Draft": 400, "Committed": 600})
    assert (lens.max_observations, lens.wait_ms) == (3, 10)


def test_each_item_asks_for_what_it_names_and_touches_that():
    asked = [(item.request(), item.effect()) for item in load().lens.items]
    assert [type(request) for request, _ in asked] == [
        FileRead, FileList, HttpRequest, EarlierRun, Proof, Variable, GivenText,
    ]  # fmt: skip
    assert [effect and effect.selector for _, effect in asked] == [
        "fs:src/README.md",
        "fs:src/lib/",
        "net:https://a.example/p",
        None,
        "fs:src/proof/",
        None,
        None,
    ]


def test_a_file_without_a_lens_has_none_and_one_declares_itself_where_effects_are_declared():
    assert load("", "x", "output").lens is None
    assert load().effects is None
    declared = load(LENS + '\neffects: ["Exec exec:x"]').effects
    assert Effect("ReadFS", "fs:src/README.md") in declared
    assert Effect("Exec", "exec:x") in declared


def test_what_is_not_said_is_as_it_is_in_most_files():
    spec = load("lens: {items: {a: {text: b}}}", "${lens.a.text}", "lens.a.value").lens
    assert spec == LensSpec(items=(ItemSpec(name="a", how="text", source="b"),))


def one(item, more=""):
    return f"lens:\n  items:\n    a: {item}{more}"


BAD = {
    "no items": ("lens: {items: {}}", 4, "a lens without items sees nothing"),
    "no items at all": ("lens: {}", 4, "missing here: items"),
    "a key of the lens": ("lens: {itms: {}}", 4, 'there is no key "itms" here'),
    "a way that is misspelt": (one("{fil: src/a}"), 6, 'there is no key "fil" here'),
    "no way": (one("{weight: 3}"), 6, "there is none of file, files, url"),
    "nothing": (one("{}"), 6, "there is none of file, files, url"),
    "two ways": (one("{file: src/a, text: b}"), 6, "there is file and text here"),
    "a name with a blank": ('lens: {items: {"a b": {text: c}}}', 4, '"a b" is not a name'),
    "a twice": ("lens:\n  items:\n    a: {text: b}\n    a: {text: c}", 7, 'the key "a" stands already'),
    "an upward path": (one("{file: src/../a}"), 6, "a segment of it is . or .."),
    "an absolute path": (one("{file: /etc/passwd}"), 6, "does not begin with the name of a root"),
    "a root alone": (one("{file: src}"), 6, "it names a root and no file below it"),
    "a reference": (one('{file: "${inputs.x}"}'), 6, "a lens holds no references"),
    "a pattern without a root": (one('{files: "*.py"}'), 6, "the name of its root is no pattern"),
    "a pattern of one file": (one("{files: src/a.py}"), 6, "so it is one file"),
    "too many files": (one('{files: "src/*", at_most: 1001}'), 6, "1001 is more than 1000"),
    "a bundle above": (one("{bundle: src/../b}"), 6, "a segment of it is . or .."),
    "an address of files": (one("{url: 'file:///etc/passwd'}"), 6, "must be http or https"),
    "an address with a user": (one("{url: 'http://u:p@a/'}"), 6, "user"),
    "an address with a fragment": (one("{url: 'http://a/#b'}"), 6, "has no fragment"),
    "a run of no id": (one("{run: '../x'}"), 6, "is no id of a run"),
    "a variable of no name": (one("{environment: A-B}"), 6, "is no name of an environment"),
    "a secret": (one("{environment: KEY}"), 6, "KEY is a secret, and secrets are no facts"),
    "a key": (one("{environment: OPENAI_API_KEY}"), 6, "is a secret"),
    "an empty text": (one("{text: ''}"), 6, "this text is empty"),
    "a weight of nothing": (one("{text: b, weight: 0}"), 6, "0 is less than 1"),
    "a weight of a fraction": (one("{text: b, weight: 0.5}"), 6, "a whole number"),
    "at_most of a file": (one("{file: src/a, at_most: 3}"), 6, "at_most stands beside files alone"),
    "says about nothing": (one("{text: b, says: text}"), 6, "says stands beside about alone"),
    "an expression": (one("{text: b, about: c, says: 'value.['}"), 6, "expression"),
    "an expression of steps": (
        one("{text: b, about: c, says: steps.a}"), 6, 'there is nothing called "steps" here',
    ),
    "a required item": (one("{text: b}", "\n  requires: [aa]"), 7, 'there is no item "aa"'),
    "a required item twice": (one("{text: b}", "\n  requires: [a, a]"), 7, "stands here twice"),
    "a threshold": (one("{text: b}", "\n  at_least: {deciding: 1001}"), 7, "more than 1000"),
    "a threshold of Draft": (one("{text: b}", "\n  at_least: {Draft: 1}"), 7, 'no key "Draft"'),
    "thresholds that fall": (
        one("{text: b}", "\n  at_least: {deciding: 5, Staged: 4}"), 7, "less than 5 of deciding",
    ),
    "no look": (one("{text: b}", "\n  max_observations: 0"), 7, "0 is less than 1"),
    "too many looks": (one("{text: b}", "\n  max_observations: 101"), 7, "101 is more than 100"),
    "a wait of a year": (one("{text: b}", "\n  wait_ms: 31536000000"), 7, "is more than 86400000"),
    "more items than may be": (
        "lens: {items: {" + ", ".join(f"i{n}: {{text: b}}" for n in range(101)) + "}}",
        4,
        "more than 100 items",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_each_mistake_is_told_with_its_line_and_a_fix(name):
    lens, line, message = BAD[name]
    found = find_problems((FLOW % (lens, "x", "output")).encode(), "n.yaml", KNOWN)
    told = [problem for problem in found if message in problem.message]
    assert [problem.line for problem in told] == [line], found
    assert told[0].fix


@pytest.mark.parametrize(
    ("url", "that", "message", "fix"),
    [
        ("${lens.readm.text}", "output", 'there is no item "readm"', "did you mean readme?"),
        ("${lens.readme.txt}", "output", 'an item has no "txt"', "did you mean text?"),
        ("${lens.zzz}", "output", 'there is no item "zzz"', "name it under items of the lens"),
        ("${lens}", "output", "lens needs a name", "write ${lens.name}"),
        ("x", "lens.readm.text", 'there is no item "readm"', "did you mean readme?"),
    ],
)
def test_a_reference_to_what_is_not_there_is_told_with_what_was_meant(url, that, message, fix):
    (problem,) = find_problems((FLOW % (LENS, url, that)).encode(), "n.yaml", KNOWN)
    assert (message in problem.message, problem.fix) == (True, fix)
    assert problem.code == "UNRESOLVED_REFERENCE"


def test_effects_that_a_plan_cannot_hold_beside_the_declared_ones_are_told():
    many = ", ".join(f'"Exec exec:{number}"' for number in range(50))
    (problem,) = find_problems(
        (FLOW % (one("{file: src/a}") + f"\neffects: [{many}]", "x", "output")).encode(),
        "n.yaml",
        KNOWN,
    )
    assert problem.path == "lens.items"


def test_a_lens_in_code_is_that_of_a_file_and_its_mistakes_are_misuse():
    said = {"items": {"a": {"file": "src/a"}}, "requires": ["a"]}
    spec = LensSpec(items=(ItemSpec(name="a", how="file", source="src/a"),), requires=("a",))
    assert read_lens(said, ()) == spec
    assert read_lens(None, ()) is None
    for wrong, message in (
        ({"items": {"a": {"fil": "src/a"}}}, r'lens.items.a.fil: there is no key "fil" here'),
        ({"items": {"a": {"environment": "T"}}}, "T is a secret"),
        ({"items": {}}, "a lens without items"),
        ([], "this must be a mapping"),
        ({"items": {"a": {"text": object()}}}, "lens is JSON"),
    ):
        with pytest.raises(Misuse, match=message):
            read_lens(wrong, ("T",))
