"""The secrets of a run: which it may use, that none stands in the open, and that none is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from workc.adapters.redaction import RedactionPass, Redactor
from workc.api.settings import Settings
from workc.api.standing_in import StandIn
from workc.kernel import jcs
from workc.kernel.failure import Failure, Refusal, refuse
from workc.kernel.values import Json, JsonObject
from workc.runtime.child_step import children_in
from workc.runtime.program import Program
from workc.runtime.workflow.model import StepSpec
from workc.runtime.workflow.references import references_of
from workc.skills.llm_invoke import KEY_NAMES
from workc.stages.skill import Result

_KEYS = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")
#: No provider gives out keys as short as this.
_REAL_KEY_CHARS = 16


def secret_values(environment: Mapping[str, str], program: Program) -> dict[str, str]:
    """Returns the secrets a run may use, by name: those it declares and the providers' keys."""
    names = sorted({*program.secrets, *(_KEYS if _may_ask_models(program) else ())})
    return {name: environment[name] for name in names if environment.get(name)}


def recorded_texts(program: Program, settings: Settings) -> tuple[bytes, dict[str, bytes]]:
    """Returns a program and those that it runs as the bundle keeps them.

    The source of a function is kept without secrets: it is there to be read, and is not what a
    replay runs. A test may well set a key in it. A file holds none, or its run was refused.
    """
    if program.kind == "file":
        return program.text, dict(program.programs)
    cleaning = Redactor(secret_values(settings.environment, program)).start()
    texts = {name: cleaning.data(text) for name, text in sorted(program.programs.items())}
    return cleaning.data(program.text), texts


def _may_ask_models(program: Program) -> bool:
    return (
        program.kind == "function"
        or any(step.skill == "llm_invoke" for step in program.named_uses)
        or (program.plan is not None and "llm_invoke" in program.plan.allow)
        or any(_may_ask_models(child.program) for child in children_in(program.skills).values())
    )


def refuse_open_secrets(program: Program, inputs: JsonObject, settings: Settings) -> None:
    """Refuses a workflow file or inputs that hold a secret in the open: both stand in the bundle.

    Raises:
        Refusal: ``INVALID_INPUT``, naming the secret and never its value.
    """
    values = secret_values(settings.environment, program)
    # A short provider key is a stand-in such as "test", which may well be a word of the program.
    sought = {
        name: value
        for name, value in values.items()
        if name in program.secrets or len(value) >= _REAL_KEY_CHARS
    }
    held = [("input", jcs.encode(inputs))]
    if program.kind == "file":
        held.append(("workflow", program.text))
        held += ((f"workflow {name}", text) for name, text in sorted(program.programs.items()))
    for what, data in held:
        found = sorted({name for cut in Redactor(sought).find(data) for name in cut.names})
        if found:
            message = f"the {what} holds the value of {found[0]}; name it instead: ${{secrets.{found[0]}}}"
            raise refuse("INVALID_INPUT", message, secrets=list[Json](found))


def refuse_unset_secrets(
    program: Program, settings: Settings, stand_in: StandIn | None = None
) -> None:
    """Refuses a run that would send a secret that is not set: nothing is spent before that is found.

    Raises:
        Refusal: ``UNAUTHORIZED``, naming every variable that is not set or is empty.
    """
    if settings.ports is not None or stand_in is not None:
        # Nothing is sent where somebody stands in; a port that does send names what it lacks.
        return
    unset = [name for name in secrets_used(program) if not settings.environment.get(name)]
    if unset:
        what = "variable is" if len(unset) == 1 else "variables are"
        message = f"set {', '.join(unset)}: the environment {what} not set or empty"
        raise refuse("UNAUTHORIZED", message, variable=unset[0], variables=list[Json](unset))


def secrets_used(program: Program) -> list[str]:
    """Returns the variables that a run will need, as far as its text says so, in order of steps.

    Of a function all that it declares; of a file what its steps name, and the key of each model.
    """
    if program.kind == "function":
        return list(program.secrets)
    children = children_in(program.skills)
    theirs = [name for child in children.values() for name in secrets_used(child.program)]
    named = [name for step in program.named_uses for name in _named_by(step)]
    # Before the first step nothing was spent, and its model or price may be what is wrong.
    standard = [name for step in program.named_uses[1:] for name in _standard_key(step)]
    return list(dict.fromkeys([*named, *standard, *theirs]))


def _named_by(step: StepSpec) -> Iterator[str]:
    yield from (each.name for each in references_of(step.params) if each.root == "secrets")
    key = step.params.get("api_key_env")
    if step.skill == "llm_invoke" and isinstance(key, str) and key and "${" not in key:
        yield key


def _standard_key(step: StepSpec) -> Iterator[str]:
    if step.skill == "llm_invoke" and step.params.get("api_key_env") is None:
        provider = step.params.get("provider", "openai")
        yield from (key for name, key in KEY_NAMES.items() if name == provider)


def cleaner(secrets: Mapping[str, str]) -> Callable[[Result], Result]:
    """Returns what takes secrets out of the result of a function that may have read them."""
    redactor = Redactor(secrets)

    def clean(result: Result) -> Result:
        if not secrets:
            return result
        cleaning = redactor.start()
        try:
            return _cleaned(cleaning, result)
        except Refusal as refusal:
            return Result(failure=refusal.failure)

    return clean


def _cleaned(cleaning: RedactionPass, result: Result) -> Result:
    failure = result.failure
    if failure is not None:
        details = cleaning.value(failure.details)
        failure = Failure(
            code=failure.code,
            message=cleaning.text(failure.message),
            details=details if isinstance(details, dict) else {},
            retry_after_ms=failure.retry_after_ms,
        )
    return Result(cleaning.value(result.value), failure)
