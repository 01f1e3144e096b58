"""Adds stages to a registry beside other processes that do the same, and makes its own one active.

Arguments: registry, file of a stage that is shared, how many stages, the number of this process.
Prints a line for each stage when it is added.
"""

import sys
from pathlib import Path

from workc.api.stage_files import Located, read_stages
from workc.api.stages import Registry
from workc.stages.stage.spec import read_specs

folder, shared, count, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
registry = Registry(folder)
(mine,) = read_stages([Path(shared)])
text = {"kind": "Text"}
for index in range(count):
    value = {
        "name": f"stage {number} {index}",
        "description": "One of many.",
        "signature": {"input": text, "output": text, "effects": {"effects": []}},
        "implementation_code": f"{number} {index}",
    }
    (read,) = read_specs(value)
    (added,) = registry.add([Located(file="-", spec=read.spec)])
    print(added.id, flush=True)
registry.add([mine])
registry.activate(mine.spec.stage.id)
