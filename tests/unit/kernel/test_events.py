"""Events: what their structs refuse, and that they are written canonically as they stand."""

import typing

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workc.kernel import events
from workc.kernel.events import (
    UNREADABLE,
    Entry,
    Event,
    Record,
)
from workc.kernel.kinds import KINDS
from workc.kernel.payloads import (
    Body,
    CheckResult,
    FailureRecord,
    TimerFired,
    TimerSet,
)

INLINE = '{"form":"json","inline":"1"}'
FAILURE = f'{{"code":"C","details":{INLINE},"message":"m"}}'
DEEP = b"[" * 100_000


def structs(kind):
    """Yields a struct type and those in its fields."""
    yield kind
    for field in msgspec.structs.fields(kind):
        for inner in inner_types(field.type):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                yield from structs(inner)


def inner_types(kind):
    yield kind
    for argument in typing.get_args(kind):
        yield from inner_types(argument)


ALL = sorted(
    {struct for rule in KINDS.values() for struct in structs(rule.payload)} | {Event, Record},
    key=lambda struct: struct.__name__,
)


@pytest.mark.parametrize("struct", ALL, ids=lambda struct: struct.__name__)
def test_fields_stand_in_the_order_of_keys_and_no_other_field_is_taken(struct):
    names = struct.__struct_encode_fields__
    assert list(names) == sorted(names)
    assert struct.__struct_config__.forbid_unknown_fields
    assert struct.__struct_config__.frozen


@pytest.mark.parametrize(
    ("at", "text"), [((), ""), ((7,), "7"), ((4, 1), "4.1"), ((3, 0, 1), "3.0.1")]
)
def test_a_place_is_told_with_dots(at, text):
    assert events.dotted(at) == text


def test_a_check_is_one_line_and_names_the_bodies_of_its_failure_and_its_value():
    value, details = Body(form="json", inline="true"), Body(form="json", inline="{}")
    held = CheckResult(check_id="c", level="Semantic", passed=True, that="x", value=value)
    assert events.encode_check(held) == (
        b'{"check_id":"c","level":"Semantic","passed":true,"that":"x",'
        b'"value":{"form":"json","inline":"true"}}'
    )
    assert list(held.bodies()) == [msgspec.UNSET, value]
    failure = FailureRecord(code="TIMEOUT", details=details, message="m")
    failed = CheckResult(check_id="c", failure=failure, level="Semantic", passed=False, that="x")
    assert list(failed.bodies()) == [details, msgspec.UNSET]


def test_a_kind_is_the_name_of_its_payload():
    assert all(rule.payload.__name__ == kind for kind, rule in KINDS.items())


def test_an_entry_knows_its_kind_and_phase():
    entry = Entry(at=(1,), payload=TimerSet(after_ms=1))
    assert (entry.kind, entry.phase) == ("TimerSet", "Act")


def test_a_record_is_read_back_as_the_entry_that_it_wrote_down():
    text = b'{"at":[1,2],"at_ms":3,"kind":"TimerSet","n":7,"payload":{"after_ms":4},"phase":"Act","prev":""}'
    record = msgspec.json.decode(text, type=events.Record)
    found = Entry(at=(1, 2), payload=TimerSet(after_ms=4), at_ms=3)
    assert events.entry_of(record) == found


BODIES = {
    '{"form":"json","inline":"1"}': True,
    '{"form":"bytes","inline":""}': True,
    '{"form":"bytes","inline":"/+8="}': True,
    '{"form":"bytes","inline":"/+8"}': False,
    '{"form":"bytes","inline":"/+9="}': False,
    '{"form":"bytes","inline":"_-8="}': False,
    '{"form":"bytes","inline":"/+8=\\n"}': False,
    '{"form":"bytes","inline":"é"}': False,
    '{"form":"text","inline":"_-8"}': True,
    '{"form":"json","path":"p","sha256":"s","size":1}': True,
    '{"form":"json","path":"p","sha256":"s"}': False,
    '{"form":"json","path":"p","size":1}': False,
    '{"form":"json","sha256":"s","size":1}': False,
    '{"form":"json","inline":"1","path":"p"}': False,
    '{"form":"json","inline":"1","sha256":"s"}': False,
    '{"form":"json","inline":"1","size":1}': False,
    '{"form":"json"}': False,
    '{"form":"json","inline":null}': False,
    '{"form":"xml","inline":"1"}': False,
}


@pytest.mark.parametrize("text", BODIES)
def test_a_body_is_inline_or_a_file_and_bytes_are_base64(text):
    try:
        found = events.decode_payload("PlanChosen", f'{{"plan":{text},"steps":1}}'.encode())
    except UNREADABLE:
        found = None
    assert (found is not None) == BODIES[text]
    assert found is None or msgspec.json.encode(found.plan).decode() == text


