"""Binds what is given to what a workflow declares: names, types and defaults of inputs."""

from __future__ import annotations

from collections.abc import Mapping

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.model import InputSpec, WorkflowFile
from workc.runtime.workflow.place import quoted
from workc.runtime.workflow.problems import suggest
from workc.stages import schema

_CODE = "INVALID_INPUT"
_FORMS = {
    "integer": "a whole number, such as 3",
    "number": "a number, such as 2.5",
    "boolean": "true or false",
    "object": 'a JSON object, such as {"a": 1}',
    "array": "a JSON list, such as [1, 2]",
}


def bind_inputs(workflow: WorkflowFile, given: Mapping[str, Json]) -> JsonObject:
    """Returns the value of every declared input, in the order of the file.

    Raises:
        Refusal: ``INVALID_INPUT`` with all problems in the details: unknown names, missing
            inputs, values that do not fit.
    """
    specs = {spec.name: spec for spec in workflow.inputs}
    problems = [_unknown(name, specs) for name in sorted(given) if name not in specs]
    missing = [n for n, spec in specs.items() if n not in given and not spec.has_default]
    problems += [f"the input {quoted(name)} is missing" for name in missing]
    bound: JsonObject = {}
    for name, spec in specs.items():
        if name not in given and not spec.has_default:
            continue
        try:
            bound[name] = jcs.normalise(given.get(name, spec.default))
        except CanonicalError as error:
            problems.append(f"input {name}: {error}")
        else:
            problems += _misfits(spec, bound[name])
    if problems:
        raise _refusal(problems)
    return bound


def _refusal(problems: list[str]) -> Refusal:
    details: dict[str, Json] = {"problems": [*problems]}
    return refuse(_CODE, "; ".join(problems[:5]), **details)


def _unknown(name: str, specs: Mapping[str, InputSpec]) -> str:
    fix = suggest(name, specs, f"there are {', '.join(specs)}" if specs else "there are none")
    return f"there is no input {quoted(name)} ({fix})"


def _misfits(spec: InputSpec, value: Json) -> list[str]:
    found = schema.problems(spec.schema, value)
    return [f"input {spec.name}: {problem}" for problem in found]


def parse_input_text(spec: InputSpec, text: str) -> Json:
    """Returns the value that ``text`` spells for an input, as on a command line.

    For a string that is the text itself; for any other type the text must be JSON of that type.

    Raises:
        Refusal: ``INVALID_INPUT``.
    """
    if spec.type == "string":
        return text
    try:
        value = jcs.parse(text)
    except CanonicalError:
        raise _not_of_type(spec, text) from None
    if schema.problems({"type": spec.type}, value):
        raise _not_of_type(spec, text)
    return value


def _not_of_type(spec: InputSpec, text: str) -> Refusal:
    message = f"input {spec.name}: {quoted(text)} is not {_FORMS[spec.type]}"
    return refuse(_CODE, message, input=spec.name, expected=spec.type)
