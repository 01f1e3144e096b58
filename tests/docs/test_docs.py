"""The documents are true: every code block in them runs or is compared, every link leads somewhere.

Rules for whoever writes a page (see also CONTRIBUTING.md):

1. The blocks of a page are taken in order, in an empty folder of the page's own.
2. ``python`` runs; all blocks of a page share one namespace. An ``output`` block behind it is what
   it prints. ``yaml`` is a workflow file, or the part of one, and must be valid; ``toml`` is a policy
   file, or the part of one.
3. A first line ``# file: NAME`` also writes the block to NAME for those after it; ``# file: NAME
   (not valid)`` says that the workflow in it must be refused.
4. ``console`` holds lines ``$ command``, each with what it prints. ``...`` stands for anything in a
   line, or alone in a line for any lines. ``json`` must be an object, and a price file if it says so.
5. ``text`` and ``mermaid`` are not run. No other language may be used.
6. ``$ make demo`` runs the demo; the rest of its block is what that prints.
7. ``http://127.0.0.1:8000`` is a server of static files: ``python -m http.server 8000 ... &``.

``python tests/docs/test_docs.py`` writes what commands print into the ``--help`` blocks anew.
"""

import ast
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import click
import pytest

import workc
from workc.api.programs import file_program
from workc.cli import exits
from workc.cli.group import cli
from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Refusal
from workc.kernel.kinds import KINDS
from workc.runtime.policy.loader import load_policy
from workc.runtime.workflow.json_schema import FILE_SCHEMA
from workc.sim.scenario.scenario_file import read_scenario
from workc.skills.prices import builtin_prices, load_prices
from workc.skills.registry import builtin_skills
from workc.verify.verdict import VERIFY_FAIL_CODES

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "examples")
PAGES = sorted([*ROOT.glob("*.md"), *(p for f in FOLDERS for p in (ROOT / f).rglob("*.md"))])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
REFERENCE = ROOT / "docs/reference"
LANGUAGES = {"python", "output", "yaml", "toml", "console", "json", "text", "mermaid"}
#: What the documents call the address of the server, and what is written instead of it.
BASE = "http://127.0.0.1:8000"
FILE = re.compile(r"# file: (\S+)( \(not valid\))?$")
FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """A fenced block: its language, its text and the line that it begins in."""

    language: str
    text: str
    line: int


def blocks_of(markdown):
    return [
        Block(match[1], match[2], markdown.count("\n", 0, match.start()) + 2)
        for match in FENCE.finditer(markdown)
    ]


def prose_of(markdown):
    """Returns the markdown with nothing where its blocks stood."""
    return FENCE.sub("", markdown)


class Commands(NamedTuple):
    """A line of a console block, with what it prints."""

    command: str
    output: str


def commands_of(text):
    """Yields the commands of a console block; a backslash at the end goes on in the next line."""
    once = text.startswith("$ make demo\n")
    for part in re.split(r"^\$ ", text, maxsplit=1 if once else 0, flags=re.M)[1:]:
        command, _, output = re.sub(r"\\\n", "", part).partition("\n")
        yield Commands(command, output)


def pattern_of(expected):
    """Returns the expression that matches output as a page shows it."""
    lines = [line.rstrip() for line in expected.rstrip("\n").split("\n")] if expected else []
    parts = []
    for line in lines:
        if line.strip() == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append("[^\n]*?".join(map(re.escape, line.split("..."))) + "\n")
    return re.compile("".join(parts))


def matches(expected, actual):
    shown = "".join(line.rstrip() + "\n" for line in actual.strip("\n").splitlines())
    return pattern_of(expected).fullmatch(shown) is not None


