"""A missing library is a clear error (pitfall 23)."""

import subprocess
import sys

PROGRAM = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("httpx2", "httpcore2"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
import workc.runtime.ports, workc.stages.network, workc.adapters.redaction, workc.adapters.resolver
try:
    import MODULE
except Exception as error:
    print(type(error).__name__, error)
else:
    print("imported")
"""


def run(module: str) -> str:
    program = PROGRAM.replace("MODULE", module)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_pitfall_23_a_missing_library_is_a_clear_error_and_never_an_answer() -> None:
    expected = "Misuse HTTP needs the package httpx2, which is not installed; run: pip install "
    for module in ("workc.adapters.http", "workc.adapters.model_http"):
        assert run(module) == expected + "httpx2\n"
