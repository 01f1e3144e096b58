"""Sections 3, 8 and 10: manifest, receipt, versions."""

from attacks.attack import document, sealed


@document("move", "BUNDLE_MALFORMED")
def a_manifest_out_of_order(d):
    d.listed = lambda entries: entries[::-1]


@document("repeat", "BUNDLE_MALFORMED")
def a_file_listed_twice(d):
    d.listed = lambda entries: [entries[0], *entries]


@document("set", "BUNDLE_MALFORMED")
def a_manifest_of_another_version(d):
    d.manifest["bundle_version"] = "0.3"


@document("add", "BUNDLE_MALFORMED")
def a_manifest_with_another_field(d):
    d.manifest["more"] = 1


@document("respell", "BUNDLE_MALFORMED")
def a_hash_in_capitals(d):
    d.listed = lambda entries: [{**entries[0], "sha256": "A" * 64}, *entries[1:]]


@document("shrink", "BUNDLE_MALFORMED")
def a_negative_size(d):
    d.listed = lambda entries: [{**entries[0], "size": -1}, *entries[1:]]


@document("add", "BUNDLE_MALFORMED")
def a_receipt_that_is_listed(d):
    d.listed = lambda entries: sorted(
        [*entries, {"path": "receipt.json", "sha256": "0" * 64, "size": 1}],
        key=lambda entry: entry["path"],
    )


@document("remove", "BUNDLE_MALFORMED")
def events_that_are_not_listed(d):
    d.listed = lambda entries: [e for e in entries if e["path"] != "events.jsonl"]


@document("remove", "BUNDLE_MALFORMED")
def no_evidence(d):
    d.listed = lambda entries: [e for e in entries if not e["path"].startswith("evidence/")]


@document("set", "UNSAFE_PATH")
def a_listed_path_that_climbs(d):
    d.listed = lambda entries: [
        {"path": "../x", "sha256": "0" * 64, "size": 1},
        *entries,
    ]


@document("add", "BUNDLE_MALFORMED")
def a_file_at_the_top(d):
    d.files["zz.txt"] = b"x"


@document("add", "MANIFEST_MISSING_FILE", "files")
def a_listed_file_that_is_not_there(d):
    d.listed = lambda entries: [
        *entries,
        {"path": "evidence/zz", "sha256": "0" * 64, "size": 1},
    ]


@document("foreign", "BUNDLE_MALFORMED")
def a_manifest_of_a_version_in_other_digits(d):
    d.manifest["bundle_version"] = "0.\uff12"


def _elsewhere(entries, path, to):
    moved = [{**each, "path": each["path"].replace(path, to)} for each in entries]
    return sorted(moved, key=lambda each: each["path"])


@document("move", "BUNDLE_MALFORMED")
def events_that_are_listed_elsewhere(d):
    d.listed = lambda entries: _elsewhere(entries, "events.jsonl", "evidence/events.jsonl")


@document("move", "BUNDLE_MALFORMED")
def evidence_among_the_artifacts(d):
    d.listed = lambda entries: _elsewhere(entries, "evidence/", "artifacts/x")


@document("move", "BUNDLE_MALFORMED")
def evidence_among_the_signatures(d):
    d.listed = lambda entries: _elsewhere(entries, "evidence/policy", "signatures/policy")


@document("foreign", "UNSAFE_PATH")
def a_listed_path_with_a_space(d):
    d.listed = lambda entries: _elsewhere(entries, "evidence/policy", "evidence/a policy")


@document("grow", "UNSAFE_PATH")
def a_listed_path_of_513(d):
    path = "evidence/" + "/".join(["x" * 100] * 5)
    d.listed = lambda entries: _elsewhere(entries, "evidence/policy.json", path)


@document("shrink", "BUNDLE_MALFORMED")
def a_hash_of_63_digits(d):
    d.listed = lambda entries: [{**entries[0], "sha256": "a" * 63}, *entries[1:]]


@sealed("set", "VERSION_UNSUPPORTED", "receipt", project=False)
def a_receipt_of_another_version(d):
    d.receipt["bundle_version"] = "0.3"


@sealed("remove", "VERSION_UNSUPPORTED", "receipt", project=False)
def a_receipt_of_format_0_1(d):
    del d.receipt["bundle_version"]
    d.receipt["receipt_version"] = "0.1"


@sealed("remove", "BUNDLE_MALFORMED", "receipt", project=False)
def a_receipt_without_a_version(d):
    del d.receipt["bundle_version"]


@sealed("retype", "BUNDLE_MALFORMED", "receipt", project=False)
def a_version_that_is_no_string(d):
    d.receipt["bundle_version"] = 2


@sealed("remove", "BUNDLE_MALFORMED", "receipt", project=False)
def a_receipt_without_its_digest(d):
    d.keep.add("proof_digest")
    del d.receipt["proof_digest"]


@sealed("add", "BUNDLE_MALFORMED", "receipt", project=False)
def a_receipt_with_another_field(d):
    d.receipt["more"] = 1


@document("add", "BUNDLE_MALFORMED")
def an_entry_that_names_its_algorithm(d):
    d.listed = lambda entries: [{**entries[0], "alg": "md5"}, *entries[1:]]


@document("respell", "BUNDLE_MALFORMED")
def a_hash_that_names_its_algorithm(d):
    d.listed = lambda entries: [
        {**entries[0], "sha256": f"sha256:{entries[0]['sha256']}"},
        *entries[1:],
    ]


@document("add", "BUNDLE_MALFORMED", "receipt")
def a_receipt_that_names_an_algorithm(d):
    d.receipt["alg"] = "none"
