"""Ed25519: what is accepted, what the library alone would accept, and that it is not loaded early."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reseal import load

from workc.verify.signatures import ed25519
from workc.verify.signatures.ed25519 import LOW_ORDER_Y, ORDER, PRIME, key_problem, verifies

naive = load("second_verifier/ed25519.py")

VECTORS = Path(__file__).parents[2] / "vectors"
RFC = json.loads((VECTORS / "rfc8032/vectors.json").read_text())
WYCHEPROOF = [
    pytest.param(bytes.fromhex(group["publicKey"]["pk"]), test, id=f"tc{test['tcId']}")
    for group in json.loads((VECTORS / "wycheproof/ed25519_test.json").read_text())["testGroups"]
    for test in group["tests"]
]
SEED = bytes(range(32))
KEY = naive.public_of(SEED)


def encoded(y, sign=0):
    return (y | sign << 255).to_bytes(32, "little")


#: Every spelling of a point of low order: the canonical ones, and those with y or x reduced by nobody.
LOW_SPELLINGS = [
    encoded(y + more, sign)
    for y in sorted(LOW_ORDER_Y)
    for more in (0, PRIME)
    for sign in (0, 1)
    if y + more < 2**255
]


@pytest.mark.parametrize("vector", RFC, ids=[vector["name"] for vector in RFC])
def test_the_vectors_of_the_rfc_hold_here_and_in_the_naive_implementation(vector):
    key, message, signature, seed = (
        bytes.fromhex(vector[name]) for name in ("public_key", "message", "signature", "secret_key")
    )
    assert verifies(key, signature, message)
    assert naive.holds(key, signature, message)
    assert naive.sign(seed, message) == signature
    assert not verifies(key, signature, message + b"x")


def test_all_vectors_of_wycheproof_are_here():
    assert len(WYCHEPROOF) == 151


@pytest.mark.parametrize(("key", "test"), WYCHEPROOF)
def test_wycheproof_gives_the_expected_result(key, test):
    message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
    assert verifies(key, signature, message) is (test["result"] == "valid")
    assert naive.holds(key, signature, message) is (test["result"] == "valid")


def test_the_points_of_low_order_are_those_and_no_others():
    assert {encoded(y) for y in LOW_ORDER_Y} == {encoded(y) for y in _torsion_ys()}
    assert len(LOW_SPELLINGS) == 14


def _torsion_ys():
    """Finds the y of all points whose order divides 8, by what the order times a point leaves."""
    found = set()
    for number in range(200):
        point = naive.decode(encoded(number))
        if point is not None:
            rest = naive.times(naive.ORDER, point)
            for n in range(8):
                found.add(int.from_bytes(naive.encode(naive.times(n, rest)), "little") % 2**255)
    return found


def library_accepts(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_the_library_accepts_what_is_refused_here():
    accepted = 0
    for key in LOW_SPELLINGS:
        assert key_problem(key) is not None
        for r in LOW_SPELLINGS:
            for message in (b"", b"a", b"b", b"c", b"d", b"e", b"f", b"g"):
                signature = r + bytes(32)
                assert not verifies(key, signature, message)
                assert not naive.holds(key, signature, message)
                accepted += library_accepts(key, signature, message)
    assert accepted > 100


@pytest.mark.parametrize("r", LOW_SPELLINGS, ids=bytes.hex)
def test_an_r_of_low_order_is_refused_where_the_equation_holds(r):
    # With the secret scalar, S = k a makes the equation true for R = the neutral point.
    scalar, _ = naive.secret_of(SEED)
    s = naive.number_of(r, KEY, b"m") * scalar % ORDER
    signature = r + s.to_bytes(32, "little")
    assert not verifies(KEY, signature, b"m")
    assert "low order" in ed25519.signature_problem(signature) or "canonical" in (
        ed25519.signature_problem(signature)
    )
    if r == encoded(1):
        assert library_accepts(KEY, signature, b"m")


def test_a_second_spelling_of_s_is_refused():
    signature = naive.sign(SEED, b"m")
    s = int.from_bytes(signature[32:], "little")
    for multiple in range(1, 16):
        if s + multiple * ORDER < 2**256:
            other = signature[:32] + (s + multiple * ORDER).to_bytes(32, "little")
            assert "S is not below" in ed25519.signature_problem(other)
            assert not verifies(KEY, other, b"m")
    assert verifies(KEY, signature, b"m")


def test_s_is_judged_at_the_order_and_one_below():
    r = naive.sign(SEED, b"m")[:32]
    assert ed25519.signature_problem(r + (ORDER - 1).to_bytes(32, "little")) is None
    assert "S is not below" in ed25519.signature_problem(r + ORDER.to_bytes(32, "little"))


@pytest.mark.parametrize("y", [PRIME - 1, PRIME, PRIME + 3, 2**255 - 1])
def test_a_y_is_judged_at_the_prime_and_past_it(y):
    assert key_problem(encoded(y)) is not None
    assert ("not canonical" in key_problem(encoded(y))) is (y >= PRIME)


def test_a_key_that_is_no_point_is_refused():
    problems = [key_problem(encoded(y)) for y in range(2, 60)]
    assert {"it is no point of the curve", None} == set(problems)
    for y, problem in zip(range(2, 60), problems, strict=True):
        assert (naive.decode(encoded(y)) is None) is (problem is not None)
    assert not verifies(encoded(problems.index("it is no point of the curve") + 2), bytes(64), b"")


def test_k_is_reduced_by_the_order_before_a_key_of_mixed_order_is_multiplied():
    """The key has a part of order 8, on which k and k modulo the order do different things."""
    eighth = naive.decode(
        encoded(0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826)
    )
    scalar, _ = naive.secret_of(SEED)
    key = naive.encode(naive.add(naive.times(scalar, naive.BASE), eighth))
    assert key_problem(key) is None
    seen = set()
    for nonce in range(2, 60):
        r = naive.encode(naive.times(nonce, naive.BASE))
        whole = int.from_bytes(naive.hashlib.sha512(r + key + b"m").digest(), "little")
        signature = r + ((nonce + whole * scalar) % ORDER).to_bytes(32, "little")
        fits = whole % ORDER % 8 == 0
        assert verifies(key, signature, b"m") is naive.holds(key, signature, b"m") is fits
        seen.add((fits, whole % 8 == 0))
    assert seen >= {(True, False), (False, True)}, "reduced and not reduced give other answers"


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length):
    assert f"{length} bytes" in key_problem(bytes(length))
    assert not verifies(bytes(length), naive.sign(SEED, b""), b"")


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_a_signature_of_another_length_is_refused(length):
    assert f"{length} bytes" in ed25519.signature_problem(bytes(length))
    assert not verifies(KEY, bytes(length), b"")


SIGNED = st.tuples(st.binary(min_size=32, max_size=32), st.binary(max_size=80))


@settings(deadline=None)
@given(SIGNED, st.integers(0, 64 * 8 - 1), st.sampled_from(["whole", "signature", "message"]))
def test_both_implementations_agree_on_what_is_signed_and_what_is_changed(signed, bit, change):
    seed, message = signed
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = key.sign(message)
    public = key.public_key().public_bytes_raw()
    assert (naive.public_of(seed), naive.sign(seed, message)) == (public, signature)
    if change == "signature":
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        signature = bytes(changed)
    message += b"!" * (change == "message")
    assert verifies(public, signature, message) is (change == "whole")
    assert naive.holds(public, signature, message) is (change == "whole")


@settings(deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=70), st.binary(max_size=9))
@example(encoded(2**255 - 1, 1), bytes(64), b"")
def test_no_bytes_whatever_are_more_than_refused(key, signature, message):
    assert verifies(key, signature, message) is naive.holds(key, signature, message)


def test_a_keyid_is_the_digest_of_the_public_key_as_other_programs_write_it():
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert ed25519.keyid_of(KEY) == naive.hashlib.sha256(der).hexdigest()


def test_the_library_is_loaded_when_it_is_needed_and_not_before():
    code = (
        "import sys\n"
        "import workc.verify.signatures.judging\n"
        "from workc.verify.signatures.ed25519 import verifies\n"
        "verifies(bytes(32), bytes(64), b'')\n"
        "print('cryptography' in sys.modules)\n"
        f"verifies({KEY!r}, {naive.sign(SEED, b'')!r}, b'')\n"
        "print('cryptography' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\nTrue\n"
