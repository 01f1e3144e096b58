"""Operations on real folders: in place, and never outside."""

import os
import stat

import pytest
from bundles import bundle

import workc
from workc import TamperMutator, TamperOp
from workc.sim.tamper.applying import apply_to
from workc.testkit import TamperError
from workc.testkit.tamper_folder import TamperFolder

INPUTS = "evidence/inputs.json"
OPS = [
    TamperOp.FlipByte(rel_path="receipt.json", offset=3, xor=1),
    TamperOp.DeleteFile(rel_path=INPUTS),
    TamperOp.TruncateFile(rel_path="events.jsonl", new_len=9),
    TamperOp.ReplaceBytes(rel_path=INPUTS, offset=0, bytes_hex="5b5d"),
    TamperOp.ReorderEvents(swap_i=0, swap_j=1),
    TamperOp.ModifyReceiptField(json_pointer="/outcome", new_json=None),
    TamperOp.CorruptManifestHash(entry_path=INPUTS, new_sha256=""),
    TamperOp.Reseal(edit="NonceReplaced"),
    TamperOp.Reseal(edit="StepDropped"),
]


@pytest.fixture
def folder(tmp_path):
    """A bundle in a folder with a file beside it."""
    (tmp_path / "beside.txt").write_text("keep")
    for path, data in bundle("success").items():
        (tmp_path / "bundle" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bundle" / path).write_bytes(data)
    return tmp_path / "bundle"


def files_of(folder):
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("op", OPS, ids=lambda op: str(op)[:40])
def test_an_operation_in_place_does_what_it_does_in_memory_and_touches_nothing_else(folder, op):
    before = {path: os.lstat(folder / path).st_ino for path in files_of(folder)}
    changes = TamperMutator.apply(folder, op)
    after = files_of(folder)
    assert after == apply_to(op, bundle("success"))
    assert {path for path in after if os.lstat(folder / path).st_ino != before[path]} == {
        path for path, data in changes.files.items() if data is not None
    }
    assert files_of(folder.parent).keys() - {f"bundle/{path}" for path in after} == {"beside.txt"}
    assert (folder.parent / "beside.txt").read_text() == "keep"


def test_a_path_may_be_text_and_the_class_or_a_value_of_it_may_be_used(folder):
    TamperMutator().apply(str(folder), OPS[0])
    assert not workc.verify_bundle(folder).ok


@pytest.mark.parametrize(
    "path", ["../beside.txt", "/etc/hostname", "evidence/../../beside.txt", "evidence//x", ".", ""]
)
@pytest.mark.parametrize("delete", [True, False])
def test_a_path_that_leads_out_is_refused(folder, path, delete):
    op = TamperOp.DeleteFile(rel_path=path)
    if not delete:
        op = TamperOp.FlipByte(rel_path=path, offset=0, xor=1)
    with pytest.raises(TamperError) as refused:
        TamperMutator.apply(folder, op)
    assert refused.value.problem == "unsafe_path"
    assert (folder.parent / "beside.txt").read_text() == "keep"


def link_file(folder):
    (folder / INPUTS).unlink()
    (folder / INPUTS).symlink_to(folder.parent / "beside.txt")


def link_folder(folder):
    (folder / "evidence").rename(folder.parent / "moved")
    (folder / "evidence").symlink_to(folder.parent / "moved")


def pipe(folder):
    (folder / INPUTS).unlink()
    os.mkfifo(folder / INPUTS)


def make_folder(folder):
    (folder / INPUTS).unlink()
    (folder / INPUTS).mkdir()


@pytest.mark.parametrize("make", [link_file, link_folder, pipe, make_folder])
@pytest.mark.parametrize(
    "op",
    [
        TamperOp.FlipByte(rel_path=INPUTS, offset=0, xor=1),
        TamperOp.DeleteFile(rel_path=INPUTS),
        TamperOp.TruncateFile(rel_path=INPUTS, new_len=0),
    ],
    ids=lambda op: type(op).__name__,
)
def test_links_pipes_and_folders_are_refused_and_left_alone(folder, make, op):
    make(folder)
    before = files_of(folder.parent)
    with pytest.raises(TamperError) as refused:
        TamperMutator.apply(folder, op)
    assert refused.value.problem in {"unsafe_path", "no_such_file"}
    assert files_of(folder.parent) == before
    assert os.path.lexists(folder / INPUTS)


@pytest.mark.parametrize("make", [link_file, pipe])
def test_what_holds_no_regular_files_alone_cannot_be_resealed(folder, make):
    make(folder)
    with pytest.raises(TamperError) as refused:
        TamperMutator.apply(folder, TamperOp.Reseal(edit="NonceReplaced"))
    assert refused.value.problem == "unsafe_path"


def test_a_hard_link_elsewhere_keeps_its_bytes(folder):
    elsewhere = folder.parent / "elsewhere"
    os.link(folder / INPUTS, elsewhere)
    TamperMutator.apply(folder, TamperOp.FlipByte(rel_path=INPUTS, offset=0, xor=1))
    assert elsewhere.read_bytes() == bundle("success")[INPUTS] != (folder / INPUTS).read_bytes()


def test_a_file_keeps_its_mode(folder):
    (folder / INPUTS).chmod(0o640)
    TamperMutator.apply(folder, TamperOp.FlipByte(rel_path=INPUTS, offset=0, xor=1))
    assert stat.S_IMODE((folder / INPUTS).stat().st_mode) == 0o640


def test_a_name_that_is_taken_is_left_alone(folder):
    taken = folder / "evidence" / f".workc-tamper-{os.getpid()}-0"
    taken.write_text("mine")
    TamperMutator.apply(folder, TamperOp.FlipByte(rel_path=INPUTS, offset=0, xor=1))
    assert taken.read_text() == "mine"
    assert len(list((folder / "evidence").iterdir())) == 1 + sum(
        path.startswith("evidence/") for path in bundle("success")
    )


@pytest.mark.parametrize("path", ["nowhere", "beside.txt", "beside.txt/x"])
def test_what_is_no_folder_is_refused(folder, path):
    for op in (OPS[0], OPS[1], OPS[-1]):
        with pytest.raises(TamperError) as refused:
            TamperMutator.apply(folder.parent / path, op)
        assert refused.value.problem == "no_such_file"


def test_a_folder_lists_and_reads_its_files(folder):
    found = TamperFolder(folder)
    assert dict(found) == bundle("success")
    assert len(found) == len(bundle("success"))
    assert "evidence/none" not in found


def test_the_names_are_had_from_both_faces():
    assert workc.TamperMutator is workc.testkit.TamperMutator
    assert workc.TamperOp is workc.testkit.TamperOp
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = workc.testkit.no_such_name
