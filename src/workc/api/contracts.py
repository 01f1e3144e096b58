"""``ResourceContract``: what a principal may use of a runtime, for how much, how often, until when.

    contract = workc.ResourceContract(
        contract_id="C-7", principal="team-a", budget_cents=50, period="day",
        allowed_operations=("http_call", "json_transform"),
        quotas={"http_call": workc.Quota(uses=100, per_minute=5)},
        expires_at="2027-01-01T00:00:00Z",
    )
    runtime = workc.Runtime(contract=contract)

It fails closed: an operation that is not listed is refused, and a contract without a budget pays
for nothing. An *operation* is the use of a skill; requests, model calls and functions whose effects
are unknown count against its quota, each attempt once. Pure code uses nothing, so it is counted
nowhere, but it must be allowed. Every refusal is recorded as the answer, so a replay finds it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, cast, get_args

import msgspec

from workc.kernel.arguments import shown, texts, whole
from workc.kernel.failure import Failure, Misuse
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.values import MAX_SAFE_INTEGER, Json, JsonObject
from workc.stages.network import NetworkPolicy
from workc.verify.signatures.timestamps import to_ms

SCHEMA = "workc.contract/1"
Period: TypeAlias = Literal["run", "hour", "day", "contract"]
#: How long a period is, in ms, counted from 1970; the others have no length.
PERIOD_MS: Mapping[str, int] = {"hour": 3_600_000, "day": 86_400_000}
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
MAX_PRINCIPAL_CHARS = 256


class Quota(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often an operation may be used: ``uses`` in a period, ``per_minute`` in any 60 s.

    More than ``uses`` is ``QUOTA_EXCEEDED``; more than ``per_minute`` is ``RATE_LIMITED`` and is
    tried again when there is room. None is no limit.

    Raises:
        Misuse: one is no whole number from 0.
    """

    uses: int | None = None
    per_minute: int | None = None

    def __post_init__(self) -> None:
        """Refuses what is no count where it is written, not where it is used."""
        for name, value in (("uses", self.uses), ("per_minute", self.per_minute)):
            if value is not None:
                whole(f"{name} of a quota", value)


