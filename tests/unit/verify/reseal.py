"""Seals an edited bundle anew, as an attacker would: with code that shares nothing with workc.

``reseal(files, edit)`` parses the bundle into a :class:`Draft`, lets ``edit`` change it and computes
again what follows: numbers, times and chain, manifest, roots, digests. The other fields of the
receipt stay as they are unless ``project`` is set; then they follow from the events too.
"""

import hashlib
import importlib.util
import json
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]


def load(path):
    """Returns the module in a file below tests/, loaded once."""
    name = "workc_tests_" + path.replace("/", "_").removesuffix(".py")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, TESTS / path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


build = load("second_verifier/build.py")
second = load("second_verifier/verifier.py")
canonical = build.canonical


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Draft:
    """The parsed bundle. ``lines`` and ``listed`` may change what was computed before it is hashed."""

    def __init__(self, files):
        documents = {"manifest.json", "receipt.json", "events.jsonl"}
        self.events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
        self.receipt = json.loads(files["receipt.json"])
        self.manifest = json.loads(files["manifest.json"])
        self.files = {path: data for path, data in files.items() if path not in documents}
        self.keep, self.roots = set(), {}
        self.lines = lambda lines: lines
        self.listed = lambda entries: entries

    def event(self, kind, number=0):
        return [event for event in self.events if event["kind"] == kind][number]

    def payload(self, kind, number=0):
        return self.event(kind, number)["payload"]

    def drop(self, *kinds):
        self.events = [event for event in self.events if event["kind"] not in kinds]

    def seal(self, *, project):
        lines = self.lines(self._chained())
        files = {**self.files, "events.jsonl": b"".join(line + b"\n" for line in lines)}
        entries = self.listed(
            [
                {"path": path, "sha256": sha256(data), "size": len(data)}
                for path, data in sorted(files.items())
            ]
        )
        if "files" not in self.keep:
            self.manifest["files"] = entries
        files["manifest.json"] = canonical(self.manifest)
        if project:
            self.receipt = second.project(self.events)
        if "manifest_sha256" not in self.keep:
            self.receipt["manifest_sha256"] = sha256(files["manifest.json"])
        roots = self._roots(lines, entries)
        self.receipt["roots"] = {**roots, **self.roots}
        if "proof_digest" not in self.keep:
            self.receipt = build.with_digest(self.receipt)
        files["receipt.json"] = canonical(self.receipt)
        return files

    def _chained(self):
        lines, prev, ts = [], "0" * 64, 0
        for seq, event in enumerate(self.events):
            if "ts" not in self.keep:
                ts = event["ts"] = max(ts, event.get("at_ms", 0))
            if "seq" not in self.keep:
                event["seq"] = seq
            if "prev" not in self.keep:
                event["prev"] = prev
            lines.append(canonical(event))
            prev = sha256(b"\0" + lines[-1])
        return lines

    def _roots(self, lines, entries):
        draft = build.Draft(self.events, self.files, self.receipt)
        roots = draft.roots(entries)
        roots["events"] = {"root": build.tree_hash(lines).hex(), "size": len(lines)}
        return roots


def reseal(files, edit, *, project=False):
    """Returns the edited bundle, sealed anew."""
    draft = Draft(files)
    edit(draft)
    return draft.seal(project=project)
