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
from workc.stages.problem import Problem, foreign

_CODE = "INVALID_INPUT"
#: How the words of the JSON reader begin for a text that is no JSON at all.
_NOT_JSON = "not JSON"
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
            problems.append(_no_json(name, given[name], error))
        else:
            problems += _misfits(spec, bound[name])
    if problems:
        raise _refusal(problems, missing)
    return bound


def _refusal(problems: list[str], missing: list[str]) -> Refusal:
    details: dict[str, Json] = {"missing": [*missing], "problems": [*problems]}
    return refuse(_CODE, "; ".join(problems[:5]), **details)


def _unknown(name: str, specs: Mapping[str, InputSpec]) -> str:
    fix = suggest(name, specs, f"there are {', '.join(specs)}" if specs else "there are none")
    return f"there is no input {quoted(name)} ({fix})"


def _misfits(spec: InputSpec, value: Json) -> list[str]:
    return [_misfit(spec.name, problem) for problem in schema.problems(spec.schema, value)]


def _misfit(name: str, problem: Problem) -> str:
    # The name says already that the whole value is meant.
    text = str(problem) if problem.pointer else f"expected {problem.expected}, got {problem.actual}"
    return f"input {name}: {text}"


def _no_json(name: str, value: Json, error: CanonicalError) -> str:
    found = foreign(value)
    return f"input {name}: {error}" if found is None else _misfit(name, found)


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
    except CanonicalError as error:
        raise _not_of_type(spec, text, str(error)) from None
    if schema.problems({"type": spec.type}, value):
        raise _not_of_type(spec, text)
    return value


def _not_of_type(spec: InputSpec, text: str, cause: str = _NOT_JSON) -> Refusal:
    form = _FORMS[spec.type]
    # JSON that cannot be kept as it stands may well be of the type: its own fault is told.
    fault = (
        f"{quoted(text)} is not {form}" if cause.startswith(_NOT_JSON) else f"{cause}; give {form}"
    )
    message = f"input {spec.name}: {fault}"
    return refuse(_CODE, message, input=spec.name, expected=spec.type)