class ResourceContract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contract; see the module. ``quotas`` are by operation, ``expires_at`` is RFC 3339 in UTC.

    ``policy`` narrows where requests may go: what either it or the runtime's own forbids is
    forbidden. Budget and quotas begin anew with each ``period``; ``contract`` has no end.

    Raises:
        Misuse: a member is not of its kind; says which, and what it may be.
    """

    contract_id: str
    principal: str
    budget_cents: int = 0
    period: Period = "contract"
    allowed_operations: tuple[str, ...] = ()
    quotas: dict[str, Quota] = {}
    policy: NetworkPolicy | None = None
    expires_at: str | None = None

    def __post_init__(self) -> None:
        """Checks every member, whoever made the contract."""
        for name, fits in _rules(self):
            if not fits:
                raise Misuse(f"the contract's {name}")

    @property
    def budget_micro_cents(self) -> int:
        """Returns the budget of a period."""
        return self.budget_cents * MICRO_CENTS_PER_CENT

    @property
    def expires_ms(self) -> int | None:
        """Returns when it ends, in ms since 1970, or None if it does not."""
        return None if self.expires_at is None else to_ms(self.expires_at)

    def expired(self, now_ms: int) -> Failure | None:
        """Returns the failure of what comes at or after its end."""
        whole("now_ms", now_ms)
        end = self.expires_ms
        if end is None or now_ms < end:
            return None
        message = f"the contract {self.contract_id} ended at {self.expires_at}"
        return Failure(code="CONTRACT_EXPIRED", message=message, details=self._who())

    def not_allowed(self, operations: Iterable[str]) -> Failure | None:
        """Returns the failure of the operations that it does not list."""
        denied = sorted(set(texts("operations", operations)) - set(self.allowed_operations))
        if not denied:
            return None
        known = ", ".join(self.allowed_operations) or "nothing"
        message = f"the contract {self.contract_id} allows {known}, and not {', '.join(denied)}"
        details: JsonObject = {**self._who(), "operations": list[Json](denied)}
        return Failure(code="OPERATION_NOT_ALLOWED", message=message, details=details)

    def to_json(self) -> JsonObject:
        """Returns the contract as JSON, schema ``workc.contract/1``."""
        members: JsonObject = msgspec.json.decode(msgspec.json.encode(self))
        return {"schema": SCHEMA, **members}

    def _who(self) -> JsonObject:
        return {"contract_id": self.contract_id, "principal": self.principal}


def parse_contract(value: Json) -> ResourceContract:
    """Returns the contract that :meth:`ResourceContract.to_json` wrote.

    Raises:
        Misuse: the value is none; says where.
    """
    found = value if isinstance(value, dict) else {}
    if found.get("schema") != SCHEMA:
        raise Misuse(f"a contract is a JSON object of the schema {SCHEMA}")
    members = {name: each for name, each in found.items() if name != "schema"}
    try:
        return msgspec.convert(members, ResourceContract)
    except msgspec.ValidationError as error:
        raise Misuse(f"the contract is none: {error}") from None


def narrowed(policy: NetworkPolicy, own: NetworkPolicy | None) -> NetworkPolicy:
    """Returns the policy that allows what both do."""
    if own is None:
        return policy
    return NetworkPolicy(
        allow_public=policy.allow_public and own.allow_public,
        allow_loopback=policy.allow_loopback and own.allow_loopback,
        allow_private=policy.allow_private and own.allow_private,
        allow_hosts=tuple(host for host in policy.allow_hosts if host in own.allow_hosts),
        deny_hosts=tuple(dict.fromkeys((*policy.deny_hosts, *own.deny_hosts))),
        offline=policy.offline or own.offline,
    )


def _rules(contract: ResourceContract) -> Iterable[tuple[str, bool]]:
    """Yields what each member must be, and whether it is: annotations alone check nothing."""
    operations = cast("object", contract.allowed_operations)
    quotas = cast("object", contract.quotas)
    policy = cast("object", contract.policy)
    budget = cast("object", contract.budget_cents)
    most = MAX_SAFE_INTEGER // MICRO_CENTS_PER_CENT
    yield (
        f"contract_id matches {_ID.pattern}, unlike {shown(contract.contract_id)}",
        _is_text(contract.contract_id) and bool(_ID.fullmatch(contract.contract_id)),
    )
    yield (
        f"principal is 1 to {MAX_PRINCIPAL_CHARS} printable characters",
        _is_text(contract.principal)
        and contract.principal.isprintable()
        and 0 < len(contract.principal) <= MAX_PRINCIPAL_CHARS,
    )
    yield f"budget_cents is a whole number from 0 to {most}", _is_count(budget, most)
    yield (
        f"period is one of {', '.join(get_args(Period))}",
        _is_text(contract.period) and contract.period in get_args(Period),
    )
    yield (
        "allowed_operations is a tuple of names of skills",
        isinstance(operations, tuple)
        and all(map(_is_text, cast("tuple[object, ...]", operations))),
    )
    yield (
        "quotas are workc.Quota by the names of skills",
        isinstance(quotas, dict)
        and all(
            _is_text(k) and isinstance(q, Quota)
            for k, q in cast("dict[object, object]", quotas).items()
        ),
    )
    yield "policy is a NetworkPolicy", policy is None or isinstance(policy, NetworkPolicy)
    yield (
        "expires_at is a time such as 2027-01-01T00:00:00Z",
        contract.expires_at is None
        or (_is_text(contract.expires_at) and to_ms(contract.expires_at) is not None),
    )


def _is_text(value: object) -> bool:
    """Returns whether it is text that a record can hold."""
    return type(value) is str and not any("\ud800" <= char <= "\udfff" for char in value)


def _is_count(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most
