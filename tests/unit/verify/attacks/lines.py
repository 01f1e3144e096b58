"""Section 4: lines that are no events, and chains that do not hold."""

from bundles import bundle
from reseal import Draft, sha256

from attacks.attack import attack, malformed


@malformed("set")
def an_unknown_kind(d):
    d.event("IntentSet")["kind"] = "IntentSeen"


@malformed("set")
def an_unknown_phase(d):
    d.event("IntentSet")["phase"] = "Dream"


@malformed("add")
def an_unknown_field_of_an_event(d):
    d.event("IntentSet")["more"] = 1


@malformed("remove")
def a_missing_field_of_an_event(d):
    del d.event("IntentSet")["phase"]


@malformed("add")
def an_unknown_field_of_a_payload(d):
    d.payload("IntentSet")["more"] = 1


@malformed("retype")
def a_field_of_another_type(d):
    d.payload("LensAssembled")["items"] = "0"


@malformed("shrink")
def a_negative_count(d):
    d.payload("LensAssembled")["items"] = -1


@malformed("grow")
def a_count_past_2_to_the_53(d):
    d.payload("LensAssembled")["items"] = 2**53


@malformed("grow")
def a_count_of_five_thousand_digits(d):
    def long(lines):
        lines[2] = lines[2].replace(b'"items":0', b'"items":' + b"9" * 5000)
        return lines

    d.lines = long


@malformed("retype")
def a_field_that_is_null(d):
    d.payload("WorkEnded")["halt"] = None


@malformed("shrink")
def an_empty_place(d):
    d.event("IntentSet")["at"] = []


@malformed("grow")
def a_place_of_65_numbers(d):
    d.event("IntentSet")["at"] = [1] * 65


@malformed("foreign")
def a_code_name_that_is_not_ascii(d):
    d.payload("RunStarted")["code"]["é"] = "0"


@malformed("remove")
def an_answer_without_its_time(d):
    del d.event("RunStarted")["at_ms"]


@malformed("add")
def a_time_on_what_is_no_answer(d):
    d.event("IntentSet")["at_ms"] = 1


@malformed("remove")
def a_pure_call_whose_request_is_gone_and_whose_time_is_kept(d):
    del d.payload("SkillExecuted")["request"]


@malformed("add")
def an_attempt_with_value_and_failure(d):
    none = {"form": "json", "inline": "{}"}
    d.payload("SkillExecuted")["failure"] = {"code": "X", "details": none, "message": "m"}


@malformed("remove")
def an_attempt_with_neither_value_nor_failure(d):
    del d.payload("SkillExecuted")["value"]


@malformed("remove")
def an_answer_with_neither_response_nor_failure(d):
    del d.payload("EffectAnswered")["response"]


@malformed("add")
def an_answer_with_response_and_failure(d):
    none = {"form": "json", "inline": "{}"}
    d.payload("EffectAnswered")["failure"] = {"code": "X", "details": none, "message": "m"}


@malformed("add")
def a_body_that_is_inline_and_a_file(d):
    d.payload("RunStarted")["program"]["inline"] = "{}"


@malformed("remove")
def a_body_that_is_half_a_file(d):
    del d.payload("RunStarted")["program"]["size"]


@malformed("remove")
def a_body_that_is_nothing(d):
    d.payload("RunStarted")["inputs"] = {"form": "json"}


@malformed("set")
def a_body_of_an_unknown_form(d):
    d.payload("RunStarted")["inputs"]["form"] = "xml"


@malformed("foreign", "big")
def inline_bytes_that_are_not_base64(d):
    d.payload("EffectAnswered", 1)["response"]["body"]["inline"] = "/wD-"


@malformed("respell", "big")
def inline_bytes_with_loose_bits_in_their_base64(d):
    body = d.payload("EffectAnswered", 1)["response"]["body"]
    assert body["form"] == "bytes"
    body["inline"] = "/x=="


def line_edit(operator):
    """Adds the decorated change of the bytes of one line."""

    def add(change):
        def edit(d):
            def changed(lines):
                lines[1] = change(lines[1])
                return lines

            d.lines = changed

        edit.__name__ = change.__name__
        return malformed(operator)(edit)

    return add


