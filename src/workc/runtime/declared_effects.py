"""The effect of a request in the words of plans and policies (bundle-0.2, section 14).

| request | op | selector |
|---|---|---|
| a file that is read | ReadFS | ``fs:<root>/<path>`` |
| a file that is written | WriteFS | ``fs:<root>/<path>`` |
| a program | Exec | ``exec:<program>`` |
| a publication | Publish | ``pub:<target>`` |

A request that has no form has no effect either: it is refused before anything is done.
"""

from __future__ import annotations

from workc.kernel.selectors import Effect, normalise
from workc.stages.effects import FileRead, FileWrite, ProgramRun, Publication


def effect_of(request: FileRead | FileWrite | ProgramRun | Publication) -> Effect:
    """Returns the effect of a request in its one spelling.

    Raises:
        SelectorError: the request has no form.
    """
    match request:
        case FileRead():
            return normalise("ReadFS", f"fs:{request.path}")
        case FileWrite():
            return normalise("WriteFS", f"fs:{request.path}")
        case ProgramRun():
            return normalise("Exec", f"exec:{request.argv[0] if request.argv else ''}")
        case Publication():
            return normalise("Publish", f"pub:{request.to}")