class Page:
    """Runs the blocks of one page in a folder."""

    def __init__(self, folder, base):
        self.folder = folder
        self.base = base
        self.names = {"__name__": "page"}
        self.printed = ""
        self.status = 0
        self.count = 0

    def run(self, block):
        text = block.text.replace(BASE, self.base)
        first = FILE.match(text.partition("\n")[0])
        if first:
            place = self.folder / first[1]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        getattr(self, f"_{block.language}")(text, first)

    def _python(self, text, first):
        self.count += 1
        path = self.folder / (first[1] if first else f"block_{self.count}.py")
        path.write_text(text, "utf-8")
        with captured() as printed:
            exec(compile(text, str(path), "exec"), self.names)
        self.printed = printed()

    def _output(self, text, _first):
        self._compare("the block before", text, self.printed)

    def _compare(self, what, expected, printed):
        actual = printed.replace(self.base, BASE).replace(str(self.folder), ".")
        expected = expected.replace(self.base, BASE)
        assert matches(expected, actual), f"{what} printed\n{actual}\nand not\n{expected}"

    def _yaml(self, text, first):
        expected = pytest.raises(Refusal) if first and first[2] else contextlib.nullcontext()
        with expected:
            self._load(text, first[1] if first else "part.yaml")

    def _load(self, text, name):
        if re.search(r"^intent: ", text, re.M):
            read_scenario(text.encode(), name)
            return
        if not re.search(r"^workc: 1$", text, re.M):
            steps = "" if re.search(r"^steps:", text, re.M) else STEPS
            text = f"workc: 1\nname: part\n{steps}{text}"
        file_program(text.encode(), name, self.folder, builtin_skills(), builtin_prices())

    def _toml(self, text, _first):
        head = "" if re.search(r"^schema = ", text, re.M) else POLICY
        load_policy((head + text).encode(), "part.toml")

    def _json(self, text, _first):
        if json.loads(text).get("schema") == "workc.prices/1":
            load_prices(text.encode())

    def _text(self, _text, _first):
        """Is not run."""

    _mermaid = _text

    def _console(self, text, _first):
        for command, output in commands_of(text):
            if not command.endswith("&"):
                self._compare(f"$ {command}", output, self.execute(command))

    def execute(self, command):
        """Returns what a command prints on both streams."""
        if command == "echo $?":
            return f"{self.status}\n"
        if command == "make demo":
            command = f"python {ROOT / 'examples/demo/demo.py'} demo"
        if re.fullmatch(r"workc [^|&;<>*?$`()\n]*", command):
            return self._workc(shlex.split(command)[1:])
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        self.status = done.returncode
        return done.stdout.decode()

    def _workc(self, arguments):
        with captured() as printed, pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        self.status = ended.value.code or 0
        return printed()


#: What the part of a policy is put behind.
POLICY = 'schema = "workc.policy/1"\nname = "part"\n'
#: What a part of a workflow without steps is put beside.
STEPS = """steps:
  fetch:
    skill: http_call
    with: {url: "http://127.0.0.1:9/"}
"""


