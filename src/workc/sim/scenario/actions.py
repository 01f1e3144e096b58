"""What the actions of a scenario are to the engine: a skill, its parameters, the effect, the answer.

Paths stand below roots that are named after their first folder; one that has none, or one that no
root may be called, stands below ``work``. Contents of which a scenario says the digest alone are
stood in for by a text that names it, unless they are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from workc.kernel.digest import sha256_hex
from workc.kernel.selectors import EffectOp
from workc.kernel.values import Json, JsonObject
from workc.sim.json_text import spell_json
from workc.sim.ports import Scripted
from workc.sim.scenario.scripts import (
    ActionScript,
    Ask,
    Call,
    EffectScript,
    Exec,
    Network,
    Publish,
    ReadFile,
    WriteFile,
)
from workc.stages.root_path import is_root_name

#: The root of paths that name none.
HOME = "work"
#: How the ops of effects are written, whatever a scenario calls them.
_WORDS: Mapping[EffectOp, tuple[str, ...]] = {
    "ReadFS": ("readfs", "readfile", "fsread", "read"),
    "WriteFS": ("writefs", "writefile", "fswrite", "write"),
    "Network": ("network", "net", "http"),
    "Exec": ("exec", "process", "run"),
    "Publish": ("publish", "pub"),
}
_OPS: Mapping[str, EffectOp] = {word: op for op, words in _WORDS.items() for word in words}
_SCHEMES: Mapping[str, str] = {
    "ReadFS": "fs:",
    "WriteFS": "fs:",
    "Network": "net:",
    "Exec": "exec:",
    "Publish": "pub:",
}
_ANSWER = b"{}"


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One action: how it is done, the effect that it has, and what the world answers.

    ``key`` is under what a script answers it (``workc.sim.ports``). ``root``, ``program`` and
    ``target`` are what it has to be granted. A function has neither key nor effect: ``module`` holds it.
    """

    skill: str
    params: JsonObject
    effect: str | None = None
    key: str | None = None
    answer: Scripted = Scripted()
    root: str | None = None
    program: str | None = None
    target: str | None = None
    module: str | None = None


def deed_of(action: ActionScript, known: Mapping[str, bytes]) -> Deed:
    """Returns an action as the engine does it; ``known`` are contents by digest, and files by path."""
    return _DEEDS[type(action)](action, known)


def declared(effect: EffectScript) -> str:
    """Returns an effect as a workflow file declares it."""
    op = _OPS.get(re.sub(r"[^a-z]", "", effect.op.lower()), effect.op)
    scheme = _SCHEMES.get(op, "")
    selector = effect.selector.removeprefix(scheme)
    if scheme == "fs:" or (scheme == "pub:" and "://" not in selector):
        selector = _spelled_path(selector)
    if scheme == "net:" and "://" not in selector:
        selector = f"https://{selector}"
    return f"{op} {scheme}{selector}"


def place(path: str) -> str:
    """Returns where a path of a scenario stands: ``<root>/<path>``."""
    bare = path.lstrip("/")
    root, slash, _ = bare.partition("/")
    return bare if slash and is_root_name(root) else f"{HOME}/{bare}"


def _spelled_path(selector: str) -> str:
    # A folder covers what lies below it, whichever root that is.
    if selector == "/":
        return selector
    return place(selector)


def _write(action: WriteFile, known: Mapping[str, bytes]) -> Deed:
    path = place(action.path)
    stand_in = f"contents of sha256 {action.contents_sha256}\n".encode()
    data = known.get(action.contents_sha256, stand_in)
    return Deed(
        skill="write_file",
        params={"path": path, "text": data.decode("utf-8", "replace")},
        effect=f"WriteFS fs:{path}",
        key=f"write {path}",
        root=path.partition("/")[0],
    )


def _read(action: ReadFile, known: Mapping[str, bytes]) -> Deed:
    path = place(action.path)
    data = known.get(action.path, f"contents of {action.path}\n".encode())
    return Deed(
        skill="read_file",
        params={"path": path},
        effect=f"ReadFS fs:{path}",
        key=f"read {path}",
        answer=Scripted(chunks=(data,)),
        root=path.partition("/")[0],
    )


def _exec(action: Exec, known: Mapping[str, bytes]) -> Deed:
    del known
    argv: list[Json] = [action.program, *action.argv]
    return Deed(
        skill="exec",
        # What a scenario runs happens in no world, so that it may happen again.
        params={"argv": argv, "idempotent": True},
        effect=f"Exec exec:{action.program}",
        key=" ".join(["exec", *map(str, argv)]),
        program=action.program,
    )


def _network(action: Network, known: Mapping[str, bytes]) -> Deed:
    del known
    base = action.host if "://" in action.host else f"https://{action.host}"
    url = f"{base.rstrip('/')}/{action.path.lstrip('/')}"
    return Deed(
        skill="http_call",
        params={"url": url},
        effect=f"Network net:{url.partition('?')[0]}",
        key=f"GET {url}",
        answer=Scripted(chunks=(_ANSWER,)),
    )


def _publish(action: Publish, known: Mapping[str, bytes]) -> Deed:
    to = action.destination
    is_address = "://" in to
    target = to.rstrip("/") if is_address else place(to.rstrip("/"))
    name = f"{sha256_hex(to.encode())[:12]}.txt"
    data = known.get(to, f"published to {to}\n".encode())
    return Deed(
        skill="publish",
        params={"files": [{"name": name, "text": data.decode("utf-8", "replace")}], "to": target},
        effect=f"Publish pub:{target}",
        key=f"publish {target}/{name}",
        root=None if is_address else target.partition("/")[0],
        target=target,
    )


def _ask(action: Ask, known: Mapping[str, bytes]) -> Deed:
    del known
    answer: JsonObject = {
        "id": "scripted",
        "object": "chat.completion",
        "created": 1,
        "model": action.model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "scripted"},
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": action.tokens_in,
            "completion_tokens": action.tokens_out,
            "total_tokens": action.tokens_in + action.tokens_out,
        },
    }
    return Deed(
        skill="llm_invoke",
        params={
            "model": action.model,
            "prompt": "scripted",
            "max_tokens": action.max_tokens,
            "api_key_env": "",
        },
        effect="Network net:https://api.openai.com/v1/chat/completions",
        key=f"openai {action.model}",
        answer=Scripted(chunks=(spell_json(answer),)),
    )


def _call(action: Call, known: Mapping[str, bytes]) -> Deed:
    del known
    module, _, name = action.skill.rpartition(":")
    return Deed(skill=name, params=action.params, module=module)


_DEEDS: Mapping[type[ActionScript], Callable[..., Deed]] = {
    WriteFile: _write,
    ReadFile: _read,
    Exec: _exec,
    Network: _network,
    Publish: _publish,
    Ask: _ask,
    Call: _call,
}
