"""What the oracle says as lines: whether it passed, every finding, what was not checked."""

from __future__ import annotations

from workc.cli.state import State
from workc.cli.text import MAX_ARGUMENT, printable
from workc.kernel.values import JsonObject
from workc.verify.verdict import Verdict

#: So many findings of a child are shown; all of them stand in its own verdict.
MAX_OF_CHILD = 3


def show_verdict(state: State, path: str, verdict: Verdict, instead: str | None = None) -> None:
    """Writes the verdict on a bundle, or on what stands there ``instead`` of one."""
    show_head(state, path, verdict)
    if verdict.ok:
        state.out(f"  digest  {verdict.proof_digest}")
        state.out(f"  run     {printable(verdict.run_id or '')}")
        for signer in verdict.signers:
            state.out(f"  signed  {printable(signer.name)}  keyid {signer.keyid}")
    for child in verdict.children:
        _show_child(state, child)
    if instead is None:
        show_findings(state, verdict)
        return
    state.out(f"  this is no bundle: it is {instead}")
    _show_failures(state, verdict)
    state.out(state.console.paint("  - not checked  anything else", "weak"))


def show_head(state: State, path: str, verdict: Verdict) -> None:
    """Writes whether it passed."""
    paint, shown = state.console.paint, printable(path, MAX_ARGUMENT)
    if verdict.ok:
        state.out(f"{paint('✓ PASS', 'good')}  {shown}")
        return
    why = "  (cannot be judged)" if verdict.undecided else ""
    state.out(f"{paint('✗ FAIL', 'bad')}  {shown}{why}")


def show_findings(state: State, verdict: Verdict) -> None:
    """Writes every finding, and what was not checked: each point of a PASS, of a FAIL their names."""
    _show_failures(state, verdict)
    points = [("not checked", text) for text in _open_points(verdict)]
    for name, text in [*points, *(("note", text) for text in verdict.notes)]:
        state.out(state.console.paint(f"  - {name}  {printable(text, 1000)}", "weak"))


def _show_failures(state: State, verdict: Verdict) -> None:
    for finding in verdict.failures:
        for line in finding_lines(finding.to_json()):
            state.out(f"  {line}")


def _open_points(verdict: Verdict) -> tuple[str, ...]:
    if verdict.ok or not verdict.not_checked:
        return verdict.not_checked
    names = (text.partition(":")[0] for text in verdict.not_checked)
    # A step that could not run and what no bundle proves may have one name.
    return (", ".join(dict.fromkeys(names)),)


def _show_child(state: State, child: Verdict, depth: int = 1) -> None:
    paint = state.console.paint
    mark = paint("✓ PASS", "good") if child.ok else paint("✗ FAIL", "bad")
    state.out(f"  {'  ' * depth}{mark}  child {printable(str(child.run_id))}")
    for finding in child.failures[:MAX_OF_CHILD]:
        for line in finding_lines(finding.to_json()):
            state.out(f"    {'  ' * depth}{line}")
    for grandchild in child.children:
        _show_child(state, grandchild, depth + 1)


def finding_lines(found: JsonObject) -> list[str]:
    """Returns a finding as lines: what, where, and what was expected."""
    where = str(found["path"])
    if "line" in found:
        where += f":{found['line']}"
    if "pointer" in found:
        where += f" {found['pointer']}"
    lines = [
        f"{found['code']}  step {found['step']}  {printable(where)}",
        f"    {printable(str(found['message']))}  (rule {found['rule']})",
    ]
    pairs = ((name, found[name]) for name in ("expected", "actual") if name in found)
    return [*lines, *(f"    {name:8}  {printable(str(value))}" for name, value in pairs)]
