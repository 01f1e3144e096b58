"""Keys, signing and trust files on the command line."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

KEY = "keys/release.key.pem"
GOLDEN = Path(__file__).parents[1] / "golden/v0.1/basic_success/bundle"


@pytest.fixture
def release(folder, workc):
    """A key in the folder ``keys``, its trust file beside it."""
    assert workc("keys", "new", "release", "--out", "keys").exit_code == 0
    assert workc("keys", "trust", "keys/release.pub.pem", "--out", "trust.json").exit_code == 0
    return json.loads((folder / "trust.json").read_text())["keys"][0]


def signatures(bundle):
    return sorted(path.name for path in (bundle / "signatures").iterdir())


# ------------------------------------------------------------------------------------------- keys


def test_a_new_key_prints_its_entry_and_no_secret(workc, folder):
    shown = workc("keys", "new", "release", "--out", "keys")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["keyid", "private", "public", "entry"]
    entry = json.loads("\n".join(lines[4:]))
    assert list(entry) == ["name", "public_key"]
    private = folder / KEY
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    secret = "".join(private.read_text().splitlines()[1:-1])
    assert secret[-40:] not in shown.stdout + shown.stderr
    assert f"workc sign BUNDLE --key {KEY}" in shown.stderr


def test_a_new_key_is_one_document(workc, folder):
    document = workc("keys", "new", "release", "--out", "keys", "--json").document
    assert document["schema"] == "workc.key/1"
    assert (document["name"], document["private_key"]) == ("release", KEY)
    assert document["trust_entry"]["name"] == "release"


def test_a_key_is_never_overwritten(workc, folder, release):
    before = (folder / KEY).read_bytes()
    shown = workc("keys", "new", "release", "--out", "keys")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "there is something already, and it is kept" in shown.stderr
    assert "  try: workc keys list --dir keys\n" in shown.stderr
    assert (folder / KEY).read_bytes() == before


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b"])
def test_a_name_that_is_none_is_refused(workc, name):
    shown = workc("keys", "new", name, "--out", "keys")
    assert shown.exit_code == 2
    assert "the name of a key is" in shown.stderr


def test_keys_are_kept_below_the_users_configuration(workc, folder):
    for env, place in (
        ({"XDG_CONFIG_HOME": str(folder / "xdg")}, folder / "xdg/workc/keys"),
        ({"XDG_CONFIG_HOME": "", "HOME": str(folder / "home")}, folder / "home/.config/workc/keys"),
        (
            {"XDG_CONFIG_HOME": "relative", "HOME": str(folder / "h")},
            folder / "h/.config/workc/keys",
        ),
    ):
        assert workc("keys", "new", "release", env=env).exit_code == 0
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        listed = workc("keys", "list", "--json", env=env).document
        assert (listed["schema"], listed["folder"]) == ("workc.keys/1", str(place))
        assert [key["name"] for key in listed["keys"]] == ["release"]
        assert workc("keys", "trust", "release", env=env).document["keys"][0]["name"] == "release"


def test_one_variable_names_the_folder_for_all_commands(workc, folder):
    env = {"WORKC_KEYS_DIR": "mine"}
    assert workc("keys", "new", "release", env=env).exit_code == 0
    assert workc("keys", "list", "--json", env=env).document["folder"] == "mine"
    assert workc("keys", "trust", "release", env=env).exit_code == 0
    assert (folder / "mine/release.key.pem").exists()


def test_without_a_home_the_folder_must_be_named(workc, folder):
    env = {"XDG_CONFIG_HOME": "", "HOME": ""}
    for arguments in (("new", "x"), ("list",), ("trust", "x")):
        shown = workc("keys", *arguments, env=env)
        assert shown.exit_code == 2
        assert "name the folder" in shown.stderr
    assert workc("keys", "list", "--dir", "keys", env=env).exit_code == 0


def test_a_list_says_where_keys_are_and_that_there_are_none(workc, folder, release):
    head, line = workc("keys", "list", "--dir", "keys").stdout.splitlines()
    assert head.split() == ["name", "keyid", "kind", "file"]
    keyid = workc("keys", "list", "--dir", "keys", "--json").document["keys"][0]["keyid"]
    assert line.split()[:2] == ["release", keyid[:12]]
    assert line.endswith(f"private  {KEY}")
    (folder / KEY).unlink()
    assert "public only" in workc("keys", "list", "--dir", "keys").stdout
    none = workc("keys", "list", "--dir", "nowhere")
    assert (none.exit_code, none.stdout) == (0, "")
    assert "no keys in nowhere" in none.stderr


def test_the_group_says_what_it_has(workc, folder):
    shown = workc("keys")
    assert shown.exit_code == 2
    assert all(name in shown.stderr for name in ("new", "list", "trust"))
    assert "Did you mean" in workc("keys", "lst").stderr


# ------------------------------------------------------------------------------------ trust files


def test_a_trust_file_is_printed_or_written_and_never_overwritten(workc, folder, release):
    printed = workc("keys", "trust", "release", "--dir", "keys")
    assert printed.document == json.loads((folder / "trust.json").read_text())
    assert printed.document == {
        "schema": "workc.trust/1",
        "threshold": 1,
        "min_version": "0.2",
        "keys": [release],
    }
    (folder / "trust.json").write_text("mine")
    shown = workc("keys", "trust", "keys/release.pub.pem", "--out", "trust.json")
    assert shown.exit_code == 2
    assert (folder / "trust.json").read_text() == "mine"


def test_a_trust_file_may_name_many_keys_and_a_threshold(workc, folder, release):
    workc("keys", "new", "ada", "--out", "keys")
    document = workc(
        "keys", "trust", "release", "keys/ada.pub.pem", "--dir", "keys", "--threshold", 2
    )
    assert [key["name"] for key in document.document["keys"]] == ["release", "ada"]
    assert document.document["threshold"] == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "Missing argument"),
        (("nobody",), "No such file"),
        ((KEY,), "no public key"),
        (("./trust.json",), "no public key"),
        (("release", "release", "--threshold", "2"), "cannot reach it"),
        (("release", "--threshold", "0"), "it takes a number from 1 to 256, not '0'"),
        (("a\0b",), "zero byte"),
    ],
)
def test_what_makes_no_trust_file_is_refused(workc, folder, release, arguments, why):
    shown = workc("keys", "trust", *arguments, "--dir", "keys")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert why in shown.stderr


def test_a_trust_file_accepts_an_older_format_only_if_it_says_so(workc, folder, release):
    shutil.copytree(GOLDEN, folder / "old")
    judged = ("verify-bundle", "old", "--trust")
    shown = workc(*judged, "trust.json")
    assert shown.exit_code == 5
    assert "SIGNER_UNTRUSTED" in shown.stdout
    older = ("--min-version", "0.1", "--out", "older.json")
    assert workc("keys", "trust", "release", "--dir", "keys", *older).exit_code == 0
    assert workc(*judged, "older.json").exit_code == 0
    assert workc(*judged, "older.json", "--require-signature").exit_code == 5
    assert workc("keys", "trust", "release", "--min-version", "0.3").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("nobody", "--dir", "keys"), "workc keys list --dir keys"),
        ((KEY,), "workc keys trust keys/release.pub.pem"),
        (("release", "release", "--threshold", "2", "--dir", "keys"), "workc keys trust --help"),
    ],
)
def test_what_makes_no_trust_file_is_answered_with_what_may(workc, release, arguments, advice):
    shown = workc("keys", "trust", *arguments)
    assert shown.exit_code == 2
    assert f"  try: {advice}\n" in shown.stderr


def test_of_an_older_format_nothing_is_shown_or_signed_and_the_format_is_named(
    workc, folder, release
):
    shutil.copytree(GOLDEN, folder / "old")
    shown = workc("sign", "old", "--key", KEY)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "only bundles of format 0.2 can be signed, and this one is of 0.1" in shown.stderr
    said = "old is a bundle of format 0.1.0; only what happened in runs of format 0.2 can be told"
    for options in ((), ("--events",), ("step",)):
        shown = workc("show", "old", *options)
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert said in shown.stderr
    assert "  try: workc explain old\n" in workc("show", "old").stderr
    assert workc("explain", "old").stdout.startswith(f"{said}.\n")


# ------------------------------------------------------------------------------------------- sign


def test_a_bundle_is_signed_once_and_a_second_time_changes_nothing(workc, bundle, release):
    shown = workc("sign", "bundle", "--key", KEY)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("✓ SIGNED  bundle\n")
    (name,) = signatures(bundle)
    assert f"  file    signatures/{name[:12]}….dsse.json\n" in shown.stdout
    again = workc("sign", "bundle", "--key", KEY)
    assert again.exit_code == 0
    assert again.stdout.startswith("✓ SIGNED BEFORE by this key; nothing was changed  bundle\n")
    document = workc("sign", "bundle", "--key", KEY, "--json").document
    assert document["is_new"] is False
    assert document["file"] == f"signatures/{name}"
    assert signatures(bundle) == [name]


def test_a_bundle_that_does_not_verify_is_not_signed(workc, bundle, release):
    (bundle / "events.jsonl").write_bytes(b"")
    shown = workc("sign", "bundle", "--key", KEY)
    assert (shown.exit_code, shown.stdout) == (5, "")
    assert "the bundle does not verify (HASH_MISMATCH" in shown.stderr
    assert "workc verify-bundle bundle" in shown.stderr
    receipt = bundle / "receipt.json"
    receipt.write_bytes(receipt.read_bytes().replace(b'"0.2"', b'"9.9"'))
    assert workc("sign", "bundle", "--key", KEY, "--json").document["exit"] == 6
    assert not (bundle / "signatures").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("bundle",), "Missing option '--key'"),
        (("nowhere", "--key", KEY), "there is no file or folder nowhere, and no run of that id"),
        (("pure.yaml", "--key", KEY), "pure.yaml is no bundle"),
        (("bundle", "--key", "nowhere"), "No such file"),
        (("bundle", "--key", "keys/release.pub.pem"), "no private key"),
        (("bundle", "--key", "keys"), "Is a directory"),
        (("bundle", "--key", ""), "Is a directory"),
        (("a\0b", "--key", KEY), "there is no file or folder a\\x00b"),
        (("bundle", "--key", "a\0b"), "zero byte"),
    ],
)
def test_what_cannot_be_signed_is_refused(workc, bundle, release, arguments, why):
    shown = workc("sign", *arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert why in shown.stderr
    assert not (bundle / "signatures").exists()


def test_a_key_that_others_may_read_is_noted(workc, bundle, folder, release):
    assert "others may read" not in workc("sign", "bundle", "--key", KEY).stderr
    os.chmod(folder / KEY, 0o644)
    shown = workc("sign", "bundle", "--key", KEY)
    assert shown.exit_code == 0
    assert f"others may read {KEY}: chmod 600 it" in shown.stderr


def test_the_key_may_come_from_the_environment(workc, bundle, release):
    assert workc("sign", "bundle", env={"WORKC_SIGN_KEY": KEY}).exit_code == 0


# ----------------------------------------------------------------------------------------- verify


def test_a_signed_bundle_passes_and_names_who_signed(workc, bundle, release):
    workc("sign", "bundle", "--key", KEY)
    shown = workc("verify-bundle", "bundle", "--trust", "trust.json", "--require-signature")
    assert shown.exit_code == 0
    (name,) = signatures(bundle)
    assert f"  signed  release  keyid {name.partition('.')[0]}" in shown.stdout
    assert "origin" not in shown.stdout
    document = workc("verify-bundle", "bundle", "--trust", "trust.json", "--json").document
    assert document["signers"] == [{"name": "release", "keyid": name.partition(".")[0]}]


def test_without_a_trust_file_nothing_is_said_of_signers(workc, bundle, release):
    workc("sign", "bundle", "--key", KEY)
    shown = workc("verify-bundle", "bundle")
    assert shown.exit_code == 0
    assert "that were not judged: 1" in shown.stdout
    assert workc("verify-bundle", "bundle", "--json").document["signers"] == []


def test_an_unsigned_bundle_passes_unless_a_signature_is_required(workc, bundle, release):
    shown = workc("verify-bundle", "bundle", "--trust", "trust.json")
    assert shown.exit_code == 0
    assert "not checked  signature: nobody signed this bundle" in shown.stdout
    refused = workc("verify-bundle", "bundle", "--trust", "trust.json", "--require-signature")
    assert refused.exit_code == 5
    assert "SIGNATURE_MISSING  step signatures  signatures" in refused.stdout


def test_the_signature_of_a_stranger_fails(workc, bundle, folder, release):
    workc("keys", "new", "stranger", "--out", "keys")
    workc("sign", "bundle", "--key", "keys/stranger.key.pem")
    shown = workc("verify-bundle", "bundle", "--trust", "trust.json")
    assert shown.exit_code == 5
    assert "SIGNER_UNTRUSTED  step signatures  signatures/" in shown.stdout
    (folder / "nobody.json").write_text(
        '{"schema": "workc.trust/1", "keys": [], "threshold": 1, "min_version": "0.2"}'
    )
    assert workc("verify-bundle", "bundle", "--trust", "nobody.json").exit_code == 5


def test_keys_must_be_valid_now_or_at_the_time_that_is_given(workc, bundle, folder, release):
    workc("sign", "bundle", "--key", KEY)
    trust = json.loads((folder / "trust.json").read_text())
    trust["keys"][0]["not_after"] = "2020-12-31T23:59:59Z"
    (folder / "trust.json").write_text(json.dumps(trust))
    late = workc("verify-bundle", "bundle", "--trust", "trust.json")
    assert late.exit_code == 5
    assert "the key release is not valid at this time" in late.stdout
    then = ("--at", "2020-12-31T23:59:59Z")
    assert workc("verify-bundle", "bundle", "--trust", "trust.json", *then).exit_code == 0
    trust["keys"][0] = {**release, "not_before": "2020-01-01T00:00:00Z"}
    (folder / "trust.json").write_text(json.dumps(trust))
    assert workc("verify-bundle", "bundle", "--trust", "trust.json").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--require-signature",), "--require-signature needs --trust FILE"),
        (("--at", "2030-01-01T00:00:00Z"), "--at needs --trust FILE"),
        (("--trust", "trust.json", "--at", "now"), "--at takes a time in UTC"),
        (("--trust", "trust.json", "--at", "2030-01-01"), "--at takes a time in UTC"),
        (("--trust", "nowhere.json"), "No such file"),
        (("--trust", "pure.yaml"), "pure.yaml is no trust file"),
        (("--trust", "bundle"), "Is a directory"),
        (("--trust", "a\0b"), "zero byte"),
        (("--trust", "bundle/receipt.json"), "is no trust file"),
    ],
)
def test_demands_that_cannot_be_meant_are_refused(workc, bundle, release, arguments, why):
    shown = workc("verify-bundle", "bundle", *arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert why in shown.stderr


def test_a_typo_in_a_trust_file_is_an_error(workc, bundle, folder, release):
    text = (folder / "trust.json").read_text().replace("threshold", "treshold")
    (folder / "trust.json").write_text(text)
    shown = workc("verify-bundle", "bundle", "--trust", "trust.json", "--json")
    assert shown.exit_code == 2
    assert shown.document["code"] == "INVALID_INPUT"
    assert "treshold" in shown.document["message"]


def test_a_trust_file_in_the_bundle_is_refused(workc, bundle, folder, release):
    (folder / "trust.json").rename(bundle / "signatures.json")
    shown = workc("verify-bundle", "bundle", "--trust", "bundle/signatures.json")
    assert shown.exit_code == 2
    assert "stands in the bundle, which cannot vouch for itself" in shown.stderr


def test_each_of_several_bundles_is_judged_by_the_trust_file(workc, bundle, folder, release):
    workc("run", "pure.yaml", "--out", "other", "-q")
    workc("sign", "bundle", "--key", KEY)
    shown = workc(
        "verify-bundle", "bundle", "other", "--trust", "trust.json", "--require-signature", "--json"
    )
    assert shown.exit_code == 5
    assert [found["verdict"] for found in shown.document] == ["PASS", "FAIL"]


def test_names_of_a_trust_file_reach_no_terminal_unescaped(workc, bundle, folder, release):
    workc("sign", "bundle", "--key", KEY)
    trust = json.loads((folder / "trust.json").read_text())
    trust["keys"][0]["name"] = "\u202eevil"
    (folder / "trust.json").write_text(json.dumps(trust))
    shown = workc("verify-bundle", "bundle", "--trust", "trust.json")
    assert shown.exit_code == 2
    assert "printable characters" in shown.stderr
