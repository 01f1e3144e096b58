"""Every golden is proof against tampering: each mutant is found first where its page says."""

from pathlib import Path

import pytest

from workc.sim.tamper.formats import format_of
from workc.testkit import run_suite, tamper_links
from workc.testkit.tamper_folder import TamperFolder

GOLDEN = Path(__file__).parent
BUNDLES = sorted(path.parent for path in GOLDEN.glob("v*/**/receipt.json"))
#: About so many mutants of each golden; ``workc tamper --all`` makes more.
BUDGET = 1_200


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_every_mutant_of_a_golden_is_found_as_it_must_be(folder):
    report = run_suite(folder, budget=BUDGET)
    assert report.surprises == []
    assert report.ok
    assert report.mutants > 800


@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_the_goldens_of_a_version_together_have_a_mutant_of_every_class(version):
    seen = set()
    for folder in BUNDLES:
        files = dict(TamperFolder(folder))
        form = format_of(files)
        if form.version == version:
            seen |= {result.group for result in run_suite(files, budget=1).classes}
            wanted = {*form.groups, *tamper_links.folder_groups(form.components)}
    assert seen == wanted
