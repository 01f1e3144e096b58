"""What format 0.1 calls itself, and which steps its verifier takes: known without loading it."""

from __future__ import annotations

from workc.verify.verdict import Step

#: What receipt and manifest call the format.
RECEIPT_VERSION = "0.1.0"
MANIFEST_VERSION = "BUNDLE-0.1"

#: What trust files call this version.
VERSION = "0.1"
#: PASS needs all of them.
STEPS: tuple[Step, ...] = (
    "names",
    "manifest",
    "files",
    "receipt",
    "events",
    "table",
    "policy",
    "roots",
    "projection",
    "digest",
    "expectations",
    "children",
)
