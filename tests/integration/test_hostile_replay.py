"""A bundle is anybody's: its own files are never code, and nothing outside the code folder is."""

import pytest

import workc
from workc.adapters.code import load_module
from workc.kernel.failure import Refusal

MARK = "open('ran', 'w').close()\n"
FLOW = "import workc\n@workc.workflow\nasync def wf(ctx) -> int:\n    return 1\n"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """The folder of a workflow ``flow.py`` with a bundle of it that somebody put code into."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.syspath_prepend(home)
    (home / "flow.py").write_text(FLOW)
    assert workc.Runtime().run("flow.py:wf", out=home / "bundle").ok
    (home / "bundle/evidence/evil.py").write_text(MARK + FLOW)
    (tmp_path / "outside.py").write_text(MARK + FLOW)
    return home


@pytest.mark.parametrize(
    "name",
    ["bundle/evidence/evil.py", "../outside.py", "bundle.evidence.evil", "bundle.evidence"],
)
def test_code_in_the_bundle_or_outside_the_folder_is_not_loaded(made, name):
    with pytest.raises(Refusal, match="SKILL_NOT_FOUND"):
        load_module(name, made, inside=True, never=made / "bundle")
    assert not (made / "ran").exists()


def test_an_absolute_path_is_not_loaded_either(made):
    with pytest.raises(Refusal, match="SKILL_NOT_FOUND"):
        load_module(str(made.parent / "outside.py"), made, inside=True, never=made / "bundle")


def test_what_the_run_was_made_from_still_replays(made):
    (made / "bundle/evidence/evil.py").unlink()
    assert workc.replay(made / "bundle", code=made).identical