PAYLOADS = {
    ("EffectAnswered", '{"request":"r"}'): False,
    ("EffectAnswered", f'{{"failure":{FAILURE},"request":"r"}}'): True,
    ("SkillExecuted", '{"attempt":1,"mode":"pure","skill":"s","step":"t"}'): False,
    (
        "SkillExecuted",
        f'{{"attempt":1,"mode":"pure","skill":"s","step":"t","value":{INLINE}}}',
    ): True,
    (
        "SkillExecuted",
        f'{{"attempt":1,"failure":{FAILURE},"mode":"pure","skill":"s","step":"t","value":{INLINE}}}',
    ): False,
    ("TimerSet", '{"after_ms":9007199254740991}'): True,
    ("TimerSet", '{"after_ms":9007199254740992}'): False,
    ("TimerSet", '{"after_ms":-1}'): False,
    ("TimerSet", '{"after_ms":1.0}'): False,
    ("TimerSet", '{"after_ms":true}'): False,
    ("TimerSet", '{"after_ms":' + "9" * 5000 + "}"): False,
    ("TimerFired", "{}"): True,
    ("TimerFired", '{"x":1}'): False,
}


@pytest.mark.parametrize(("kind", "text"), PAYLOADS)
def test_a_payload_is_taken_or_refused_with_one_of_few_errors(kind, text):
    try:
        taken = events.encode(events.decode_payload(kind, text.encode())).decode() == text
    except UNREADABLE:
        taken = False
    assert taken == PAYLOADS[kind, text]


def test_a_payload_of_an_unknown_kind_is_a_key_error():
    with pytest.raises(KeyError):
        events.decode_payload("None", b"{}")


@pytest.mark.parametrize("decode", [events.decode_event, events.decode_record])
@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"{}", b"[]", DEEP, b'{"at":' + DEEP, b"\0"])
def test_what_is_no_line_is_refused_with_one_of_few_errors(decode, data):
    with pytest.raises(UNREADABLE):
        decode(data)


@pytest.mark.parametrize(("length", "good"), [(0, False), (1, True), (64, True), (65, False)])
def test_a_place_has_one_to_64_numbers(length, good):
    at = "[" + ",".join("0" * length) + "]"
    line = (
        f'{{"at":{at},"at_ms":1,"kind":"TimerFired","payload":{{}},"phase":"Act",'
        f'"prev":"","seq":0,"ts":1}}'
    ).encode()
    if good:
        event = events.decode_event(line)
        assert events.encode(event) == line
        assert events.decode_payload(event.kind, event.payload) == TimerFired()
    else:
        with pytest.raises(UNREADABLE):
            events.decode_event(line)


def line(kind="TimerFired", payload="{}", more=""):
    return (
        f'{{"at":[0],"at_ms":1,"kind":"{kind}","payload":{payload},"phase":"Act",'
        f'"prev":"x,\\"phase\\":\\"","seq":0,"ts":1{more}}}\n'
    ).encode()


def test_lines_are_read_whole_and_the_kind_is_the_type_of_the_payload():
    text = f'{{"attempt":1,"mode":"opaque","request":"r","skill":"s","step":"t","value":{INLINE}}}'
    found = events.decode_lines(line() + line("SkillExecuted", text))
    assert [type(event.payload).__name__ for event in found] == ["TimerFired", "SkillExecuted"]
    assert events.payload_bytes(line("SkillExecuted", text)) == text.encode()


@pytest.mark.parametrize(
    "data",
    [
        line()[:-1],
        line() + b"\n",
        b" " + line(),
        line().replace(b":1", b": 1", 1),
        line().replace(b"TimerFired", b"Timer\\u0046ired"),
        line("TimerFired", '{"x":1}'),
        line("Unknown"),
        line(more=',"zz":1'),
        line("EffectAnswered", '{"request":"r"}'),
        line("PlanChosen", '{"plan":{"form":"json"},"steps":1}'),
        line() + line().replace(b'"seq"', b'"Seq"'),
    ],
)
def test_lines_that_are_not_canonical_events_are_refused(data):
    with pytest.raises(UNREADABLE):
        events.decode_lines(data)


def bodies_of(value):
    """A naive second implementation of ``bodies``: looks at every field of every struct."""
    if isinstance(value, Body):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from bodies_of(getattr(value, name))
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from bodies_of(item)


# The first payload of each kind takes long, because its types are resolved then.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(KINDS.values())).flatmap(lambda rule: st.from_type(rule.payload)))
def test_every_body_of_a_payload_is_found(payload):
    assert [body for body in payload.bodies() if body is not msgspec.UNSET] == list(
        bodies_of(payload)
    )
