"""What a rule is, and the rules that hold for the names in a bundle of any version.

A rule has a number that is never given again, the code and the step of its findings, and the
paragraph that states it. Every finding comes from a rule: nothing is checked that is not listed.
"""

from __future__ import annotations

import msgspec

from workc.verify.verdict import Step, VerifyFailCode


class Rule(msgspec.Struct, frozen=True):
    """One rule: ``text`` says in a sentence what must hold."""

    number: str
    code: VerifyFailCode
    step: Step
    paragraph: str
    text: str


_NAMES = "bundle-0.2, section 2"

NAME_GRAMMAR = Rule("2.01", "UNSAFE_PATH", "names", _NAMES, "Every name obeys the grammar.")
NAME_IS_NO_LINK = Rule("2.02", "UNSAFE_PATH", "names", _NAMES, "No name is a link.")
NAME_IS_FILE_OR_FOLDER = Rule(
    "2.03", "UNSAFE_PATH", "names", _NAMES, "Every name is a regular file or a folder."
)
NAME_HAS_NO_CASE_TWIN = Rule(
    "2.04", "UNSAFE_PATH", "names", _NAMES, "No two paths differ in case only."
)
NAME_STANDS_ONCE = Rule("2.05", "UNSAFE_PATH", "names", _NAMES, "No path stands there twice.")
FOLDER_HOLDS_A_FILE = Rule(
    "2.06", "UNLISTED_FILE", "names", _NAMES, "Every folder holds a file at some depth."
)
NAMES_ARE_FEW = Rule(
    "2.07", "LIMIT_EXCEEDED", "names", _NAMES, "There are at most 1,000,000 names."
)
NAMES_ARE_READABLE = Rule("2.08", "FILE_UNREADABLE", "names", _NAMES, "Every folder can be listed.")
IS_A_BUNDLE = Rule("2.09", "BUNDLE_MALFORMED", "names", _NAMES, "What is judged is a bundle.")
VERSION_IS_KNOWN = Rule(
    "10.01",
    "VERSION_UNSUPPORTED",
    "receipt",
    "bundle-0.2, section 10",
    "The receipt names a version that the verifier knows.",
)

COMMON_RULES = (
    NAME_GRAMMAR,
    NAME_IS_NO_LINK,
    NAME_IS_FILE_OR_FOLDER,
    NAME_HAS_NO_CASE_TWIN,
    NAME_STANDS_ONCE,
    FOLDER_HOLDS_A_FILE,
    NAMES_ARE_FEW,
    NAMES_ARE_READABLE,
    IS_A_BUNDLE,
    VERSION_IS_KNOWN,
)