@contextlib.contextmanager
def captured():
    """Gives a function that returns what was written to stdout and stderr, in order."""
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield lambda: stream.buffer.getvalue().decode()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, *_arguments):
        """Says nothing."""


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Commands look for modules where they stand; no page may find those of another.
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in [name for name in os.environ if name.startswith(("WORKC_", "OPENAI", "ANTHROPIC"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    site = partial(Quiet, directory=tmp_path / "site")
    # What a page sets in the environment is gone after it.
    with patch.dict(os.environ), ThreadingHTTPServer(("127.0.0.1", 0), site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Page(tmp_path, f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()


RUN = {"python", "output", "yaml", "toml", "console", "json"}


@pytest.mark.parametrize(
    "name",
    [
        n
        for n, p in zip(NAMES, PAGES, strict=True)
        if {b.language for b in blocks_of(p.read_text("utf-8"))} & RUN
    ],
)
def test_every_block_of_a_page_does_what_it_says(name, page):
    for block in blocks_of((ROOT / name).read_text("utf-8")):
        try:
            page.run(block)
        except BaseException as error:
            error.add_note(f"in {name}, the block that begins in line {block.line}")
            raise


@pytest.mark.parametrize("name", NAMES)
def test_every_block_says_what_it_is(name):
    markdown = (ROOT / name).read_text("utf-8")
    assert {block.language for block in blocks_of(markdown)} <= LANGUAGES
    assert "```" not in prose_of(markdown), "a block does not end"


LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def headings_of(markdown, level=r"#{1,6}"):
    return re.findall(rf"^{level} (.+)$", prose_of(markdown), re.M)


def anchors_of(markdown):
    """Returns what links to the headings of a page are called (as on code hosting sites)."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings_of(markdown)
    }


def links_of(page):
    prose = re.sub(r"`[^`\n]*`", "", prose_of(page.read_text("utf-8")))
    return [link for link in LINK.findall(prose) if "://" not in link]


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name):
    page = ROOT / name
    for link in links_of(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors_of(target.read_text("utf-8")), link


def test_every_page_is_found_from_the_readme():
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in found or page.suffix != ".md":
            continue
        found.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links_of(page)]
    pages = {page for page in PAGES if "adr" not in page.parts and page.name != "SOURCE.md"}
    assert sorted(str(page) for page in pages - found) == []


def test_the_test_of_the_documents_can_fail(page):
    with pytest.raises(AssertionError, match="printed"):
        page.run(Block("console", "$ echo one\ntwo\n", 1))
    with pytest.raises(ZeroDivisionError):
        page.run(Block("python", "1 / 0\n", 1))
    with pytest.raises(Refusal, match="no key"):
        page.run(Block("yaml", "budgett: {ceiling_cents: 1}\n", 1))
    page.run(Block("python", "print('a'); print('b')\n", 1))
    with pytest.raises(AssertionError):
        page.run(Block("output", "a\n", 1))
    page.run(Block("output", "...\nb\n", 1))
    page.run(Block("console", "$ exit 3\n$ echo $?\n3\n", 1))


@pytest.mark.parametrize(
    ("expected", "actual", "fits"),
    [
        ("", "", True),
        ("", "a\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a ... c\n", "a\nc\n", False),
        ("...\nb\n", "a\na\nb\n", True),
        ("a\n", "a  \n", True),
        ("a\n", "a\nb\n", False),
        (".\n", "a\n", False),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(expected, actual, fits):
    assert matches(expected, actual) is fits


def codes_in_headings(page, level="##"):
    """Returns the headings of a level that are written as code, without the marks."""
    found = headings_of((REFERENCE / page).read_text("utf-8"), level)
    return [heading.strip("`") for heading in found if heading.startswith("`")]


def keys_of(schema, at):
    """Yields the keys of a record of the workflow file, at any depth, as the reference writes them."""
    for name, inner in schema.get("properties", {}).items():
        key = f"{at}{name}"
        yield key
        yield from keys_of(inner, f"{key}.")
        rest = inner.get("additionalProperties")
        if isinstance(rest, dict) and rest.get("properties"):
            yield from keys_of(rest, f"{key}.<name>.")
        if isinstance(inner.get("items"), dict):
            yield from keys_of(inner["items"], f"{key}[].")


def test_every_key_of_a_workflow_file_has_a_heading():
    assert codes_in_headings("workflow-file.md", "#{2,5}") == list(keys_of(FILE_SCHEMA, ""))


def test_every_public_name_has_a_heading():
    assert codes_in_headings("python.md") == [f"workc.{name}" for name in workc.__all__]


def test_every_kind_of_event_has_a_heading_and_every_field_is_named():
    assert codes_in_headings("events.md") == list(KINDS)
    sections = re.split(r"^## ", (REFERENCE / "events.md").read_text("utf-8"), flags=re.M)
    for section in sections[1:]:
        kind = section.partition("\n")[0].strip("`")
        for field in KINDS[kind].payload.__struct_fields__ if kind in KINDS else ():
            assert f"`{field}`" in section, f"{kind} does not name {field}"


def exit_codes():
    named = {value for value in vars(exits).values() if isinstance(value, int)}
    return named | {entry.exit for entry in CATALOG.values()}


def test_every_exit_code_has_a_heading():
    found = headings_of((REFERENCE / "exit-codes.md").read_text("utf-8"), "##")
    assert [int(heading.partition(" ")[0]) for heading in found] == sorted(exit_codes())


def test_every_code_of_the_oracle_has_a_heading():
    assert codes_in_headings("findings.md") == list(VERIFY_FAIL_CODES)


def test_every_command_has_a_heading_and_its_help():
    names = [name for name, _ in cli.every_command(click.Context(cli))]
    assert codes_in_headings("command-line.md") == [f"workc {name}" for name in names]
    text = (REFERENCE / "command-line.md").read_text("utf-8")
    for name in names:
        assert f"\n$ workc {name} --help\n" in text


def variables():
    """Yields the environment variable of every option of every command."""
    for name, command in cli.every_command(click.Context(cli)):
        for option in command.params:
            if not isinstance(option, click.Option) or option.name == "help":
                continue
            if not option.allow_from_autoenv:
                continue
            own = option.envvar
            yield own or re.sub("[- ]", "_", f"WORKC_{name}_{option.name}".upper())


def test_every_environment_variable_of_an_option_is_listed():
    text = (REFERENCE / "environment.md").read_text("utf-8")
    assert [name for name in sorted(set(variables())) if f"`{name}`" not in text] == []
    listed = set(re.findall(r"`(WORKC_[A-Z_]+)`", text))
    assert listed - set(variables()) == set()


def rewrite():
    """Puts what ``--help`` prints now into the blocks that show it."""
    os.environ["COLUMNS"] = "100"
    page = Page(ROOT, BASE)

    def fresh(match):
        commands = list(commands_of(match[2]))
        if match[1] != "console" or not all(c.command.endswith("--help") for c in commands):
            return match[0]
        made = "".join(f"$ {c.command}\n{page.execute(c.command)}" for c in commands)
        lines = "".join(line.rstrip() + "\n" for line in made.splitlines())
        return f"```console\n{lines}```"

    for path in PAGES:
        before = path.read_text("utf-8")
        after = FENCE.sub(fresh, before)
        if after != before:
            path.write_text(after, "utf-8")
            print(path.relative_to(ROOT))


def runs_at_import(text):
    """Returns whether a module starts a run when it is imported."""
    unguarded = [
        node
        for node in ast.parse(text).body
        if not isinstance(node, ast.If | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    calls = (call for node in unguarded for call in ast.walk(node) if isinstance(call, ast.Call))
    return any(ast.unparse(call.func) == "workc.run" for call in calls)


@pytest.mark.parametrize("page", NAMES)
def test_no_file_that_a_command_may_name_starts_a_run_when_it_is_imported(page):
    for block in blocks_of((ROOT / page).read_text("utf-8")):
        if block.language == "python" and FILE.match(block.text.partition("\n")[0]):
            assert not runs_at_import(block.text), f"{page}:{block.line}"


if __name__ == "__main__":
    rewrite()
