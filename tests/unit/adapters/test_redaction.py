"""Redaction: each form, each boundary, each overlap."""

import base64
import html
import json
import os
import urllib.parse
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.adapters.redaction import (
    MAX_JSON_DEPTH,
    MIN_SECRET_CHARS,
    Cut,
    Redactor,
    commitment,
    merge,
    too_short,
)
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Misuse, Refusal
from workc.skills.http_call import CHARSETS

VALUE = 'p@s s/w\u00f6rd+"\\\n\U0001f511%41'
LABEL = b"[redacted:KEY]"


def redact(data: bytes, **secrets: str) -> bytes:
    return Redactor(secrets).start().data(data)


def every_percent(data: bytes) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in data)


RAW = VALUE.encode()
FORMS = {
    "raw": RAW,
    "quote": urllib.parse.quote(VALUE, safe="").encode(),
    "quote with slash": urllib.parse.quote(VALUE).encode(),
    "quote_plus": urllib.parse.quote_plus(VALUE).encode(),
    "quote in lower case": urllib.parse.quote(VALUE, safe="").lower().encode(),
    "quote of all": every_percent(RAW),
    "quote twice": urllib.parse.quote(urllib.parse.quote(VALUE, safe=""), safe="").encode(),
    "json": json.dumps(VALUE)[1:-1].encode(),
    "json as utf-8": json.dumps(VALUE, ensure_ascii=False)[1:-1].encode(),
    "json with slashes": json.dumps(VALUE)[1:-1].replace("/", "\\/").encode(),
    "json of all": "".join(
        f"\\u{int.from_bytes(VALUE.encode('utf-16-be')[i : i + 2], 'big'):04X}"
        for i in range(0, len(VALUE.encode("utf-16-be")), 2)
    ).encode(),
    "json in json": json.dumps(json.dumps(VALUE)[1:-1])[1:-1].encode(),
    "base64": base64.b64encode(RAW),
    "base64 for urls": base64.urlsafe_b64encode(RAW).rstrip(b"="),
    "base64 in json": base64.b64encode(RAW).replace(b"/", b"\\/"),
    "base64 in a url": urllib.parse.quote(base64.b64encode(RAW).rstrip(b"="), safe="").encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    redacted = redact(b"<" + FORMS[form] + b">", KEY=VALUE)
    assert redacted.replace(b"=", b"") == b"<" + LABEL + b">"


@settings(max_examples=150)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=12),
    st.sampled_from(["raw", "quote", "plus", "json", "utf8", "upper", "twice"]),
)
def test_any_secret_is_found_in_any_escaped_form(secret: str, form: str) -> None:
    encoded = {
        "raw": secret,
        "quote": urllib.parse.quote(secret, safe=""),
        "plus": urllib.parse.quote_plus(secret),
        "json": json.dumps(secret)[1:-1],
        "utf8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "upper": "".join(f"%{byte:02X}" for byte in secret.encode()),
        "twice": json.dumps(json.dumps(secret))[3:-3],
    }[form].encode()
    redactor = Redactor({"KEY": secret})
    [cut] = redactor.find(encoded)
    assert (cut.start, cut.end) == (0, len(encoded))


@settings(max_examples=150)
@given(
    st.binary(max_size=5),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=9),
    st.binary(max_size=5),
    st.booleans(),
)
def test_any_secret_is_found_inside_base64_at_every_alignment(before, secret, after, urls) -> None:
    encode = base64.urlsafe_b64encode if urls else base64.b64encode
    encoded = encode(before + secret.encode() + after)
    [cut, *more] = Redactor({"KEY": secret}).find(encoded)
    # Every character that holds a bit of the secret is gone.
    first, last = len(before) * 8 // 6, -(-(len(before) + len(secret.encode())) * 8 // 6)
    assert cut.start <= first
    assert max(it.end for it in (cut, *more)) >= last


def test_the_password_of_basic_authentication_is_found() -> None:
    for user in ("u", "us", "use"):
        header = base64.b64encode(f"{user}:hunter2hunter2".encode())
        redacted = redact(header, KEY="hunter2hunter2")
        assert LABEL in redacted
        left, _, right = redacted.partition(LABEL)
        assert base64.b64decode(left + b"A" * (-len(left) % 4))[: len(user)] == user.encode()
        assert right in (b"", b"=", b"==")


def test_other_text_stays_as_it_is() -> None:
    for data in (b"", b"sec", b"SECRET-VALUE", b"secret value", bytes(range(256)) * 3):
        assert redact(data, KEY="secret-value") == data


def test_secrets_that_overlap_go_with_all_their_bytes() -> None:
    secrets = {"A": "abcdef", "B": "defghi"}
    assert redact(b"1abcdefghi2", **secrets) == b"1[redacted:A][redacted:B]2"
    assert redact(b"abcdef defghi", **secrets) == b"[redacted:A] [redacted:B]"
    assert redact(b"abcdefabcdef", **secrets) == b"[redacted:A][redacted:A]"
    assert redact(b"ababababa", A="abab") == b"[redacted:A]a"


