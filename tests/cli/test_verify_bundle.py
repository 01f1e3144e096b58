import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from workc.cli.group import cli
from workc.cli.moment import Moment
from workc.verify.registry import REGISTRIES


def edit(bundle, name, change):
    path = bundle / name
    path.write_bytes(change(path.read_bytes()))


def test_a_good_bundle_passes_with_its_digest_and_what_was_not_checked(workc, bundle):
    shown = workc("verify-bundle", "bundle")
    receipt = json.loads((bundle / "receipt.json").read_bytes())
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[0] == "✓ PASS  bundle"
    assert lines[1] == f"  digest  {receipt['proof_digest']}"
    assert all(line.startswith("  - not checked  ") for line in lines[3:])
    assert len(lines) > 3


def test_an_edited_bundle_fails_with_5_and_every_finding(workc, bundle):
    edit(bundle, "evidence/program.yaml", lambda data: data.replace(b"pure", b"sure"))
    shown = workc("verify-bundle", "bundle")
    assert shown.exit_code == 5
    assert shown.stdout.startswith("✗ FAIL  bundle\n")
    assert "HASH_MISMATCH  step files  evidence/program.yaml" in shown.stdout
    document = workc("verify-bundle", "bundle", "--json").document
    assert (document["schema"], document["verdict"]) == ("workc.verdict/1", "FAIL")
    assert document["failures"][0]["code"] == "HASH_MISMATCH"


def test_a_bundle_of_an_unknown_version_is_undecided_with_6(workc, bundle):
    edit(bundle, "receipt.json", lambda data: data.replace(b'"0.2"', b'"9.9"'))
    shown = workc("verify-bundle", "bundle")
    assert shown.exit_code == 6
    assert "(cannot be judged)" in shown.stdout


def test_of_several_bundles_the_worst_decides_and_json_is_an_array(workc, bundle, folder):
    (folder / "other").mkdir()
    shown = workc("verify-bundle", "bundle", "other", "demo.yaml", "--json")
    assert shown.exit_code == 5
    assert [found["verdict"] for found in shown.document] == ["PASS", "FAIL", "FAIL"]


def test_a_path_that_is_missing_is_2_and_the_others_are_judged(workc, bundle, folder):
    alone = workc("verify-bundle", "nowhere")
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert "there is no file or folder nowhere" in alone.stderr
    shown = workc("verify-bundle", "nowhere", "bundle")
    assert shown.exit_code == 2
    assert "✗ NONE  nowhere" in shown.stdout
    assert "✓ PASS  bundle" in shown.stdout
    (folder / "bad").mkdir()
    worst = workc("verify-bundle", "bundle", "nowhere", "bad", "--json")
    assert worst.exit_code == 5
    assert [found.get("verdict") for found in worst.document] == ["PASS", None, "FAIL"]
    assert worst.document[1]["schema"] == "workc.error/1"
    assert worst.document[1]["details"] == {"path": "nowhere"}


def test_a_path_that_cannot_be_looked_at_is_undecided_with_6(workc, bundle, folder):
    (folder / "loop").symlink_to("loop")
    shown = workc("verify-bundle", "loop/bundle", "bundle", "nowhere", "--json")
    assert shown.exit_code == 6
    assert [f["code"] for f in shown.document[0]["failures"]] == ["FILE_UNREADABLE"]
    assert workc("verify-bundle", "loop/bundle").exit_code == 6


def test_an_expected_digest_and_run_are_demanded(workc, bundle):
    receipt = json.loads((bundle / "receipt.json").read_bytes())
    good = ("--expect-digest", receipt["proof_digest"], "--expect-run-id", receipt["run_id"])
    assert workc("verify-bundle", "bundle", *good).exit_code == 0
    shown = workc("verify-bundle", "bundle", "--expect-digest", "0" * 64)
    assert shown.exit_code == 5
    assert "DIGEST_UNEXPECTED" in shown.stdout
    assert workc("verify-bundle", "bundle", "--expect-run-id", "other").exit_code == 5
    assert workc("verify-bundle", "bundle", "--expect-digest", "xyz").exit_code == 2


