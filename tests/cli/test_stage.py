"""``workc stage test`` as transcripts: exit code, stdout, stderr, files."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from workc.testkit.servers import LoopbackServer, Reply

GOOD = """\
import workc

@workc.skill(
    pure=True,
    examples=[{"input": {"n": 2}, "output": 3}, {"input": {"n": "x"}, "error_code": "INVALID_INPUT"}],
)
def more(n: int) -> int:
    '''Returns one more.'''
    return n + 1
"""
BAD = GOOD.replace('"output": 3', '"output": 4')
FETCH = """\
import workc

@workc.skill(
    effects=["Network"],
    examples=[{"input": {"url": "BASE/items.json"}, "output": "2 items"}],
)
async def fetch(ctx: workc.Context, url: str) -> str:
    '''Counts the items at an address.'''
    response = await ctx.http(HttpRequest(method="GET", url=url))
    return f"{len(json.loads(response.body))} items"
"""
IMPORTS = "import json\nfrom workc.stages.effects import HttpRequest\n"


@pytest.fixture
def stages(folder):
    made = folder / "made"
    made.mkdir()
    return made


def test_a_verified_stage_is_one_line_and_0(workc, stages):
    (stages / "good.py").write_text(GOOD)
    shown = workc("stage", "test", "made")
    assert shown.exit_code == 0
    assert shown.stdout == (
        "✓ verified      more              2 examples\n\n1 verified · 2 examples\n"
    )
    assert shown.stderr == "1 of 1 stage done\n"


def test_a_failed_stage_shows_expected_and_actual_side_by_side_and_is_1(workc, stages):
    (stages / "bad.py").write_text(BAD)
    shown = workc("stage", "test", "made/bad.py", "-q")
    assert shown.exit_code == 1
    assert shown.stdout == (
        "✗ failed        more              WRONG_OUTPUT\n"
        "\n"
        "more  made/bad.py:more\n"
        "  WRONG_OUTPUT  example 0: the output differs\n"
        "    another output than declared\n"
        f"    {'expected':<36}  actual\n"
        f"    {'4':<36}  3\n"
        "\n"
        "1 failed · 2 examples\n"
    )
    assert shown.stderr == ""


def test_what_did_not_change_is_not_run_again(workc, stages):
    (stages / "good.py").write_text(GOOD)

    def cached(*more):
        return [each["cached"] for each in workc(*run, *more).document["stages"]]

    run = ("stage", "test", "made", "--json")
    assert [cached(), cached(), cached("--fresh"), cached("--generate", "7")] == [
        [False],
        [True],
        [False],
        [False],
    ]
    (stages / "good.py").write_text(GOOD + "# other\n")
    assert (cached(), cached()) == ([False], [True])
    for kept in (stages.parent / ".workc/stage-tests").iterdir():
        kept.write_text("{")
    assert cached() == [False]


def test_what_was_found_afresh_takes_the_place_of_what_was_kept(workc, stages):
    reads = f"return n + int(open({str(stages / 'step')!r}).read())"
    text = GOOD.replace("pure=True", 'effects=["FsRead"]').replace("return n + 1", reads)
    (stages / "read.py").write_text(text)

    def verdict(*more):
        shown = workc("stage", "test", "made", "--json", *more)
        return [(each["verdict"], each["cached"]) for each in shown.document["stages"]]

    (stages / "step").write_text("1")
    assert verdict() == [("verified", False)]
    (stages / "step").write_text("2")
    assert verdict("--fresh") == [("failed", False)]
    assert verdict() == [("failed", True)]


def test_results_of_a_failed_stage_are_kept_too_and_those_of_this_moment_are_not(workc, stages):
    (stages / "bad.py").write_text(BAD)
    (stages / "late.py").write_text(GOOD.replace("return n + 1", "while True: pass"))
    for file, word, cached in (
        ("bad.py", "WRONG_OUTPUT", [False, True]),
        ("late.py", "TIMEOUT", [False, False]),
    ):
        run = ("stage", "test", f"made/{file}", "--json")
        limits = ("--timeout", "0.3") if word == "TIMEOUT" else ()
        results = [workc(*run, *limits).document["stages"][0] for _ in cached]
        assert [each["cached"] for each in results] == cached
        assert [each["findings"][0]["word"] for each in results] == [word, word]


PAIR = """\
import workc

