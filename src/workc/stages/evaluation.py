"""Evaluates a checked schema over a JSON value: one small rule per keyword, two tables.

A rule of :data:`ASSERTIONS` answers what is wrong at this place; one of :data:`APPLICATORS`
names the parts of schema and value to look at next. A rule of :data:`CHOICES` asks whether parts
hold before it answers. Parts and questions wait on stacks, so that depth costs no Python frames.
Names are walked in sorted order, so that the order of an object's members never shows.

The schema must have passed ``workc.stages.schema.check_schema``, the value
``workc.stages.problem.foreign``. Rules follow JSON Schema 2020-12 (core section 10, validation
section 6); a pattern is a Python ``re`` and, like there, not anchored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import TypeAlias, cast

import msgspec

from workc.kernel.values import Json, JsonObject
from workc.stages.effects import SecretText
from workc.stages.problem import (
    MAX_NODES,
    Problem,
    below,
    identity,
    kind,
    listed,
    show,
)

#: How many problems are collected; more would not be read.
MAX_PROBLEMS = 20
#: How many schema-meets-value steps one evaluation makes before it gives up.
MAX_STEPS = 2 * MAX_NODES


class Part(msgspec.Struct, frozen=True):
    """One schema to hold against one value at one place."""

    schema: JsonObject
    value: Json
    pointer: str

    def at(self, token: str | int, schema: Json, value: Json) -> Part:
        """Returns the part for a member of this value."""
        return Part(cast("JsonObject", schema), value, below(self.pointer, token))

    def here(self, schema: Json) -> Part:
        """Returns the part that holds another schema against the same value."""
        return Part(cast("JsonObject", schema), self.value, self.pointer)

    def problem(self, expected: str, actual: str | None = None) -> Problem:
        """Returns a problem of this place; what stands there is shown unless ``actual`` is given."""
        return Problem(self.pointer, expected, show(self.value) if actual is None else actual)


class Question(msgspec.Struct, frozen=True):
    """Asks what is wrong with a part, at most ``limit`` problems."""

    part: Part
    limit: int


#: A rule that asks before it answers with what is wrong.
Asking: TypeAlias = Generator[Question, "list[Problem]", "list[Problem]"]


class Spent(Exception):
    """The evaluation took more than its steps; carries the place where it stopped."""

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer


class Run:
    """One evaluation: the definitions of the schema and the steps that are left."""

    def __init__(self, definitions: dict[str, JsonObject], steps: int = MAX_STEPS) -> None:
        self.definitions = definitions
        self._left = steps
        self._known: dict[tuple[int, int], bool] = {}

    def problems(self, start: Part, limit: int = MAX_PROBLEMS) -> list[Problem]:
        """Returns what is wrong, outer places first, at most ``limit``.

        Raises:
            Spent: when the steps are used up.
        """
        waiting = [self._judged(Question(start, limit))]
        answer: list[Problem] | None = None
        while waiting:
            try:
                # A generator that has not begun takes None only, which is what it gets.
                question = waiting[-1].send(cast("list[Problem]", answer))
            except StopIteration as done:
                waiting.pop()
                answer = cast("list[Problem]", done.value)
            else:
                waiting.append(self._judged(question))
                answer = None
        return answer or []

    def _judged(self, question: Question) -> Asking:
        found: list[Problem] = []
        stack = [iter([question.part])]
        while stack and len(found) < question.limit:
            part = next(stack[-1], None)
            if part is None:
                stack.pop()
                continue
            self._spend(part)
            found.extend(islice(_asserted(part), question.limit))
            for word in [each for each in CHOICES if each in part.schema]:
                schemas = cast("list[JsonObject]", part.schema[word])
                choice = CHOICES[word](self, Question(part, question.limit), schemas)
                found.extend((yield from choice))
            stack.append(self._applied(part))
        return found[: question.limit]

    def holds(self, part: Part) -> Generator[Question, list[Problem], bool]:
        """Answers whether nothing is wrong; asks once for each pair of schema and value.

        Without the memory, alternatives that contain one another cost time exponential in depth.
        Both objects live as long as this run, so that their ids stand for them.
        """
        key = (id(part.schema), id(part.value))
        if key not in self._known:
            self._known[key] = not (yield Question(part, 1))
        return self._known[key]

    def _spend(self, part: Part) -> None:
        self._left -= 1
        if self._left < 0:
            raise Spent(part.pointer)

    def _applied(self, part: Part) -> Iterator[Part]:
        for word, rule in APPLICATORS.items():
            if word in part.schema:
                yield from rule(self, part, part.schema[word])


def _asserted(part: Part) -> Iterator[Problem]:
    for word, rule in ASSERTIONS.items():
        if word in part.schema:
            yield from rule(part, part.schema[word])


Assertion: TypeAlias = Callable[[Part, Json], Iterable[Problem]]
Applicator: TypeAlias = Callable[[Run, Part, Json], Iterable[Part]]
Choice: TypeAlias = Callable[[Run, Question, "list[JsonObject]"], Asking]


def is_type(name: Json, value: Json) -> bool:
    """Says whether a value has a JSON Schema type; a number without a fraction is an integer."""
    actual = kind(value)
    return actual == name or (name == "number" and actual == "integer")


def _type(part: Part, wanted: Json) -> Iterator[Problem]:
    names = wanted if isinstance(wanted, list) else [wanted]
    if not any(is_type(name, part.value) for name in names):
        yield part.problem(" or ".join(str(name) for name in names))


def _enum(part: Part, allowed: Json) -> Iterator[Problem]:
    values = cast("list[Json]", allowed)
    if not any(_same(part.value, each) for each in values):
        one_of = f"one of {listed(values)}" if len(values) > 1 else listed(values)
        yield part.problem(one_of)


def _const(part: Part, wanted: Json) -> Iterator[Problem]:
    return _enum(part, [wanted])


def _same(value: Json, wanted: Json) -> bool:
    # What a secret holds is not known here, so it may equal any string.
    if isinstance(cast("object", value), SecretText):
        return isinstance(wanted, str)
    return identity(value) == identity(wanted)


def _minimum(part: Part, bound: Json) -> Iterator[Problem]:
    if (number := _as_number(part.value)) is not None and number < cast("float", bound):
        yield part.problem(f"at least {bound}")


def _maximum(part: Part, bound: Json) -> Iterator[Problem]:
    if (number := _as_number(part.value)) is not None and number > cast("float", bound):
        yield part.problem(f"at most {bound}")


def _exclusive_minimum(part: Part, bound: Json) -> Iterator[Problem]:
    if (number := _as_number(part.value)) is not None and number <= cast("float", bound):
        yield part.problem(f"more than {bound}")


def _exclusive_maximum(part: Part, bound: Json) -> Iterator[Problem]:
    if (number := _as_number(part.value)) is not None and number >= cast("float", bound):
        yield part.problem(f"less than {bound}")


def _as_number(value: Json) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return cast("float", value) if is_number else None


def _min_length(part: Part, bound: Json) -> Iterator[Problem]:
    if isinstance(part.value, str) and len(part.value) < cast("int", bound):
        yield part.problem(f"at least {bound} characters")


def _max_length(part: Part, bound: Json) -> Iterator[Problem]:
    if isinstance(part.value, str) and len(part.value) > cast("int", bound):
        yield part.problem(f"at most {bound} characters")


def _pattern(part: Part, pattern: Json) -> Iterator[Problem]:
    if isinstance(part.value, str) and re.search(cast("str", pattern), part.value) is None:
        yield part.problem(f"text that matches {pattern}")


def _min_items(part: Part, bound: Json) -> Iterator[Problem]:
    if isinstance(part.value, list) and len(part.value) < cast("int", bound):
        yield part.problem(f"at least {bound} items")


def _max_items(part: Part, bound: Json) -> Iterator[Problem]:
    if isinstance(part.value, list) and len(part.value) > cast("int", bound):
        yield part.problem(f"at most {bound} items")


def _unique_items(part: Part, wanted: Json) -> Iterator[Problem]:
    if not (isinstance(part.value, list) and wanted):
        return
    seen: dict[object, int] = {}
    for index, member in enumerate(part.value):
        first = seen.setdefault(identity(member), index)
        if first != index:
            yield part.problem("items that differ", f"items {first} and {index} alike")
            return


def _required(part: Part, names: Json) -> Iterator[Problem]:
    if isinstance(part.value, dict):
        missing = sorted(set(cast("list[str]", names)) - part.value.keys())
        for name in missing:
            yield Problem(below(part.pointer, name), "a value", "nothing")


def _additional(part: Part, allowed: Json) -> Iterator[Problem]:
    if allowed is not False:
        return
    for name in islice(_surplus(part), MAX_PROBLEMS):
        known = sorted(cast("JsonObject", part.schema.get("properties", {})))
        expected = f"only {listed(known)}" if known else "no members"
        yield Problem(below(part.pointer, name), expected, "a member of another name")


def _surplus(part: Part) -> list[str]:
    if not isinstance(part.value, dict):
        return []
    return sorted(part.value.keys() - cast("JsonObject", part.schema.get("properties", {})).keys())


def _in_additional(_: Run, part: Part, schema: Json) -> Iterator[Part]:
    if isinstance(schema, dict) and isinstance(part.value, dict):
        for name in _surplus(part):
            yield part.at(name, schema, part.value[name])


def _in_properties(_: Run, part: Part, schemas: Json) -> Iterator[Part]:
    if isinstance(part.value, dict):
        known = cast("JsonObject", schemas)
        for name in sorted(known.keys() & part.value.keys()):
            yield part.at(name, known[name], part.value[name])


def _in_prefix(_: Run, part: Part, schemas: Json) -> Iterator[Part]:
    if isinstance(part.value, list):
        pairs = zip(cast("list[Json]", schemas), part.value, strict=False)
        for index, (schema, member) in enumerate(pairs):
            yield part.at(index, schema, member)


def _in_items(_: Run, part: Part, schema: Json) -> Iterator[Part]:
    if isinstance(part.value, list):
        skipped = len(cast("list[Json]", part.schema.get("prefixItems", [])))
        for index, member in islice(enumerate(part.value), skipped, None):
            yield part.at(index, schema, member)


def _in_all(_: Run, part: Part, schemas: Json) -> Iterator[Part]:
    return (part.here(schema) for schema in cast("list[Json]", schemas))


def _in_reference(run: Run, part: Part, reference: Json) -> Iterator[Part]:
    yield part.here(run.definitions[cast("str", reference)])


def _any_of(run: Run, asked: Question, schemas: list[JsonObject]) -> Asking:
    for schema in schemas:
        if (yield from run.holds(asked.part.here(schema))):
            return []
    return (yield from _closest(run, asked, schemas))


def _one_of(run: Run, asked: Question, schemas: list[JsonObject]) -> Asking:
    fitting: list[int] = []
    for index, schema in enumerate(schemas):
        if (yield from run.holds(asked.part.here(schema))):
            fitting.append(index)
    if not fitting:
        return (yield from _closest(run, asked, schemas))
    if len(fitting) > 1:
        several = f"alternatives {listed(fitting)}"
        return [asked.part.problem("exactly one alternative to fit", several)]
    return []


def _closest(run: Run, asked: Question, schemas: list[JsonObject]) -> Asking:
    # When only one alternative is of the value's type, what that one says is what helps. Who
    # asks for one problem asks whether there is any: looking closer at each level is quadratic.
    part = asked.part
    near = [schema for schema in schemas if _near(run, part.value, schema)]
    if len(near) == 1 and asked.limit > 1:
        return (yield Question(part.here(near[0]), asked.limit))
    return [part.problem(" or ".join(_named(run, schema) for schema in schemas))]


def _near(run: Run, value: Json, schema: JsonObject) -> bool:
    wanted = _resolved(run, schema).get("type")
    if wanted is None:
        return not {"const", "enum"} & _resolved(run, schema).keys()
    return any(is_type(name, value) for name in (wanted if isinstance(wanted, list) else [wanted]))


def _resolved(run: Run, schema: JsonObject) -> JsonObject:
    # A checked schema has no reference that leads back to itself without a member in between.
    while "$ref" in schema:
        schema = run.definitions[cast("str", schema["$ref"])]
    return schema


def _named(run: Run, schema: JsonObject) -> str:
    resolved = _resolved(run, schema)
    if "const" in resolved:
        return listed([resolved["const"]])
    if "enum" in resolved:
        return f"one of {listed(cast('list[Json]', resolved['enum']))}"
    wanted = resolved.get("type", resolved.get("title", "another form"))
    return " or ".join(str(name) for name in (wanted if isinstance(wanted, list) else [wanted]))


#: The keywords that say something about the value itself, in the order they are reported.
ASSERTIONS: dict[str, Assertion] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _exclusive_minimum,
    "exclusiveMaximum": _exclusive_maximum,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "minItems": _min_items,
    "maxItems": _max_items,
    "uniqueItems": _unique_items,
    "required": _required,
    "additionalProperties": _additional,
}

#: The keywords of which one alternative has to hold.
CHOICES: dict[str, Choice] = {"anyOf": _any_of, "oneOf": _one_of}

#: The keywords that hold further schemas against the value or its members.
APPLICATORS: dict[str, Applicator] = {
    "$ref": _in_reference,
    "allOf": _in_all,
    "properties": _in_properties,
    "additionalProperties": _in_additional,
    "prefixItems": _in_prefix,
    "items": _in_items,
}