def test_an_expected_nonce_and_the_earliest_end_are_demanded(workc, bundle):
    receipt = json.loads((bundle / "receipt.json").read_bytes())
    assert (
        workc("verify-bundle", "bundle", "--expect-nonce", receipt["nonce"].upper()).exit_code == 0
    )
    shown = workc("verify-bundle", "bundle", "--expect-nonce", "0" * 32)
    assert shown.exit_code == 5
    assert "DIGEST_UNEXPECTED  step expectations  receipt.json /nonce" in shown.stdout
    ended = datetime.fromtimestamp(receipt["ended_ms"] // 1000, UTC)
    for seconds, expected in ((0, 0), (1, 5)):
        moment = (ended + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert workc("verify-bundle", "bundle", "--not-before", moment).exit_code == expected


@pytest.mark.parametrize("nonce", ["", "0" * 31, "g" * 32, "\u0660" * 32])
def test_a_nonce_that_is_none_is_2(workc, bundle, nonce):
    shown = workc("verify-bundle", "bundle", "--expect-nonce", nonce)
    assert shown.exit_code == 2
    assert "--expect-nonce takes 32 hex digits" in shown.stderr


@pytest.mark.parametrize(
    "moment",
    [
        "2026-12-31",
        "2026-12-31T23:59:59",
        "2026-12-31T23:59:59+00:00",
        "2026-12-31 23:59:59Z",
        "2026-13-31T23:59:59Z",
        "2026-02-29T00:00:00Z",
        "2026-12-31T24:00:00Z",
        "1969-12-31T23:59:59Z",
        "0000-00-00T00:00:00Z",
        "2026-12-31T23:59:59.1234Z",
        "\u0662026-12-31T23:59:59Z",
        "",
        "now",
    ],
)
def test_a_time_that_is_none_is_2_with_an_example(workc, bundle, moment):
    shown = workc("verify-bundle", "bundle", "--not-before", moment)
    assert shown.exit_code == 2
    assert "2026-12-31T23:59:59Z" in shown.stderr


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-02T00:00:01.5Z", 86_401_500),
        ("2001-09-09T01:46:40.123Z", 1_000_000_000_123),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_a_time_is_read_to_the_millisecond(text, ms):
    assert Moment().convert(text, None, None) == ms


def test_the_rules_are_listed_without_a_path(workc):
    shown = workc("verify-bundle", "--explain-rules")
    assert shown.exit_code == 0
    lines = [line for line in shown.stdout.splitlines() if line]
    assert lines[:3] == [
        REGISTRIES[0].title,
        "2.01   names, UNSAFE_PATH, bundle-0.2, section 2:",
        "       Every name obeys the grammar.",
    ]
    assert len(lines) == sum(2 * len(registry.rules) + 1 for registry in REGISTRIES)


def test_the_rules_are_a_document_with_all_that_a_rule_has(workc):
    for arguments in (("--explain-rules", "--json"), ("--json", "--explain-rules")):
        shown = workc("verify-bundle", *arguments)
        assert shown.exit_code == 0
        assert shown.document["schema"] == "workc.rules/1"
        assert shown.document["rules"][0] == {
            "registry": "bundle-0.2",
            "number": "2.01",
            "code": "UNSAFE_PATH",
            "step": "names",
            "paragraph": "bundle-0.2, section 2",
            "text": "Every name obeys the grammar.",
        }
        listed = [(rule["registry"], rule["number"]) for rule in shown.document["rules"]]
        assert len(set(listed)) == len(listed) == sum(len(r.rules) for r in REGISTRIES)


def test_rules_are_not_listed_and_bundles_judged_at_once(workc, bundle):
    shown = workc("verify-bundle", "bundle", "--explain-rules")
    assert shown.exit_code == 2
    assert "--explain-rules takes no BUNDLE" in shown.stderr


def test_without_a_path_and_without_asking_for_rules_nothing_is_judged(workc):
    shown = workc("verify-bundle")
    assert shown.exit_code == 2
    assert "Missing argument 'BUNDLE|RUN...'" in shown.stderr


def test_an_oracle_that_breaks_down_has_said_nothing_and_passes_nothing(bundle, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("workc.api.verification.verify", broken)
    for arguments in ((), ("--json",)):
        shown = CliRunner().invoke(cli, ["verify-bundle", "bundle", *arguments])
        assert shown.exit_code == 70
        assert "PASS" not in shown.output


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\u202eb", "a\u009bb"])
def test_names_that_a_terminal_would_act_on_are_escaped(workc, bundle, folder, name):
    bundle.rename(folder / name)
    (folder / name / "evidence" / name).write_text("x")
    for arguments in ((), ("--json",)):
        shown = workc("verify-bundle", name, *arguments)
        assert shown.exit_code == 5
        assert name not in shown.stdout
        assert all(char.isprintable() or char == "\n" for char in shown.stdout)


def test_rules_are_not_explained_in_place_of_a_verdict(workc, bundle):
    assert workc("verify-bundle", "bundle", "--explain-rules").exit_code == 2


def test_a_folder_for_children_that_is_not_there_is_a_mistake_of_the_caller(workc, bundle):
    shown = workc("verify-bundle", "bundle", "--children", "nowhere")
    assert shown.exit_code == 2
    assert "there is no folder nowhere" in shown.stderr


def test_a_finding_names_its_rule_and_the_rule_is_explained_by_its_number(workc, bundle):
    (bundle / "more").write_text("")
    assert "(rule 3.22)" in workc("verify-bundle", "bundle").stdout
    text = workc("explain", "3.22").stdout
    assert "bundle-0.2, section 3: A file in the bundle is listed." in text
    found = workc("explain", "3.22", "--json").document
    assert found["sentences"][0].startswith("bundle-0.2, section 3: ")
    assert workc("explain", "99.99").exit_code == 2