def test_the_longest_secret_wins_over_one_inside_it() -> None:
    secrets = {"SHORT": "token", "LONG": "my-token-value"}
    assert redact(b"my-token-value token", **secrets) == b"[redacted:LONG] [redacted:SHORT]"
    assert redact(b"same", ONE="same", TWO="same") == b"[redacted:ONE]"


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from("AB")), max_size=8)
)
def test_merged_cuts_cover_the_same_bytes_and_do_not_overlap(triples) -> None:
    cuts = [Cut(start, start + size, (name,)) for start, size, name in triples]
    merged = merge(cuts)

    def covered(these):
        return {i for cut in these for i in range(cut.start, cut.end)}

    assert covered(merged) == covered(cuts)
    assert all(a.end <= b.start for a, b in pairwise(merged))


@settings(max_examples=150)
@given(st.text("abc", max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_chunks_joined_are_the_redacted_whole_however_they_are_cut(text: str, places) -> None:
    data = text.encode()
    marks = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    chunks = [data[a:b] for a, b in pairwise(marks)]
    redactor = Redactor({"A": "abca", "B": "bcab"})
    cut = redactor.start().chunks(chunks)
    assert b"".join(cut) == redactor.start().data(data)
    assert all(cut)


def test_a_boundary_inside_a_secret_moves_behind_it_and_others_stay() -> None:
    start = Redactor({"KEY": "secret-value"}).start
    assert start().chunks([b"one ", b"two"]) == (b"one ", b"two")
    assert start().chunks([b"a sec", b"ret-", b"value b"]) == (b"a [redacted:KEY]", b" b")
    assert start().chunks([b"secret-value", b"b", b""]) == (LABEL, b"b")
    assert start().chunks([b"a", b"secret-value"]) == (b"a", LABEL)
    assert start().chunks([]) == ()


def test_short_values_are_left_and_named() -> None:
    secrets = {"TWO": "ab", "THREE": "abc", "FOUR": "abcd", "NONE": ""}
    assert MIN_SECRET_CHARS == 4
    assert too_short(secrets) == ("NONE", "THREE", "TWO")
    assert redact(b"ab abc abcd", **secrets) == b"ab abc [redacted:FOUR]"
    assert (
        redact("\u00e9\u00e9\u00e9".encode(), THREE="\u00e9\u00e9\u00e9").decode() == "\u00e9" * 3
    )


def test_strings_and_keys_of_json_are_redacted_at_any_depth() -> None:
    cleaning = Redactor({"KEY": "secret"}).start()
    value = {
        "a secret": ["secret", {"x": ["no", "c2VjcmV0"]}],
        "n": [1, True, None, 2.5, "s\u00e9cret"],
        json.dumps({"in": "secret"}): {},
    }
    assert cleaning.value(value) == {
        "a [redacted:KEY]": ["[redacted:KEY]", {"x": ["no", "[redacted:KEY]"]}],
        "n": [1, True, None, 2.5, "s\u00e9cret"],
        '{"in": "[redacted:KEY]"}': {},
    }
    assert [it.count for it in cleaning.redactions(bytes)] == [4]


def test_keys_that_become_equal_lose_no_member() -> None:
    value = {"secret": 1, "c2VjcmV0": 2, "[redacted:KEY]#2": 3, "%73ecret": 4}
    redacted = Redactor({"KEY": "secret"}).start().value(value)
    assert sorted(redacted.values()) == [1, 2, 3, 4]
    assert list(redacted)[:2] == ["[redacted:KEY]", "[redacted:KEY]#2"]


def test_json_may_nest_to_the_limit_and_not_deeper() -> None:
    value: object = "secret"
    for _ in range(MAX_JSON_DEPTH):
        value = [value]
    start = Redactor({"KEY": "secret"}).start
    assert "redacted" in json.dumps(start().value(value))
    with pytest.raises(Refusal, match="NOT_JSON"):
        start().value([value])
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(Refusal, match="NOT_JSON"):
        start().value(cycle)


def test_lone_surrogates_are_neither_lost_nor_an_error() -> None:
    start = Redactor({"KEY": "sec\ud800ret"}).start
    assert start().text("a\udfffb") == "a\udfffb"
    assert start().text("a sec\ud800ret") == "a [redacted:KEY]"


def test_the_commitment_is_sha_256_over_tag_salt_and_value() -> None:
    cleaning = Redactor({"B": "second-secret", "A": "first-secret"}).start()
    cleaning.data(b"second-secret first-secret")
    cleaning.text("second-secret")
    salts = iter([b"\x01" * 16, b"\x02" * 16])
    first, second = cleaning.redactions(lambda count: next(salts)[:count])
    assert (first.secret, first.count, first.salt) == ("A", 1, "01" * 16)
    assert (second.secret, second.count, second.salt) == ("B", 2, "02" * 16)
    expected = sha256_hex(b"workc redaction/0.2\0" + b"\x02" * 16 + b"second-secret")
    assert second.commitment == commitment(b"\x02" * 16, "second-secret") == expected


def test_one_secret_has_another_commitment_in_each_answer_and_a_hash_of_it_alone_is_nowhere() -> (
    None
):
    """Nobody can tell that two runs hold one secret, nor look a value up in a table made before."""
    redactor, found = Redactor({"PIN": "12345678"}), []
    for _ in range(2):
        cleaning = redactor.start()
        cleaning.data(b"12345678")
        found += cleaning.redactions(os.urandom)
    assert len({record.salt for record in found}) == len({r.commitment for r in found}) == 2
    plain = {sha256_hex(b"12345678"), sha256_hex(b"workc redaction/0.2\x0012345678")}
    assert not plain & {record.commitment for record in found}


def test_a_name_that_no_variable_has_is_misuse() -> None:
    for name in ("", "a b", 'x"', "9A", "A-B"):
        with pytest.raises(Misuse, match="environment variable"):
            Redactor({name: "value"})


@pytest.mark.parametrize("charset", ["latin-1", "cp1252"])
@pytest.mark.parametrize("value", ["gehéim-tökén", "pass-\u20ac-word", "key-\U0001f511-key"])
def test_a_secret_whose_utf_8_was_read_as_another_charset_is_found(charset, value):
    """A server that takes header fields for Latin-1 gives back two characters for each of ours."""
    misread = "".join(
        bytes([byte]).decode(charset, "ignore") or chr(byte) for byte in value.encode()
    )
    forms = (
        misread.encode(),
        json.dumps(misread)[1:-1].encode(),
        urllib.parse.quote(misread, safe="").encode(),
    )
    for form in forms:
        assert redact(b"<" + form + b">", KEY=value) == b"<" + LABEL + b">"
        assert Redactor({"KEY": value}).start().text(form.decode()) == LABEL.decode()


@pytest.mark.parametrize(
    "unit",
    [b"\\", b"%25", b"%252525", b"&amp;", b"amp;", b"\\u00", b"&#0", b"hunter2hunter", b"\0"],
)
def test_attack_a_body_that_almost_repeats_a_form_takes_no_quadratic_time(unit):
    """400,000 backslashes took minutes; if time grew with the square again, so would this test."""
    secret = 'hunter2 \\\\"hunter3'
    data = (b"%25&amp;" + unit * 400_000)[:400_000] + b" " + secret.encode()
    cuts = Redactor({"KEY": secret}).find(data)
    assert [(cut.start, cut.end) for cut in cuts][-1:] == [(400_001, len(data))]


@pytest.mark.parametrize("value", ["hunter2-token", VALUE, "gehéim-tökén", "wört-\u20ac-wört"])
@pytest.mark.parametrize("charset", ["utf-16", *CHARSETS.values(), "utf-32-le", "utf-32-be"])
def test_attack_an_answer_in_another_charset_does_not_show_the_secret(charset, value):
    """The skill decodes by the charset that the server names, after redaction."""
    for form in (value, base64.b64encode(value.encode()).decode(), json.dumps(value)):
        body = f"<a>{form}</a>".encode(charset, "replace")
        if body.decode(charset) != f"<a>{form}</a>":
            continue
        shown = redact(body, KEY=value).decode(charset)
        assert form not in shown
        assert "[redacted:KEY]" in shown
        assert shown.startswith("<a>")
        assert shown.endswith("</a>")


@pytest.mark.parametrize("value", ["hunter2-token", VALUE, "a&b<c>\"d'", "\\\\server\\share\nx"])
def test_attack_a_secret_as_hex_or_as_html_is_found(value):
    raw = value.encode()
    forms = (
        raw.hex().encode(),
        raw.hex().upper().encode(),
        html.escape(value).encode(),
        html.escape(html.escape(value)).encode(),
        "".join(f"&#{ord(char)};" for char in value).encode(),
        "".join(f"&#x{ord(char):06X};" for char in value).encode(),
        json.dumps(value)[1:-1].encode(),
        json.dumps(json.dumps(value))[3:-3].encode(),
    )
    for form in forms:
        assert redact(b"<" + form + b">", KEY=value) == b"<" + LABEL + b">"


def test_many_overlapping_occurrences_are_one_cut():
    assert [(it.start, it.end) for it in Redactor({"KEY": "aaaa"}).find(b"a" * 100_000)] == [
        (0, 100_000)
    ]


def test_an_address_is_searched_without_regard_to_case():
    start = Redactor({"KEY": "SeCrEt-Value", "NAME": "gehéim-tökén"}).start
    name = "gehéim-tökén".encode("idna").decode()
    assert start().address("http://secret-value.test/") == "http://[redacted:KEY].test/"
    assert start().address(f"http://a.{name}.test/") == "http://a.[redacted:NAME].test/"
    assert start().text("secret-value") == "secret-value"


def test_a_cut_within_a_character_of_utf_8_is_no_error():
    start = Redactor({"KEY": "000\u00e9", "OTHER": "\u00c3abc"}).start
    assert start().text("000\u9840.") == "[redacted:KEY]\ufffd\ufffd."
    assert start().address("\u00c3abc") == "[redacted:OTHER]"
    assert start().address("") == ""
