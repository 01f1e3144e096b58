"""Checks what is written inside texts: references and expressions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from workc.kernel.failure import Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.expressions import compile_expression
from workc.runtime.workflow.facts import UNRESOLVED, Facts, gates_of, members, skill_of
from workc.runtime.workflow.lens import ITEM_PARTS
from workc.runtime.workflow.model import NO_FEEDBACK, SkillInfo
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import suggest
from workc.runtime.workflow.references import (
    MalformedReference,
    Reference,
    parse_template,
    texts_of,
)
from workc.runtime.workflow.resolve_keys import RESOLVED
from workc.runtime.workflow.strategy_keys import OF_STRATEGY
from workc.stages.planner import TOLD

#: Parameters of built-in skills that hold JMESPath, should the skill's own entry not say so.
EXPRESSION_PARAMS: Mapping[str, tuple[str, ...]] = {"json_transform": ("expression",)}

_EXPRESSION_ROOTS = ("inputs", "lens", "steps", "output")
#: What there is by root; None: nobody knows before the run, as of the steps of a plan that is asked for.
_Declared = Mapping[str, frozenset[str] | None]
_FEEDBACK = ("pass", *NO_FEEDBACK)
_SINGULAR = {
    "inputs": "input",
    "steps": "step",
    "secrets": "secret",
    "feedback": "feedback",
    "lens": "item",
    "planning": "planning",
    "strategy": "strategy",
}


def check_references(facts: Facts) -> None:
    """Reports references in ``with``, questions, fallbacks and ``output`` that can never be resolved."""
    declared: _Declared = {
        "inputs": frozenset(facts.section("inputs")),
        "steps": frozenset(facts.section("steps")),
        "secrets": frozenset(facts.secrets),
        "feedback": frozenset({"pass", *NO_FEEDBACK}),
        "lens": frozenset(_items(facts)),
        "planning": frozenset[str](),
        "strategy": frozenset(OF_STRATEGY if facts.items("strategies") else ()),
    }
    resolver = [] if facts.resolver is None else [(RESOLVER, facts.resolver)]
    for use, step in (*resolver, *facts.uses()):
        named = str(skill_of(step))
        skill = facts.known.get(named)
        for name, value in members(step.get("with")).items():
            place: Place = (*use, "with", name)
            no_secrets = None if skill is None else _no_secrets(named, name, skill)
            told = {**declared, **_told(use)}
            _Walk(facts, told, no_secrets).check(place, value)
            _check_key(facts, place)
    for step_id, step in facts.steps():
        fix = "a question holds none; leave it out"
        for place, asked in _questions_of(step):
            question = members(asked).get("question")
            _Walk(facts, declared, fix).check(("steps", step_id, *place, "question"), question)
        fix, value = (
            "a value holds none; leave it out",
            members(step.get("on_failure")).get("value"),
        )
        _Walk(facts, declared, fix).check(("steps", step_id, "on_failure", "value"), value)
    output = members(facts.document.value).get("output")
    declared = {**declared, "steps": None} if facts.plan is not None else declared
    _Walk(facts, declared, "an output holds none; leave it out").check(("output",), output)


#: Where the file says what it gives to the workflow that resolves conflicts of its lens.
RESOLVER: Place = ("lens", "resolve")


def _told(use: Place) -> _Declared:
    """Returns what there is for some uses alone: planners are told more, and before steps there are none."""
    if use == RESOLVER:
        return {"steps": frozenset[str](), "strategy": frozenset[str]()}
    return {"planning": frozenset(TOLD)} if use == ("plan",) else {}


def _items(facts: Facts) -> list[str]:
    """Returns the items of the lens, and what a conflict of it is resolved to."""
    own = [*members(facts.section("lens").get("items"))]
    return own if facts.resolver is None else [*own, RESOLVED]


def _questions_of(step: JsonObject) -> Iterator[tuple[Place, Json]]:
    """Yields what a human is asked before a step: its own approval, and gates that are one."""
    yield ("approval",), step.get("approval")
    for place, gate in gates_of(step):
        yield (*place, "approval"), gate.get("approval")


def _no_secrets(named: str, parameter: str, skill: SkillInfo) -> str | None:
    """Returns where secrets may stand instead, or None for a parameter that takes them."""
    if parameter in skill.secret_params:
        return None
    takes = ", ".join(skill.secret_params)
    return f"{named} takes secrets in {takes}" if takes else f"{named} takes no secrets"


class _Walk:
    """One check of all references in one value."""

    def __init__(self, facts: Facts, declared: _Declared, secrets_fix: str | None) -> None:
        """Takes what to do about a secret that stands there; None if one may."""
        self._facts, self._declared = facts, declared
        self._secrets_fix = secrets_fix

    def check(self, place: Place, value: Json) -> None:
        """Reports the references in ``value`` that cannot be resolved, and those in keys."""
        for below, text in texts_of(value):
            self._check_text((*place, *below), text)
        for below in _keys(value):
            _check_key(self._facts, (*place, *below))

    def _check_text(self, place: Place, text: str) -> None:
        for reference in _references(self._facts, place, text):
            self._check_reference(place, reference)

    def _check_reference(self, place: Place, reference: Reference) -> None:
        names = self._declared[reference.root]
        kind = _SINGULAR[reference.root]
        if names is None:
            return
        if reference.name not in names:
            fix = suggest(reference.name, names, _DECLARE[reference.root])
            message = f"{reference.text[:200]}: there is no {kind} {quoted(reference.name)}"
            self._facts.refuse(place, message, fix, UNRESOLVED)
        elif reference.root == "lens":
            self._check_item(place, reference)
        elif reference.root == "secrets" and self._secrets_fix is not None:
            message = f"{reference.text}: a secret cannot stand here"
            self._facts.refuse(place, message, self._secrets_fix)

    def _check_item(self, place: Place, reference: Reference) -> None:
        part = reference.path[1] if len(reference.path) > 1 else None
        if part is not None and part not in ITEM_PARTS:
            fix = suggest(str(part), ITEM_PARTS, f"it has {', '.join(ITEM_PARTS)}")
            message = f"{reference.text[:200]}: an item has no {quoted(str(part))}"
            self._facts.refuse(place, message, fix, UNRESOLVED)


_DECLARE = {
    "inputs": "declare it under inputs",
    "steps": "write the id of a step",
    "secrets": "list it under secrets",
    "lens": "name it under items of the lens",
    "feedback": f"it has pass, {', '.join(NO_FEEDBACK)}",
    "planning": f"it has {', '.join(TOLD)}, and is told to planners alone",
    "strategy": f"it has {', '.join(OF_STRATEGY)}, where there are strategies",
}


def _references(facts: Facts, place: Place, text: str) -> tuple[Reference, ...]:
    """Returns the references in a text; of a malformed one, those before it."""
    try:
        return parse_template(text).references
    except MalformedReference as error:
        facts.refuse(place, error.failure.message, error.fix, UNRESOLVED)
        return parse_template(text[: error.offset]).references


def _check_key(facts: Facts, place: Place) -> None:
    if isinstance(place[-1], str) and "${" in place[-1]:
        message = f"the key {quoted(place[-1])} is not read for references"
        facts.refuse_key(place, message, "put the reference in a value")


def _keys(value: Json) -> Iterable[Place]:
    """Yields the place of each member of each object in ``value``."""
    pending: list[tuple[Place, Json]] = [((), value)]
    while pending:
        place, item = pending.pop()
        if isinstance(item, dict):
            inner = [((*place, key), item[key]) for key in item]
            yield from (found for found, _ in inner)
            pending.extend(inner)
        elif isinstance(item, list):
            pending.extend(((*place, index), part) for index, part in enumerate(item))


def check_expressions(facts: Facts) -> None:
    """Reports expressions in ``verify`` and in parameters that can never be evaluated."""
    for place, use in facts.uses():
        name = str(use.get("skill"))
        given = members(use.get("with"))
        for param in _expression_params(name, facts.known.get(name)):
            _check_static(facts, (*place, "with", param), given.get(param))
    seen: set[str] = set()
    for index, check in enumerate(facts.items("verify")):
        _check_check(facts, ("verify", index), members(check), seen)


def _expression_params(name: str, skill: SkillInfo | None) -> tuple[str, ...]:
    declared = () if skill is None else skill.expression_params
    return declared or EXPRESSION_PARAMS.get(name, ())


def _check_static(facts: Facts, place: Place, text: Json) -> None:
    """Compiles an expression whose text is known before the run."""
    if not isinstance(text, str):
        return
    try:
        parts = parse_template(text).parts
    except MalformedReference:
        return
    if len(parts) == 1 and isinstance(parts[0], str):
        _compile(facts, place, parts[0])


def _compile(facts: Facts, place: Place, text: str) -> tuple[tuple[str, ...], ...]:
    """Returns the paths that an expression starts at its data; none if it cannot be compiled."""
    try:
        return compile_expression(text).chains
    except Refusal as refusal:
        fix = "name values as steps.x, without ${ }" if "${" in text else "see jmespath.org"
        facts.refuse(place, refusal.failure.message, fix, refusal.failure.code)
        return ()


def _check_check(facts: Facts, place: Place, check: JsonObject, seen: set[str]) -> None:
    check_id, that = check.get("id"), check.get("that")
    if isinstance(check_id, str):
        if check_id in seen:
            facts.refuse(
                (*place, "id"), f"there is already a check {quoted(check_id)}", "rename one"
            )
        seen.add(check_id)
    if isinstance(that, str) and that:
        check_chains(facts, (*place, "that"), that, _EXPRESSION_ROOTS)


def check_chains(
    facts: Facts, place: Place, text: str, roots: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """Reports what is wrong with an expression over ``roots``; returns the paths that it names."""
    chains = _compile(facts, place, text)
    for chain in chains:
        _check_chain(facts, place, chain, roots)
    return chains


def _check_chain(
    facts: Facts, place: Place, chain: tuple[str, ...], roots: tuple[str, ...]
) -> None:
    """Reports a path whose first two names cannot be there."""
    root, *rest = chain
    if root not in roots:
        fix = suggest(root, roots, f"start with {', '.join(roots)}")
        facts.refuse(place, f"there is nothing called {quoted(root)} here", fix, UNRESOLVED)
    elif rest and root in _SINGULAR and not (root == "steps" and facts.plan is not None):
        names = _named(facts, root)
        if rest[0] not in names:
            fix = suggest(rest[0], names, _DECLARE[root])
            message = f"there is no {_SINGULAR[root]} {quoted(rest[0])}"
            facts.refuse(place, message, fix, UNRESOLVED)


def _named(facts: Facts, root: str) -> Collection[str]:
    """Returns what the file declares below a root of expressions, by name."""
    if root == "feedback":
        return _FEEDBACK
    return _items(facts) if root == "lens" else facts.section(root)