@line_edit("respell")
def white_space_in_a_line(line):
    return line.replace(b":", b": ", 1)


@line_edit("respell")
def a_space_after_a_line(line):
    return line + b" "


@line_edit("respell")
def a_carriage_return(line):
    return line + b"\r"


@line_edit("respell")
def a_byte_order_mark(line):
    return b"\xef\xbb\xbf" + line


@line_edit("remove")
def an_empty_line(line):
    return b""


@line_edit("retype")
def a_line_that_is_a_list(line):
    return b"[]"


@line_edit("repeat")
def a_repeated_key(line):
    return line.replace(b'"kind":', b'"kind":"IntentSet","kind":')


@line_edit("repeat")
def a_repeated_key_in_a_payload(line):
    return line.replace(b'"source":', b'"source":"human","source":')


@line_edit("respell")
def keys_out_of_order_in_a_payload(line):
    return line.replace(b'"source":"human"', b'"b":1').replace(
        b'{"description"', b'{"source":"human","description"'
    )


@line_edit("respell")
def keys_out_of_order_in_an_event(line):
    return b'{"ts":0,' + line[1:]


@line_edit("respell")
def an_escape_that_need_not_be(line):
    return line.replace(b'"human"', b'"\\u0068uman"')


@line_edit("respell")
def a_float(line):
    return line.replace(b'"seq":1', b'"seq":1.0')


@line_edit("respell")
def an_exponent(line):
    return line.replace(b'"seq":1', b'"seq":1e0')


@line_edit("respell")
def a_minus_zero(line):
    return line.replace(b'"seq":1', b'"seq":-0')


@line_edit("respell")
def a_leading_zero(line):
    return line.replace(b'"seq":1', b'"seq":01')


@line_edit("foreign")
def a_number_that_is_infinite(line):
    return line.replace(b'"seq":1', b'"seq":1e999')


@line_edit("foreign")
def a_number_that_is_none(line):
    return line.replace(b'"seq":1', b'"seq":NaN')


@line_edit("foreign")
def a_lone_surrogate(line):
    return line.replace(b'"human"', b'"\\ud800"')


@line_edit("foreign")
def a_surrogate_in_utf_8(line):
    return line.replace(b"human", b"\xed\xa0\x80")


@line_edit("foreign")
def a_byte_that_is_not_utf_8(line):
    return line.replace(b"human", b"\xff")


@line_edit("foreign")
def an_overlong_slash(line):
    return line.replace(b"human", b"\xc0\xaf")


@line_edit("grow")
def deep_nesting(line):
    return b'{"payload":' + b"[" * 100_000


@line_edit("grow")
def deep_nesting_that_ends(line):
    return line.replace(b'"payload":{', b'"payload":{"x":' + b"[" * 9999 + b"]" * 9999 + b",")


@malformed("respell")
def a_kind_in_small_letters(d):
    d.event("IntentSet")["kind"] = "intentset"


def log_edit(operator):
    """Adds the decorated change of the bytes of the whole log, listed as they are then."""

    def add(change):
        def files():
            draft, data = Draft(bundle("success")), change(bundle("success")["events.jsonl"])
            entry = {"path": "events.jsonl", "sha256": sha256(data), "size": len(data)}
            draft.listed = lambda entries: [
                entry if each["path"] == entry["path"] else each for each in entries
            ]
            return {**draft.seal(project=False), "events.jsonl": data}

        attack(change.__name__, operator, "BUNDLE_MALFORMED", "events", files)
        return change

    return add


@log_edit("cut")
def a_last_line_without_its_newline(log):
    return log[:-1]


@log_edit("remove")
def a_log_without_a_line(log):
    return b""


@log_edit("add")
def an_empty_line_at_the_end(log):
    return log + b"\n"


@malformed("grow")
def a_payload_of_a_hundred_thousand_keys(d):
    d.payload("IntentSet").update({f"k{number}": 0 for number in range(100_000)})
