"""Which addresses a policy lets through."""

from ipaddress import ip_address

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.kernel.failure import Refusal
from workc.stages.network import (
    METADATA_ADDRESSES,
    METADATA_NAMES,
    NetworkPolicy,
    classify,
    decide,
    is_address,
)

CLASSES = {
    "public": "1.1.1.1 8.8.8.8 172.15.255.255 172.32.0.0 100.63.255.255 100.128.0.0 198.17.255.255 "
    "198.20.0.0 223.255.255.255 2606:4700::1111 2001:200::1 2002:808:808::1 64:ff9b::808:808 "
    "::ffff:8.8.8.8 192.0.1.0 11.0.0.0",
    "loopback": "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1",
    "private": "10.0.0.1 10.255.255.255 172.16.0.0 172.31.255.255 192.168.1.1 100.64.0.1 "
    "100.127.255.255 fc00::1 fdff::1 fec0::1 64:ff9b:1::1 ::ffff:10.0.0.1 2002:a00:1::1 "
    "64:ff9b::a00:1",
    "link_local": "169.254.0.1 169.254.255.255 fe80::1 fe80::1%eth0 febf::1 ::ffff:169.254.1.1",
    "metadata": "169.254.169.254 100.100.100.200 168.63.129.16 fd00:ec2::254 fd00:0ec2:0::254 "
    "::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1",
    "reserved": "0.0.0.0 0.1.2.3 192.0.0.1 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 "
    "198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::2 "
    "::127.0.0.1 100::1 2001::1 2001:db8::1 3fff::1 5f00::1 ff02::1 4000::1 2002:7f00:1::1 "
    "64:ff9b::7f00:1 2001:0:4136:e378:8000:63bf:3fff:fdd2",
}


@pytest.mark.parametrize(
    ("address", "expected"),
    [(address, name) for name, listed in CLASSES.items() for address in listed.split()],
)
def test_each_address_has_its_class(address: str, expected: str) -> None:
    assert classify(address) == expected


