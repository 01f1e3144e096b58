"""Does in a worker what it is asked to: examples, properties on generated inputs, mutants."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from importlib import import_module
from types import FunctionType
from typing import cast

import msgspec
from msgspec.structs import replace

from workc.adapters.stage_trials.calling import (
    Expired,
    Implementation,
    Modules,
    implementation_of,
)
from workc.adapters.stage_trials.claims import Broken, Halted, Judge
from workc.adapters.stage_trials.limits import limited
from workc.adapters.stage_trials.watching import Watch
from workc.kernel import jcs
from workc.kernel.failure import Refusal
from workc.stages.stage.mutants import Mutant, mutants
from workc.stages.stage.refinements import StageError
from workc.stages.stage.trial import (
    EXPIRED,
    Call,
    Generated,
    Mutation,
    Survivor,
    Task,
    Trial,
)
from workc.stages.stage.value import Stage, stage_of_json

#: A mutant has so many times the time of the code as it is, and this much more.
_PATIENCE, _LEAST_S = 10, 0.25
#: All mutants of a stage have so many times its limit.
_ALL_MUTANTS = 5
#: The flag of ``from __future__ import annotations``: what a mutant is annotated with is not run.
_NO_ANNOTATIONS = 0x1000000
_decode = msgspec.json.Decoder().decode


Does = Callable[[Task, Stage, Implementation, Modules], Trial]


def tried(task: Task, does: Mapping[str, Does], modules: Modules) -> Trial:
    """Returns what a task shows; code that cannot be loaded is said, never raised."""
    if task.what == "load":
        return _loaded(task, modules)
    watch = Watch(task.allowed, task.paths)
    # What a file does while it is imported depends on what was imported before; code is run anew.
    watched = watch.on() if task.origin.code is not None else nullcontext()
    try:
        stage = stage_of_json(task.stage)
        with watched:
            implementation = implementation_of(task.origin, modules)
        trial = does[task.what](task, stage, implementation, modules)
    except StageError as error:
        return Trial(refused=str(error), reached=watch.reached)
    except Expired:
        return Trial(refused=f"it did not end within {task.limit_s:g} s")
    return replace(trial, reached=tuple(sorted({*trial.reached, *watch.reached})))


def _loaded(task: Task, modules: Modules) -> Trial:
    """Returns whether a file can be imported; what it says of itself is read by whoever asks."""
    try:
        with limited(task.limit_s):
            modules.at(task.origin.place)
    except Refusal:
        return Trial()
    except Expired:
        return Trial(calls=(_late(task),))
    return Trial()


def _late(task: Task) -> Call:
    return Call(code=EXPIRED, message=f"it did not end within {task.limit_s:g} s")


def calls_of(
    implementation: Implementation, inputs: Sequence[bytes], order: Sequence[int]
) -> dict[int, Call]:
    """Returns the calls of the inputs, made in this order; each gets a value of its own."""
    call = implementation.call
    return {index: call(_decode(inputs[index])) for index in order}


def _inputs(stage: Stage) -> list[bytes]:
    return [jcs.encode(example.input) for example in stage.examples]


def _examples(task: Task, stage: Stage, implementation: Implementation, _modules: Modules) -> Trial:
    watch = Watch(task.allowed, task.paths)
    inputs = _inputs(stage)
    order = range(len(inputs))
    calls: dict[int, Call] = {}
    try:
        with watch.on(), limited(task.limit_s):
            for index in reversed(order) if task.backwards else order:
                calls |= calls_of(implementation, inputs, [index])
    except Expired:
        # The one it was at is late; those after it were not come to.
        calls |= {index: _late(task) for index in order if index not in calls}
    return Trial(calls=tuple(calls[index] for index in order), reached=watch.reached)


def _properties(
    task: Task, stage: Stage, implementation: Implementation, modules: Modules
) -> Trial:
    watch = Watch(task.allowed, task.paths)
    judge = Judge(stage, implementation, _others(task, modules), task, watch)
    for example in stage.examples:
        try:
            judge(example.input)
        except (Broken, Halted) as found:
            return Trial(generated=_told(0, found, judge), reached=watch.reached)
    if not task.count:
        return Trial(generated=Generated(), reached=watch.reached)
    try:
        # Hypothesis is looked for here alone: whoever runs no properties needs none.
        generating = import_module("workc.adapters.stage_trials.generating")
    except ImportError as error:
        note = f"no inputs were generated: {error.name} is not installed"
        return Trial(generated=Generated(note=note), reached=watch.reached)
    inputs = generating.values_of(stage.signature.input, whole=task.whole)
    tries, broken = generating.search(inputs, judge, task.count, task.seed)
    if broken is not None:
        return Trial(generated=_told(tries, broken, judge), reached=watch.reached)
    note = "" if tries else "no input was generated that the stage takes"
    return Trial(generated=Generated(tried=tries, note=note), reached=watch.reached)


def _told(tries: int, found: Broken | Halted, judge: Judge) -> Generated:
    broken = found.broken if isinstance(found, Halted) else found
    given = jcs.encode(broken.input)
    call = None if isinstance(found, Halted) else judge.called(_decode(given))
    return Generated(
        tried=tries, broken=broken.why, word=broken.word, input=given.decode(), call=call
    )


def _others(task: Task, modules: Modules) -> dict[str, Implementation]:
    return {name: implementation_of(origin, modules) for name, origin in task.others.items()}


def _mutants(task: Task, stage: Stage, implementation: Implementation, _modules: Modules) -> Trial:
    inputs = _inputs(stage)
    name = implementation.function.__name__
    found = mutants(implementation.source, name)
    watch = Watch(task.allowed, task.paths)
    order = range(len(inputs))
    began = time.monotonic()
    with watch.on(), limited(task.limit_s):
        right = calls_of(implementation, inputs, order)
    limit_s = min(task.limit_s, _LEAST_S + _PATIENCE * (time.monotonic() - began))
    survivors: list[Survivor] = []
    for count, mutant in enumerate(found):
        if time.monotonic() - began > _ALL_MUTANTS * task.limit_s:
            note = f"only {count} of {len(found)} changes were tried: the time was over"
            return Trial(mutation=Mutation(mutants=count, survivors=tuple(survivors), note=note))
        if _survives(mutant, implementation, inputs, right, watch, limit_s):
            survivors.append(Survivor(mutant.line, mutant.change))
    return Trial(mutation=Mutation(mutants=len(found), survivors=tuple(survivors)))


def _survives(
    mutant: Mutant,
    implementation: Implementation,
    inputs: Sequence[bytes],
    right: Mapping[int, Call],
    watch: Watch,
    limit_s: float,
) -> bool:
    try:
        with watch.on(), limited(limit_s):
            changed = _compiled(mutant, implementation)
            return all(
                _is_alike(implementation.call(_decode(each), changed), right[index])
                for index, each in enumerate(inputs)
            )
    # A change that cannot even be compiled or called is one that is noticed.
    except (Expired, Exception):  # noqa: BLE001 - see above
        return False


def _compiled(mutant: Mutant, implementation: Implementation) -> FunctionType:
    scope = dict(implementation.scope)
    flags = _NO_ANNOTATIONS
    exec(  # noqa: S102 - it is the code that is tested
        compile(mutant.tree, "<mutant>", "exec", flags=flags, dont_inherit=True), scope
    )
    return cast("FunctionType", scope[implementation.function.__name__])


def _is_alike(one: Call, other: Call) -> bool:
    return replace(one, message="") == replace(other, message="")


#: What a worker can be asked to do.
DOES: Mapping[str, Does] = {
    "examples": _examples,
    "properties": _properties,
    "mutants": _mutants,
}
