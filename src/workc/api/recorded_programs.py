"""Programs of runs that have been: from the recorded text, with the code that is there now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workc.api.child_files import ChildFiles, recorded_files
from workc.api.programs import file_program, find_workflow, function_program
from workc.api.workflows import Skills, Workflow
from workc.kernel.failure import refuse
from workc.kernel.payloads import Body, RunStarted
from workc.kernel.stage_ids import StageIds
from workc.runtime.bodies import Files, load, load_json
from workc.runtime.divergence import Divergence
from workc.runtime.program import Program
from workc.runtime.workflow.facts import CHILD_PREFIX
from workc.skills.prices import load_prices


def recorded_program(
    payload: RunStarted,
    files: Files,
    workflow: Workflow[..., object] | None,
    skills: Skills,
    code: Path,
    never: Path | None = None,
    *,
    with_children: bool,
) -> Program:
    """Returns the program of a run from what it recorded, its code from below ``code``.

    No code below ``never`` is loaded: the bundle's own folder, when it is somebody else's. The code
    of the workflows that it runs is loaded only ``with_children``; their texts are the recorded ones.

    Raises:
        Refusal: ``SKILL_NOT_FOUND`` and what else :func:`file_program` raises.
    """
    text = load(files, payload.program)
    prices = load_prices(load(files, payload.prices))
    texts = {name: load(files, body) for name, body in (payload.programs or {}).items()}
    # The first of the way has no name here: it was another file's when it was recorded.
    children = ChildFiles(recorded_files(texts), ("",), is_deep=with_children)
    if payload.program_kind == "file":
        name = str(payload.program.path).rpartition("/")[2]
        return file_program(text, name, code, skills, prices, never, children).program
    found = workflow or find_workflow(
        _function_name(payload.program, files), code, inside=True, never=never
    )
    # The text is the recorded one: a change of the code is named as such.
    return replace(function_program(found, skills, prices, children), text=text)


def _function_name(body: Body, files: Files) -> str:
    value = load_json(files, Body(form="json", path=body.path, sha256=body.sha256, size=body.size))
    name = value.get("function") if isinstance(value, dict) else None
    if not isinstance(name, str):
        raise refuse("SKILL_NOT_FOUND", "the bundle does not name its workflow function")
    return name


def changed_code(
    payload: RunStarted, program: Program, *, with_children: bool
) -> Iterator[Divergence]:
    """Yields a ``CODE_CHANGED`` for each skill whose code, or stage, is not what was recorded."""
    for name, digest in payload.code.items():
        if not with_children and name.startswith(CHILD_PREFIX):
            continue
        now = program.code.get(name)
        if now != digest:
            yield Divergence(
                code="CODE_CHANGED",
                message=f"the code of {name} is not the code that was recorded",
                step=None,
                pointer=f"/code/{name}",
                recorded=digest,
                now=now or "nothing",
            )
        else:
            yield from _changed_stage(name, payload, program)


def _changed_stage(name: str, payload: RunStarted, program: Program) -> Iterator[Divergence]:
    """Yields a divergence if a skill of the same code is another stage than was recorded.

    Of a run that recorded no ids at all nothing is known, so nothing is said.
    """
    if not payload.stages:
        return
    recorded, now = payload.stages.get(name), program.stages.get(name)
    if now != recorded:
        yield Divergence(
            code="CODE_CHANGED",
            message=f"the stage {name} is not the stage that was recorded",
            step=None,
            pointer=f"/stages/{name}",
            recorded=_shown(recorded),
            now=_shown(now),
        )


def _shown(ids: StageIds | None) -> str:
    return "no stage" if ids is None else f"stage {ids.stage_id}, evidence {ids.evidence_id}"
