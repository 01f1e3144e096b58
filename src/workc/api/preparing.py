"""What a command line gives a workflow: its file or function, and inputs as text.

Inputs are typed by what the workflow declares, so that ``n=3`` is a number where a number is
wanted and the text ``3`` where a text is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workc.api.named_file import read_file
from workc.api.programs import FileProgram, find_workflow
from workc.api.running import Job
from workc.api.runtime import Runtime
from workc.api.workflows import Workflow
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import refuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.facts import listed, members
from workc.runtime.workflow.inputs import parse_input_text
from workc.stages import schema


def load(target: str, runtime: Runtime) -> FileProgram | Workflow[..., object]:
    """Returns the workflow that ``file.yaml``, ``file.py:name`` or ``module:name`` names.

    Raises:
        InvalidWorkflow: the file has problems; it says all of them.
        Refusal: there is no such file or function.
    """
    path = Path(target)
    module, colon, name = target.rpartition(":")
    if colon and ("\0" in target or not path.exists()):
        if module.endswith(".py"):
            read_file(Path(module))
        if not module or not name:
            raise refuse(
                "INVALID_INPUT", f"{target!r} is neither file:function nor module:function"
            )
        return find_workflow(target, Path.cwd())
    read_file(path)
    if path.suffix == ".py":
        raise refuse("INVALID_INPUT", f"{path} is Python; name its workflow: {path}:NAME")
    return runtime.load(path)


def typed_inputs(
    found: FileProgram | Workflow[..., object],
    texts: Mapping[str, str],
    values: Mapping[str, Json],
) -> JsonObject:
    """Returns inputs as values: ``values`` as they are, ``texts`` over them as they are typed.

    Raises:
        Refusal: ``INVALID_INPUT``, naming the input.
    """
    if isinstance(found, FileProgram):
        specs = {spec.name: spec for spec in found.workflow.inputs}
        parsed = {
            name: parse_input_text(specs[name], text) if name in specs else text
            for name, text in texts.items()
        }
    else:
        parsed = {name: _guess(found, name, text) for name, text in texts.items()}
    return {**values, **parsed}


def _guess(workflow: Workflow[..., object], name: str, text: str) -> Json:
    """Returns the JSON that a text spells if the function takes that, else the text itself.

    What takes no text is given the JSON, right or wrong, so that what is said of it is about that.
    """
    whole = workflow.inputs.input_schema
    wanted = members(members(whole.get("properties")).get(name))
    definitions = members(whole.get("$defs"))
    takes_text = _takes_text(wanted, definitions)
    try:
        value = jcs.parse(text)
    except CanonicalError as error:
        if takes_text or str(error).startswith("not JSON"):
            return text
        raise refuse("INVALID_INPUT", f"input {name}: {error}", input=name) from None
    if not takes_text:
        return value
    return text if schema.problems({**wanted, "$defs": definitions}, value) else value


def _takes_text(wanted: JsonObject, definitions: JsonObject) -> bool:
    """Says whether some text may fit a checked schema, by its types alone."""
    waiting, seen = [wanted], set[str]()
    while waiting:
        current = waiting.pop()
        for word in ("allOf", "anyOf", "oneOf"):
            waiting += [members(each) for each in listed(current.get(word))]
        reference = str(current.get("$ref", "")).removeprefix("#/$defs/")
        if reference in definitions and reference not in seen:
            seen.add(reference)
            waiting.append(members(definitions[reference]))
        if _names_text(current):
            return True
    return False


def _names_text(wanted: JsonObject) -> bool:
    if "type" in wanted:
        return "string" in (wanted["type"], *listed(wanted["type"]))
    values = [*listed(wanted.get("enum")), *([wanted["const"]] if "const" in wanted else [])]
    open_to_all = not {"enum", "const", "anyOf", "oneOf", "allOf", "$ref"} & wanted.keys()
    return open_to_all or any(isinstance(value, str) for value in values)


def parse_inputs(data: bytes, name: str) -> JsonObject:
    """Returns the inputs of a JSON file.

    Raises:
        Refusal: ``INVALID_INPUT`` unless it is a JSON object.
    """
    try:
        value = jcs.parse(data)
    except CanonicalError as error:
        raise refuse("INVALID_INPUT", f"{name}: {error}") from None
    if not isinstance(value, dict):
        raise refuse("INVALID_INPUT", f"{name} holds no JSON object")
    return value


def make_job(
    target: str,
    runtime: Runtime,
    texts: Mapping[str, str],
    values: Mapping[str, Json],
) -> Job:
    """Returns the job of a workflow with its inputs typed; raises what :func:`load` does.

    Raises:
        Refusal: also ``INVALID_INPUT`` with everything that is wrong with the inputs.
    """
    found = load(target, runtime)
    inputs = typed_inputs(found, texts, values)
    return runtime.prepare(found, inputs)
