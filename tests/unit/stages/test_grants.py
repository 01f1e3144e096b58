"""What is granted is what is named, and nothing by default."""

import pytest

from workc.kernel.failure import Misuse, Refusal
from workc.stages.effects import FileRead, FileWrite, ProgramRun, Publication
from workc.stages.grants import Grants, grants_of
from workc.stages.root_path import RootPath

ALL = Grants(
    roots={"repo": "rw", "docs": "ro"},
    programs=("git", "pytest"),
    targets=("https://files.example/up/", "repo/dist"),
)


def test_nothing_is_granted_by_default_and_nothing_is_said_of_it():
    assert Grants().rules() == {}
    for refused in (
        lambda: Grants().file(FileRead(path="repo/a")),
        lambda: Grants().folder("repo"),
        lambda: Grants().program(ProgramRun(argv=("git",))),
        lambda: Grants().target(Publication(to="repo/dist", name="a", data=b"")),
    ):
        with pytest.raises(Refusal, match=r"OPERATION_NOT_ALLOWED: .*: give --(root|allow-)"):
            refused()


def test_what_is_granted_is_said_sorted_and_read_back():
    rules = ALL.rules()
    assert rules == {
        "programs": ["git", "pytest"],
        "publish": ["https://files.example/up/", "repo/dist"],
        "roots": {"docs": "ro", "repo": "rw"},
    }
    assert grants_of({**rules, "network": {}}) == ALL
    assert grants_of({}) == Grants()
    assert Grants(dry_run=True).rules() == {"dry_run": True}
    with pytest.raises(Misuse, match="the rules of the run hold no grants"):
        grants_of({"roots": {"repo": "all"}})


def test_what_is_granted_is_done():
    assert ALL.file(FileRead(path="docs/a")) == RootPath("docs", ("a",))
    assert ALL.file(FileWrite(path="repo/a", data=b"")) == RootPath("repo", ("a",))
    assert ALL.program(ProgramRun(argv=("git", "-c", "x"), env=("HOME", "GITHUB_TOKEN"))) == "git"
    there = Publication(to="https://files.example/up/", name="a", data=b"")
    assert ALL.target(there) == "https://files.example/up/"
    here = Publication(to="repo/dist", name="a", data=b"")
    assert ALL.target(here) == RootPath("repo", ("dist", "a"))


def test_a_dry_run_starts_no_program():
    grants = Grants(programs=("git",), dry_run=True)
    with pytest.raises(Refusal, match="OPERATION_NOT_ALLOWED: a dry run starts no program"):
        grants.program(ProgramRun(argv=("git",)))


@pytest.mark.parametrize(
    "grants",
    [
        {"roots": {"Repo": "rw"}},
        {"roots": {"": "rw"}},
        {"programs": ("/bin/sh",)},
        {"programs": ("",)},
        {"programs": ("-c",)},
        {"targets": ("../dist",)},
        {"targets": ("https://files.example/?a=b",)},
        {"targets": ("https://files.example/#a",)},
        {"targets": ("https://user:word@files.example/",)},
        {"targets": ("ftp://files.example/",)},
    ],
)
def test_names_outside_their_grammar_are_no_grants(grants):
    with pytest.raises(Misuse):
        Grants(**grants)


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD",
        "ld_preload",
        "DYLD_INSERT_LIBRARIES",
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "PS4",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PERL5LIB",
        "PERL5OPT",
        "RUBYLIB",
        "RUBYOPT",
        "NODE_OPTIONS",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "CLASSPATH",
        "GIT_CONFIG_COUNT",
        "GIT_EXEC_PATH",
        "SHELLOPTS",
        "BASH_FUNC_x",
        "GCONV_PATH",
        "GLIBC_TUNABLES",
        "EDITOR",
        "PAGER",
    ],
)
def test_no_program_is_given_what_says_which_code_it_runs(name):
    with pytest.raises(Refusal, match="OPERATION_NOT_ALLOWED"):
        ALL.program(ProgramRun(argv=("git",), env=(name,)))


@pytest.mark.parametrize("name", ["HOME", "GITHUB_TOKEN", "LANG", "TZ", "NODENAME", "_X"])
def test_any_other_variable_may_be_named(name):
    ALL.program(ProgramRun(argv=("git",), env=(name,)))
