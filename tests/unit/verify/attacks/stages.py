"""Section 6: the ids of stages."""

from attacks.attack import malformed, receipt, sealed


def _words(operator):
    return sealed(operator, "BUNDLE_MALFORMED", "events", "stages")


def _stages(d):
    return d.payload("RunStarted")["stages"]


@_words("respell")
def a_stage_id_in_capitals(d):
    _stages(d)["first"]["stage_id"] = "A" * 64


@_words("shrink")
def an_evidence_id_of_63_digits(d):
    _stages(d)["distinct"]["evidence_id"] = "0" * 63


@_words("foreign")
def a_signature_id_that_is_no_hex(d):
    _stages(d)["distinct"]["signature_id"] = "g" * 64


@_words("cut")
def stages_that_name_none(d):
    _stages(d).clear()


@_words("add")
def a_stage_that_has_no_code(d):
    _stages(d)["nobody"] = dict(_stages(d)["first"])


@_words("set")
def a_stage_by_another_name_than_its_code(d):
    _stages(d)["First"] = _stages(d).pop("first")


@malformed("retype", "stages")
def a_stage_that_is_its_id(d):
    _stages(d)["first"] = _stages(d)["first"]["stage_id"]


@malformed("remove", "stages")
def a_stage_without_its_evidence(d):
    del _stages(d)["first"]["evidence_id"]


@receipt("set", "stages")
def a_receipt_with_another_stage(d):
    d.receipt["stages"]["first"]["stage_id"] = "0" * 64


@receipt("remove", "stages")
def a_receipt_that_names_no_stages(d):
    del d.receipt["stages"]