@workc.skill(
    pure=True,
    examples=[{"input": {"text": "a"}, "output": {"text": "61"}}],
    properties=[{"kind": "round_trip", "by": "back"}],
)
def there(text: str) -> dict[str, str]:
    '''Returns a text as hex.'''
    return {"text": text.encode().hex()}

@workc.skill(effects=["Fallible"], examples=[{"input": {"text": "61"}, "output": {"text": "a"}}])
def back(text: str) -> dict[str, str]:
    '''Returns the text of hex.'''
    return {"text": bytes.fromhex(text).decode()}
"""


def test_a_property_that_runs_another_stage_finds_it_though_it_was_not_chosen(workc, stages):
    (stages / "pair.py").write_text(PAIR)
    run = ("stage", "test", "made", "there", "--json")
    found = workc(*run).document["stages"]
    assert [(each["name"], each["verdict"], each["cached"]) for each in found] == [
        ("there", "verified", False)
    ]
    assert found[0]["generated"] > 10
    (stages / "pair.py").write_text(PAIR.replace(".decode()", '.decode() + "x"'))
    broken = workc(*run).document["stages"][0]
    assert broken["findings"][0]["word"] == "PROPERTY_BROKEN"


def test_a_stage_is_kept_as_what_it_was_found_to_be_last(workc, stages):
    """Its ids stay when another stage that its property runs is mended: it has failed no more."""
    there, _, back = PAIR.partition("\n\n@workc.skill(effects")
    (stages / "there.py").write_text(there)
    mended = "import workc\n@workc.skill(effects" + back

    def verdict(text):
        (stages / "back.py").write_text(text)
        (found,) = workc("stage", "test", "made", "there", "--json").document["stages"]
        kept = [
            json.loads(each.read_bytes())
            for each in (stages.parent / ".workc/stage-tests").iterdir()
        ]
        assert [(each["name"], each["verdict"]) for each in kept] == [("there", found["verdict"])]
        return found["verdict"], found["cached"]

    broken = mended.replace(".decode()", '.decode() + "x"')
    assert verdict(broken) == ("failed", False)
    assert verdict(mended) == ("verified", False)
    assert verdict(mended) == ("verified", True)
    assert verdict(broken) == ("failed", False)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"n": 2', '"m": 2', "/examples/0/input/n: expected"),
        ("pure=True", 'effects=["Netwrok"]', "did you mean Network?"),
        ("pure=True", 'pure=True, properties=[{"kind": "rnge"}]', "did you mean range?"),
        (
            "pure=True",
            'pure=True, properties=[{"kind": "range", "field": "output.n"}]',
            "output.n: Number has no n",
        ),
        ('"INVALID_INPUT"', '"INVALID_INPT"', "did you mean INVALID_INPUT?"),
    ],
)
def test_a_typo_is_2_and_says_what_was_meant(workc, stages, old, new, said):
    (stages / "typo.py").write_text(GOOD.replace(old, new))
    shown = workc("stage", "test", "made")
    assert shown.exit_code == 2
    assert "INVALID_DECLARATION" in shown.stdout
    assert said in shown.stdout


def test_one_file_that_cannot_be_read_stops_no_other(workc, stages):
    (stages / "good.py").write_text(GOOD)
    (stages / "broken.py").write_text("import workc  # skill\nthis is no Python")
    (stages / "broken.json").write_text("[{")
    (stages / "empty.json").write_text("[]")
    (stages / "other.py").write_text("raise SystemExit(3)")
    (stages / "dead.py").write_text("import os  # a skill of workc\nos._exit(0)")
    found = workc("stage", "test", "made", "--json").document
    words = {each["name"]: each["findings"][0]["word"] for each in found["stages"][:-1]}
    assert words == {
        "broken.json": "INVALID_DECLARATION",
        "broken.py": "UNLOADABLE",
        "empty.json": "INVALID_DECLARATION",
        "dead.py": "DIED",
    }
    assert found["stages"][-1]["verdict"] == "verified"
    assert found["exit"] == 1


def test_two_skills_of_one_name_in_a_file_are_refused_and_one_under_two_names_is_not(workc, stages):
    """A run would know the last one alone: the other would be neither run nor tested."""
    other = BAD.replace("import workc", "").replace("pure=True,", 'pure=True, name="more",')
    (stages / "two.py").write_text(GOOD + other.replace("def more", "def less"))
    shown = workc("stage", "test", "made", "--json")
    assert shown.exit_code == 2
    (found,) = shown.document["stages"]
    assert found["findings"][0]["word"] == "INVALID_DECLARATION"
    assert found["findings"][0]["message"].startswith("several skills here are called more")
    (stages / "two.py").write_text(GOOD + "alias = more\n")
    assert workc("stage", "test", "made").exit_code == 0


def test_what_failed_is_said_before_that_a_file_is_wrong(workc, stages):
    (stages / "good.py").write_text(GOOD)
    (stages / "empty.json").write_text("[]")
    assert workc("stage", "test", "made").exit_code == 2
    (stages / "bad.py").write_text(BAD)
    assert workc("stage", "test", "made").exit_code == 1
    (stages / "bad.py").unlink()
    assert workc("stage", "test", "made", "--min-tested", "2").exit_code == 1


@pytest.mark.parametrize(
    "body", ["while True: pass", "while True:\n    try: input()\n    except BaseException: pass"]
)
def test_a_file_that_never_ends_when_it_is_imported_is_late(workc, stages, body):
    (stages / "endless.py").write_text(f"import workc\n{body}\nworkc.skill")
    (stages / "good.py").write_text(GOOD)
    shown = workc("stage", "test", "made", "--timeout", "0.3", "--json")
    assert [
        (each["name"], each["verdict"], [f["word"] for f in each["findings"]])
        for each in shown.document["stages"]
    ] == [("endless.py", "errored", ["TIMEOUT"]), ("more", "verified", [])]
    assert "when it was imported" in shown.document["stages"][0]["findings"][0]["message"]
    assert shown.exit_code == 1


def test_a_name_or_the_beginning_of_an_id_chooses_a_stage(workc, stages):
    (stages / "good.py").write_text(GOOD + GOOD.replace("more", "other"))
    both = workc("stage", "test", "made", "--json").document["stages"]
    assert [each["name"] for each in both] == ["more", "other"]
    for name in ("other", both[1]["stage_id"][:12]):
        chosen = workc("stage", "test", "made", name, "--json").document["stages"]
        assert [each["name"] for each in chosen] == ["other"]
    for arguments, said in (
        (("made", "nothing"), "'nothing' is no file, folder or stage"),
        (("nowhere.py",), "'nowhere.py' is no file, folder or stage"),
        (("keys",), "'keys' is no file, folder or stage"),
    ):
        shown = workc("stage", "test", *arguments)
        assert (shown.exit_code, said in shown.stderr) == (2, True)


def test_what_is_not_tested_is_not_verified(workc, stages):
    (stages / "bare.py").write_text(
        "import workc\n@workc.skill(pure=True)\ndef bare(n: int) -> int:\n    return n\n"
    )
    (stages / "away.py").write_text(
        GOOD.replace("pure=True", 'effects=["Network"]').replace("more", "away")
    )
    shown = workc("stage", "test", "made")
    assert shown.exit_code == 6
    assert "- skipped       away" in shown.stdout
    assert "? unverifiable  bare              no examples are declared" in shown.stdout
    assert workc("stage", "test", "made", "--strict").exit_code == 1
    (stages / "good.py").write_text(GOOD)
    assert workc("stage", "test", "made").exit_code == 0
    strict = workc("stage", "test", "made", "--strict")
    assert (strict.exit_code, "--strict: 2 stages not tested" in strict.stderr) == (1, True)
    few = workc("stage", "test", "made", "--min-tested", "2")
    assert (few.exit_code, "--min-tested 2: 1 stage tested" in few.stderr) == (1, True)
    assert workc("stage", "test", "made", "--min-tested", "1").exit_code == 0
    (stages / "only").mkdir()
    shown = workc("stage", "test", "made/only")
    assert (shown.exit_code, "no stage is in made/only" in shown.stderr) == (2, True)


def test_junit_has_a_case_for_each_stage(workc, stages):
    (stages / "bad.py").write_text(BAD)
    (stages / "good.py").write_text(GOOD)
    (stages / "late.py").write_text(GOOD.replace("return n + 1", "return 1 // (n - 2)"))
    (stages / "away.py").write_text(GOOD.replace("pure=True", 'effects=["Network"]'))
    workc("stage", "test", "made", "--junit", "report.xml", "-q")
    suites = ET.parse("report.xml").getroot()
    assert suites.attrib == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    cases = {case.attrib["classname"]: [each.tag for each in case] for case in suites[0]}
    assert cases == {
        "made/away.py:more": ["skipped"],
        "made/bad.py:more": ["failure"],
        "made/good.py:more": [],
        "made/late.py:more": ["error"],
    }
    assert workc("stage", "test", "made", "--junit", "made").exit_code == 2


def test_what_goes_through_ctx_runs_from_what_was_recorded(workc, stages):
    items = Reply(headers=(("content-type", "application/json"),), body=b"[1, 2]")
    with LoopbackServer({"/items.json": items}) as server:
        (stages / "fetch.py").write_text(IMPORTS + FETCH.replace("BASE", server.base_url))
        before = workc("stage", "test", "made")
        assert (before.exit_code, len(server.requests)) == (6, 0)
        assert "no captures for example 0: --record makes them" in before.stdout
        recorded = workc("stage", "test", "made", "--record")
        assert (recorded.exit_code, len(server.requests)) == (0, 1)
    captures = list((stages / "fetch.captures/fetch").iterdir())
    assert [each.suffix for each in captures] == [".workc"]
    assert workc("verify-bundle", captures[0]).exit_code == 0
    again = workc("stage", "test", "made", "--fresh", "--strict")
    assert again.exit_code == 0
    text = (stages / "fetch.py").read_text()
    (stages / "fetch.py").write_text(text.replace('"2 items"', '"3 items"'))
    assert "WRONG_OUTPUT" in workc("stage", "test", "made").stdout
    (stages / "fetch.py").write_text(text.replace('effects=["Network"]', 'effects=["Llm"]'))
    found = workc("stage", "test", "made", "--json").document["stages"][0]["findings"]
    assert [(each["word"], each["effect"]) for each in found] == [("UNDECLARED_EFFECT", "Network")]
    (stages / "fetch.py").write_text(text)
    captures[0].write_bytes(captures[0].read_bytes().replace(b"[1, 2]", b"[1, 3]"))
    edited = workc("stage", "test", "made", "--json").document["stages"][0]["findings"][0]
    assert (edited["word"], "CAPTURE_EDITED" in edited["message"]) == ("RAISED", True)


def test_a_signal_ends_the_work_and_every_worker(workc, stages):
    fifo = stages / "fifo"
    os.mkfifo(fifo)
    waits = GOOD.replace("pure=True", 'effects=["FsRead"]').replace(
        "return n + 1", f"return len(open({str(fifo)!r}).read())"
    )
    (stages / "waits.py").write_text(waits)
    command = [sys.executable, "-m", "workc", "stage", "test", "made", "--timeout", "600"]
    # To open it for writing waits for the worker, which reads.
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
        fifo.open("wb", buffering=0) as pipe,
    ):
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert "interrupted" in process.stderr.read()
        with pytest.raises(BrokenPipeError):
            pipe.write(b"x")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_answers_are_recorded_keeps_those_of_before(workc, stages, number, code):
    fifo = stages / "fifo"
    os.mkfifo(fifo)
    items = Reply(headers=(("content-type", "application/json"),), body=b"[1, 2]")
    with LoopbackServer({"/items.json": items}) as server:
        text = IMPORTS + FETCH.replace("BASE", server.base_url)
        (stages / "fetch.py").write_text(text)
        assert workc("stage", "test", "made", "--record").exit_code == 0
    (capture,) = (stages / "fetch.captures/fetch").iterdir()
    before = capture.read_bytes()
    waits = f"    open({str(fifo)!r}).read()\n    response"
    (stages / "fetch.py").write_text(text.replace("    response", waits, 1))
    command = [sys.executable, "-m", "workc", "stage", "test", "made", "--record"]
    with (
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
        fifo.open("wb", buffering=0),
    ):
        process.send_signal(number)
        assert process.wait() == code
        assert process.stderr.read() == "interrupted\n"
    assert capture.read_bytes() == before


def test_what_the_code_names_and_nobody_saw_is_a_note(workc, stages):
    body = "return n + 1 if n < 9 else len(list(map(os.stat, os.listdir())))"
    text = "import os\n" + GOOD.replace("return n + 1", body)
    (stages / "hidden.py").write_text(text)
    shown = workc("stage", "test", "made")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[2:5] == [
        "more  made/hidden.py:more",
        "  note  line 10 names os.listdir (a file), and no effect of it was seen",
        "  note  line 10 names os.stat (a file), and no effect of it was seen",
    ]
    (stages / "hidden.py").write_text(text.replace("pure=True", 'effects=["FsRead"]'))
    said = workc("stage", "test", "made", "--json").document["stages"][0]
    assert (said["verdict"], said["notes"]) == ("verified", [])


def test_a_signal_ends_what_never_ends_when_it_is_imported(workc, stages):
    fifo = stages / "fifo"
    os.mkfifo(fifo)
    (stages / "waits.py").write_text(f"import workc\nopen({str(fifo)!r}).read()\nworkc.skill")
    command = [sys.executable, "-m", "workc", "stage", "test", "made", "--timeout", "600"]
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with (
            subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process,
            fifo.open("wb", buffering=0) as pipe,
        ):
            process.send_signal(number)
            assert process.wait() == code
            assert process.stderr.read() == "interrupted\n"
            with pytest.raises(BrokenPipeError):
                pipe.write(b"x")


def test_without_the_library_that_makes_inputs_properties_are_held_to_the_examples(workc, stages):
    hidden = stages.parent / "hidden"
    hidden.mkdir()
    (hidden / "hypothesis.py").write_text("raise ImportError(name='hypothesis')")
    claim = 'pure=True, properties=[{"kind": "range", "field": "output", "min": 0}]'
    (stages / "claims.py").write_text(GOOD.replace("pure=True", claim))
    with_it = workc("stage", "test", "made", "--fresh", "--json").document["stages"][0]
    assert with_it["findings"][0]["word"] == "PROPERTY_BROKEN"
    path = os.pathsep.join([str(hidden), os.environ.get("PYTHONPATH", "")])
    shown = workc("stage", "test", "made", "--fresh", "--json", env={"PYTHONPATH": path})
    without = shown.document["stages"][0]
    assert without["verdict"] == "verified"
    assert without["notes"] == ["no inputs were generated: hypothesis is not installed"]


def test_every_stage_that_comes_with_workc_is_verified_and_its_examples_are_strong(workc, folder):
    shown = workc("stage", "test", "builtin", "--mutate", "--strict", "--json")
    found = json.loads(shown.stdout)
    assert shown.exit_code == 0
    assert found["counts"]["verified"] == len(found["stages"]) >= 15
    assert found["mutation_score_permille"] >= 900
    assert {"http_call", "json_transform", "llm_invoke"} < {s["name"] for s in found["stages"]}
