import pytest


def test_a_replay_says_that_every_event_is_identical(workc, folder, server):
    run = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--json").document
    asked = len(server.requests)
    shown = workc("replay", "last", "--out", "again")
    assert shown.exit_code == 0
    assert shown.stdout == (
        f"✓ 11 of 11 events identical · 0 network calls · digest {run['proof_digest'][:12]}\n"
    )
    assert len(server.requests) == asked
    assert workc("verify-bundle", "again", "--expect-digest", run["proof_digest"]).exit_code == 0
    assert workc("replay", run["run_id"][:12], "--json").document["identical"] is True


def test_changed_code_is_4_and_names_what_was_recorded_and_what_is_now(workc, folder, flow_text):
    (folder / "changing_flow.py").write_text(flow_text)
    assert workc("run", "changing_flow.py:main", "--input", "n=4", "-q").exit_code == 0
    (folder / "changing_flow.py").write_text(flow_text.replace("n * 2", "n * 3"))
    shown = workc("replay", "last")
    assert shown.exit_code == 4
    assert (
        "CODE_CHANGED  the code of double, main is not the code that was recorded" in shown.stdout
    )
    assert "recorded" in shown.stdout
    assert "✗ differs" in shown.stdout
    document = workc("replay", "last", "--json").document
    assert document["identical"] is False
    assert document["divergences"][0]["code"] == "CODE_CHANGED"


def test_the_code_is_looked_for_where_the_run_was_started(workc, folder, monkeypatch, flow_text):
    (folder / "moved_flow.py").write_text(flow_text)
    assert workc("run", "moved_flow.py:main", "--input", "n=4", "-q").exit_code == 0
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    assert workc("replay", "last", "--store", "../.workc").exit_code == 0
    lost = workc("replay", "last", "--store", "../.workc", "--code", ".")
    assert lost.exit_code == 6
    assert "not replayed" in lost.stdout
    assert "SKILL_NOT_FOUND" in lost.stdout


def test_an_edited_bundle_is_5_and_not_replayed(workc, bundle):
    path = bundle / "evidence" / "inputs.json"
    path.write_bytes(path.read_bytes().replace(b"hi", b"ho"))
    shown = workc("replay", "bundle")
    assert shown.exit_code == 5
    assert "CAPTURE_EDITED" in shown.stdout
    assert "✗ not replayed: the bundle does not verify" in shown.stdout


def test_a_bundle_that_cannot_be_judged_is_6(workc, bundle):
    path = bundle / "receipt.json"
    path.write_bytes(path.read_bytes().replace(b'"0.2"', b'"9.9"'))
    assert workc("replay", "bundle").exit_code == 6


def test_an_out_that_exists_is_refused(workc, bundle):
    shown = workc("replay", "bundle", "--out", "bundle")
    assert shown.exit_code == 2
    assert "bundle is there already" in shown.stderr


@pytest.mark.parametrize("name", ["nothing", "demo.yaml", "last"])
def test_what_is_no_bundle_is_refused_with_2(workc, name):
    assert workc("replay", name).exit_code == 2


def test_opaque_steps_are_named(workc, folder, flow_text):
    (folder / "opaque_flow.py").write_text(
        flow_text.replace("@workc.skill(pure=True)", "@workc.skill")
    )
    assert workc("run", "opaque_flow.py:main", "--input", "n=4", "-q").exit_code == 0
    shown = workc("replay", "last")
    assert shown.exit_code == 0
    assert "1 opaque step, their code did not run: double-" in shown.stdout


def test_a_bundle_elsewhere_finds_its_code_where_the_run_was_started(workc, folder):
    home = folder / "home"
    home.mkdir()
    (home / "one.py").write_text(
        "import workc\n@workc.skill(pure=True)\ndef one() -> int:\n    return 1\n"
    )
    (home / "flow.yaml").write_text(
        "workc: 1\nname: flow\nskills: [one.py]\nsteps: {a: {skill: one}}\n"
    )
    assert workc("run", "home/flow.yaml", "--out", "evidence").exit_code == 0
    assert workc("replay", "evidence").exit_code == 0
    missing = workc("replay", "evidence", "--store", str(folder / "other"))
    assert missing.exit_code == 6
    assert "--code" in missing.stdout