@pytest.mark.parametrize("text", ["", "example.org", "1.2.3", "1.2.3.4.5", "::g", "[::1]", "%"])
def test_what_is_no_address_has_no_class(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        classify(text)
    assert caught.value.failure.code == "INVALID_INPUT"
    assert caught.value.__context__ is None


@settings(max_examples=300)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_public_that_the_standard_library_calls_special(address: object) -> None:
    found = classify(str(address))
    inner = ip_address(str(address))
    if found == "public":
        assert not inner.is_loopback
        assert not inner.is_link_local
        assert not inner.is_multicast or inner.version == 6
        assert not inner.is_unspecified


@settings(max_examples=200)
@given(st.ip_addresses(v=4))
def test_ipv4_inside_ipv6_has_the_class_of_the_ipv4_address(address: object) -> None:
    assert classify(f"::ffff:{address}") == classify(str(address))


@pytest.mark.parametrize("name", ["link_local", "metadata", "private", "reserved"])
def test_pitfall_22_inside_addresses_are_blocked_by_default(name: str) -> None:
    for address in CLASSES[name].split():
        failure = decide(NetworkPolicy(), "db.example", ["8.8.8.8", address])
        assert failure is not None
        assert failure.code == "EXTERNAL_CALL_BLOCKED"
        assert failure.details["class"] == name
        assert "db.example" in failure.message
        assert "allow_private" in failure.message
        assert "allow_hosts" in failure.message
        assert decide(NetworkPolicy(allow_private=True), "db.example", [address]) is None
        assert decide(NetworkPolicy(allow_hosts=("db.example",)), "db.example", [address]) is None


def test_public_and_loopback_are_allowed_by_default_and_can_be_shut() -> None:
    for name, address in (("public", "8.8.8.8"), ("loopback", "127.0.0.1"), ("loopback", "::1")):
        assert decide(NetworkPolicy(), "h", [address]) is None
        shut = msgspec.convert({f"allow_{name}": False}, NetworkPolicy)
        failure = decide(shut, "h", [address])
        assert failure is not None
        assert failure.details == {"host": "h", "address": address, "class": name}
        assert f"allow_{name}" in failure.message


def test_deny_hosts_wins_over_allow_hosts_and_sees_addresses() -> None:
    policy = NetworkPolicy(allow_hosts=("*.example",), deny_hosts=("Bad.Example.", "8.8.8.8"))
    assert decide(policy, "good.example", ["10.0.0.1"]) is None
    for host, address in (("bad.example", "1.1.1.1"), ("good.example", "::ffff:8.8.8.8")):
        failure = decide(policy, host, [address])
        assert failure is not None
        assert failure.details["class"] == "denied"
        assert decide(policy, "bad.example", []) is not None


def test_a_pattern_with_a_star_matches_names_below_the_suffix_only() -> None:
    policy = NetworkPolicy(allow_hosts=("*.example.org",), allow_public=False)
    assert decide(policy, "a.example.org", ["8.8.8.8"]) is None
    assert decide(policy, "a.b.example.org", ["8.8.8.8"]) is None
    for host in ("example.org", "badexample.org", "example.org.evil.example"):
        assert decide(policy, host, ["8.8.8.8"]) is not None
    everything = NetworkPolicy(deny_hosts=("*.example.org",))
    assert decide(everything, ".example.org", []) is None


def test_an_address_may_be_allowed_in_any_spelling() -> None:
    for pattern in ("10.0.0.5", "10.5", "0xa000005", "[::ffff:10.0.0.5]", "::ffff:10.0.0.5"):
        policy = NetworkPolicy(allow_hosts=(pattern,))
        assert decide(policy, "10.0.0.5", ["10.0.0.5"]) is None
        assert decide(policy, "db.example", ["10.0.0.5"]) is None
        assert decide(policy, "db.example", ["10.0.0.5", "10.0.0.6"]) is not None
    assert decide(NetworkPolicy(allow_hosts=("fd00::1",)), "fd00::1", ["fd00::1"]) is None


@pytest.mark.parametrize("pattern", ["*", "", "*.", "a b", "http://h", "a/b", "*.10.0.0.1", "h:80"])
def test_pitfall_17_a_pattern_that_can_never_match_is_refused_when_loaded(pattern: str) -> None:
    for field in ("allow_hosts", "deny_hosts"):
        with pytest.raises(Refusal):
            msgspec.convert({field: [pattern]}, NetworkPolicy)


def test_pitfall_17_an_unknown_policy_field_is_refused_when_loaded() -> None:
    with pytest.raises(msgspec.ValidationError, match="alow_private"):
        msgspec.convert({"alow_private": True}, NetworkPolicy)


def test_offline_refuses_everything_even_what_is_allowed_by_name() -> None:
    policy = NetworkPolicy(offline=True, allow_hosts=("h",), allow_private=True)
    failure = decide(policy, "h", [])
    assert failure is not None
    assert failure.details["class"] == "offline"


def test_metadata_names_are_refused_before_they_are_resolved() -> None:
    [name] = METADATA_NAMES
    failure = decide(NetworkPolicy(), name, [])
    assert failure is not None
    assert failure.details["class"] == "metadata"
    assert decide(NetworkPolicy(allow_private=True), name, []) is None
    assert decide(NetworkPolicy(allow_hosts=(name,)), name, []) is None


def test_without_public_access_a_foreign_name_is_not_even_looked_up() -> None:
    policy = NetworkPolicy(allow_public=False)
    failure = decide(policy, "data.evil.example", [])
    assert failure is not None
    assert "not looked up" in failure.message
    for host in ("localhost", "a.localhost", "127.0.0.1", "::1"):
        assert decide(policy, host, []) is None
    assert decide(NetworkPolicy(allow_public=False, allow_private=True), "db.lan", []) is None
    assert decide(NetworkPolicy(), "example.org", []) is None


def test_a_redirect_from_outside_leads_inward_only_to_hosts_that_are_named() -> None:
    for policy in (NetworkPolicy(), NetworkPolicy(allow_private=True)):
        failure = decide(policy, "localhost", ["127.0.0.1"], redirected_from="public")
        assert failure is not None
        assert "a redirect from a public address leads to 127.0.0.1" in failure.message
    named = NetworkPolicy(allow_hosts=("localhost",))
    assert decide(named, "localhost", ["127.0.0.1"], redirected_from="public") is None
    assert decide(NetworkPolicy(), "h", ["8.8.8.8"], redirected_from="public") is None
    assert decide(NetworkPolicy(), "h", ["127.0.0.1"], redirected_from="loopback") is None


def test_the_metadata_list_is_in_the_form_in_which_addresses_are_compared() -> None:
    assert all(str(ip_address(it)) == it for it in METADATA_ADDRESSES)
    assert is_address("::1")
    assert not is_address("example.org")
