"""Scripts: what each partner of a simulated run answers, as values and as JSON.

Names and shapes are those of the testing specification that format 0.1 comes from, sections 3
to 5, written in JSON as serde writes its types. All are closed: another member is refused. What
goes without saying may be left out when a scenario is read; it is always written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

from workc.sim.bounded import U32, U64, Permille
from workc.sim.scenario.variant import Variant
from workc.verify.signatures.timestamps import to_ms

#: The function of a module: a Python file, or a name as it is imported by.
FUNCTION = r"^[^:]+:[A-Za-z_][A-Za-z0-9_]*$"


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value of a scenario; two with the same members are the same.

    Members in ``ADDED`` are beyond the testing specification, and written only where they say more
    than when they are left out.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset()


def default_of(field: msgspec.structs.FieldInfo) -> object:
    """Returns what a member of a script is when it is left out; a mark of its own if it must be said."""
    made = field.default_factory
    return field.default if made is msgspec.NODEFAULT else made()


class LensItem(Script, frozen=True, kw_only=True):
    """One thing that the work is shown before it decides; ``ts_utc`` dates it (RFC 3339).

    ``sha256`` is what its source says of the value; it is held against the value when it is shown.
    """

    key: str
    value: str
    source: str
    ts_utc: str
    sha256: str

    def __post_init__(self) -> None:
        """Refuses what is no date: the item would pass for one of today."""
        if to_ms(self.ts_utc) is None:
            example = "write it as 2026-01-31T12:00:00Z, in UTC, from 1970 to 9999"
            raise ValueError(f"ts_utc {self.ts_utc[:64]!a} is no date; {example}")


class LensQuality(Script, frozen=True, kw_only=True):
    """How good a lens is; ``conflict_permille`` 1000 means that nothing contradicts."""

    coverage_permille: Permille
    freshness_permille: Permille
    conflict_permille: Permille
    provenance_permille: Permille


class LensScript(Script, frozen=True, kw_only=True):
    """What Observe finds; without ``quality_override`` its quality is computed."""

    items: tuple[LensItem, ...] = ()
    quality_override: LensQuality | None = None


class IntentScript(Script, frozen=True, kw_only=True):
    """What is wanted, and by whom: ``human`` or ``parent_loop``."""

    description: str
    source: str = "human"


class EffectScript(Script, frozen=True, kw_only=True):
    """An effect that a step declares: an operation and a selector."""

    op: str
    selector: str


class ActionScript(Variant):
    """What a step does: one of the kinds, which also stand here by their names.

    ``Ask`` and ``Call`` are beyond the testing specification.
    """

    __slots__ = ()

    WriteFile: ClassVar[type[_WriteFile]]
    ReadFile: ClassVar[type[_ReadFile]]
    Exec: ClassVar[type[_Exec]]
    Network: ClassVar[type[_Network]]
    Publish: ClassVar[type[_Publish]]
    Ask: ClassVar[type[_Ask]]
    Call: ClassVar[type[_Call]]


class WriteFile(Script, ActionScript, frozen=True, kw_only=True):
    """A file is written whose contents have this digest."""

    path: str
    contents_sha256: str


class ReadFile(Script, ActionScript, frozen=True, kw_only=True):
    """A file is read."""

    path: str


class Exec(Script, ActionScript, frozen=True, kw_only=True):
    """A program is run; ``argv`` are its arguments."""

    program: str
    argv: tuple[str, ...] = ()


class Network(Script, ActionScript, frozen=True, kw_only=True):
    """A host is asked for a path."""

    host: str
    path: str


class Publish(Script, ActionScript, frozen=True, kw_only=True):
    """Something is published."""

    destination: str


class Ask(Script, ActionScript, frozen=True, kw_only=True):
    """A model is asked, which is paid for: so many tokens in and out."""

    model: str
    max_tokens: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    tokens_in: U32 = 10
    tokens_out: U32 = 10


class Call(Script, ActionScript, frozen=True, kw_only=True):
    """A function of one's own is called: ``FILE.py:NAME``, seen from where the scenario is run.

    ``params`` are what it is given, as in a workflow file; what it gives and fails with is its own.
    """

    skill: Annotated[str, Meta(pattern=FUNCTION, max_length=300)]
    params: dict[str, Any] = msgspec.field(name="with", default_factory=dict[str, Any])


class PlanStepScript(Script, frozen=True, kw_only=True):
    """One step: the resources it claims, the effects it declares, and what it does.

    It comes after the steps that ``after`` names; without it, after the one before. ``delay_ms`` is how
    long its action takes in virtual time.
    """

    ADDED: ClassVar[frozenset[str]] = frozenset({"after", "delay_ms"})

    name: str
    resources: tuple[str, ...] = ()
    effects: tuple[EffectScript, ...] = ()
    action: ActionScript
    after: tuple[str, ...] | None = None
    delay_ms: U64 = 0


class PlanScript(Script, frozen=True, kw_only=True):
    """What Decide chooses: steps, or intents of children."""

    steps: tuple[PlanStepScript, ...] = ()
    complex_decompose: tuple[IntentScript, ...] | None = None


class GateDecision(Script, frozen=True, kw_only=True):
    """What a gate of the step at this index, from 0, says."""

    at_step: U64
    # The name is the specification's.
    passed: bool = msgspec.field(name="pass")
    code: str = ""
    message: str = ""


class GateScript(Script, frozen=True, kw_only=True):
    """The decisions of gates before and after steps; where none is said, a gate passes."""

    pre: tuple[GateDecision, ...] = ()
    post: tuple[GateDecision, ...] = ()


class CheckScript(Script, frozen=True, kw_only=True):
    """What a check says, and where its evidence is."""

    check: str
    passed: bool = msgspec.field(name="pass")
    evidence_path: str = ""
    evidence_sha256: str = ""


class VerifyScript(Script, frozen=True, kw_only=True):
    """What Verify finds."""

    results: tuple[CheckScript, ...] = ()


class ConflictResolution(Variant):
    """What becomes of a claim that meets a lock: one of the kinds, which also stand here."""

    __slots__ = ()

    WaitThenAcquire: ClassVar[type[_WaitThenAcquire]]
    Fail: ClassVar[type[_Fail]]
    ForceReleaseThenAcquire: ClassVar[type[_ForceReleaseThenAcquire]]


class WaitThenAcquire(Script, ConflictResolution, frozen=True, kw_only=True):
    """The claim waits so long, and then holds the lock."""

    wait_ms: U64


class Fail(Script, ConflictResolution, frozen=True, kw_only=True):
    """The claim is refused with a failure."""

    code: str
    message: str


class ForceReleaseThenAcquire(Script, ConflictResolution, frozen=True, kw_only=True):
    """The lock is taken from whoever holds it."""


class LockConflict(Script, frozen=True, kw_only=True):
    """The ``on_claim_n``-th claim of a resource, from 0, meets a lock."""

    resource: str
    on_claim_n: U64
    resolution: ConflictResolution


class CoordScript(Script, frozen=True, kw_only=True):
    """The conflicts over resources."""

    conflicts: tuple[LockConflict, ...] = ()


_WriteFile: TypeAlias = WriteFile
_ReadFile: TypeAlias = ReadFile
_Exec: TypeAlias = Exec
_Network: TypeAlias = Network
_Publish: TypeAlias = Publish
_Ask: TypeAlias = Ask
_Call: TypeAlias = Call
_WaitThenAcquire: TypeAlias = WaitThenAcquire
_Fail: TypeAlias = Fail
_ForceReleaseThenAcquire: TypeAlias = ForceReleaseThenAcquire

ActionScript.WriteFile = WriteFile
ActionScript.ReadFile = ReadFile
ActionScript.Exec = Exec
ActionScript.Network = Network
ActionScript.Publish = Publish
ActionScript.Ask = Ask
ActionScript.Call = Call
ConflictResolution.WaitThenAcquire = WaitThenAcquire
ConflictResolution.Fail = Fail
ConflictResolution.ForceReleaseThenAcquire = ForceReleaseThenAcquire


def _named(*kinds: type[msgspec.Struct]) -> Mapping[str, type[msgspec.Struct]]:
    return {kind.__name__: kind for kind in kinds}


ActionScript.VARIANTS = _named(WriteFile, ReadFile, Exec, Network, Publish, Ask, Call)
ConflictResolution.VARIANTS = _named(WaitThenAcquire, Fail, ForceReleaseThenAcquire)
