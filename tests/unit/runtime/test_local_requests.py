"""What a request does in the words of plans, through which port, and whether it may be done again."""

import pytest

from workc.kernel.failure import Refusal
from workc.kernel.selectors import covers, normalise
from workc.runtime.declared_effects import effect_of
from workc.runtime.effects import is_idempotent, local_target, port_of, request_json
from workc.stages.effects import FileRead, FileWrite, ProgramRun, Publication

READ = FileRead(path="repo/a/b.txt")
WRITE = FileWrite(path="repo/a/b.txt", data=b"x")
RUN = ProgramRun(argv=("git", "-C", "a", "log"))
PUT = Publication(to="https://files.example/up/", name="a b", data=b"x")


@pytest.mark.parametrize(
    ("request_", "port", "op", "selector", "target"),
    [
        (READ, "file", "ReadFS", "fs:repo/a/b.txt", "read repo/a/b.txt"),
        (WRITE, "file", "WriteFS", "fs:repo/a/b.txt", "write repo/a/b.txt"),
        (RUN, "exec", "Exec", "exec:git", "exec git -C a log"),
        (
            PUT,
            "publish",
            "Publish",
            "pub:https://files.example/up/",
            "publish https://files.example/up/a b",
        ),
    ],
)
def test_a_request_has_a_port_an_effect_and_a_target(request_, port, op, selector, target):
    effect = effect_of(request_)
    assert (port_of(request_), effect.op, effect.selector) == (port, op, selector)
    assert normalise(op, selector) == effect, "it is in its one spelling"
    assert local_target(request_json(request_)) == target


def test_a_folder_covers_the_files_below_it_and_a_root_all_of_them():
    for folder in ("fs:repo/", "fs:repo/a/"):
        assert covers(normalise("ReadFS", folder), effect_of(READ))
    assert not covers(normalise("ReadFS", "fs:repo/b/"), effect_of(READ))
    assert not covers(normalise("ReadFS", "fs:repo/"), effect_of(WRITE))


@pytest.mark.parametrize(
    "request_", [ProgramRun(argv=()), FileRead(path=""), FileRead(path="a/../b")]
)
def test_what_has_no_form_has_no_effect(request_):
    with pytest.raises(Refusal) as refused:
        effect_of(request_)
    assert refused.value.failure.code == "INVALID_INPUT"


def test_all_but_a_program_may_be_done_again():
    assert [is_idempotent(each) for each in (READ, WRITE, PUT, RUN)] == [True, True, True, False]
    assert is_idempotent(ProgramRun(argv=("git",), idempotent=True))


def test_a_request_holds_the_digest_of_what_is_written_and_not_the_bytes():
    for request in (WRITE, PUT):
        value = request_json(request)
        assert value["size"] == 1
        assert value["sha256"] == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        assert "data" not in value
