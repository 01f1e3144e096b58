"""Loading users' code, and the digest that names its version."""

import pytest

from workc.adapters.code import digest_of, load_module, skills_in, source_of
from workc.kernel.failure import Refusal

TEXT = "import workc\n@workc.skill(pure=True)\ndef one() -> int:\n    return 1\n"


def made(text):
    scope = {}
    exec(compile(text, "<nowhere>", "exec"), scope)
    return scope["f"]


def test_a_file_is_loaded_with_its_skills(tmp_path):
    (tmp_path / "mine.py").write_text(TEXT)
    skills = skills_in(load_module("mine.py", tmp_path))
    assert list(skills) == ["one"]
    assert source_of(skills["one"].function) == TEXT.encode()


def test_an_edit_within_the_same_second_is_the_code_that_runs(tmp_path):
    path = tmp_path / "mine.py"
    for number in range(1, 6):
        path.write_text(TEXT.replace("return 1", f"return {number}"))
        module = load_module("mine.py", tmp_path)
        assert module.one() == number
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize(
    "text", ["1/0", "raise SystemExit(3)", "def (", "import no_such_module_here", "\0"]
)
def test_a_file_that_cannot_be_imported_is_refused(tmp_path, text):
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(Refusal, match="SKILL_NOT_FOUND"):
        load_module("bad.py", tmp_path)


@pytest.mark.parametrize("name", ["gone.py", "no.such.module", "", "."])
def test_what_is_not_there_is_refused(tmp_path, name):
    with pytest.raises(Refusal, match="SKILL_NOT_FOUND"):
        load_module(name, tmp_path)


def test_the_digest_is_that_of_the_file(tmp_path):
    (tmp_path / "mine.py").write_text(TEXT)
    function = skills_in(load_module("mine.py", tmp_path))["one"].function
    before = digest_of(function)
    (tmp_path / "mine.py").write_text(TEXT + "# more\n")
    assert digest_of(function) != before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(): return 1", "def f(): return 2"),
        ("def f(): return 1", "def f(): return True"),
        ("def f(x): return x.a", "def f(x): return x.b"),
        ("def f():\n def g(): return 1\n return g", "def f():\n def g(): return 2\n return g"),
        ("def f(x): return x in {1, 2}", "def f(x): return x in {1, 3}"),
    ],
)
def test_code_without_a_file_is_known_by_what_it_was_compiled_to(one, other):
    assert digest_of(made(one)) == digest_of(made(one))
    assert digest_of(made(one)) != digest_of(made(other))
