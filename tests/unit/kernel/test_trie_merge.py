"""TrieMerge-v0.1: which merges are made, which never, and when it gives up."""

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.selectors import SelectorError
from workc.kernel.trie_merge import ALGORITHM, CAP, CompressionError, compress


def files(*paths, op="WriteFS"):
    return [(op, f"fs:{path}") for path in paths]


def selectors(effects, cap):
    return [effect.selector for effect in compress(effects, cap).effects]


def test_two_hundred_files_in_fifty_folders_become_the_folders_in_fifty_merges():
    given = files(*(f"generated/mod_{n:02}/part_{part}.py" for n in range(50) for part in range(4)))
    found = compress(given)
    assert [e.selector for e in found.effects] == [f"fs:generated/mod_{n:02}/" for n in range(50)]
    assert found.merges == 50
    assert (ALGORITHM, CAP) == ("TrieMerge-v0.1", 50)


def test_effects_up_to_the_cap_stay_as_they_are_and_one_more_is_merged():
    given = files(*(f"out/{n:02}" for n in range(50)))
    assert selectors(given, CAP) == sorted(selector for _, selector in given)
    assert compress(given).merges == 0
    assert selectors([*given, ("WriteFS", "fs:out/50")], CAP) == ["fs:out/"]


def test_effects_are_counted_once_in_their_one_spelling():
    given = files("a", "./a", "b", ".//b")
    assert selectors(given, 2) == ["fs:a", "fs:b"]


def test_loss_is_counted_over_what_was_given_and_not_over_what_is_selected():
    # Over the selected ones the parent would become cheap once most folders are merged.
    given = files(*(f"out/{n}/{part}" for n in range(9) for part in range(4)))
    assert selectors(given, 9) == [f"fs:out/{n}/" for n in range(9)]


def test_the_cheaper_folder_goes_first():
    wide = files(*(f"wide/{n}" for n in range(6)))
    deep = files("deep/a/x", "deep/b/x")
    assert selectors(wide + deep, 3) == ["fs:deep/a/x", "fs:deep/b/x", "fs:wide/"]


def test_costs_are_compared_exactly_and_not_rounded():
    # Five files of one folder cost 13.5, six cost 13.
    given = files(*(f"a/{n}" for n in range(5)), *(f"b/{n}" for n in range(6)))
    assert selectors(given, 7) == [*(f"fs:a/{n}" for n in range(5)), "fs:b/"]


def test_a_tie_goes_by_selector_and_then_by_op():
    given = files("b/1", "b/2", "a/1", "a/2")
    assert selectors(given, 3) == ["fs:a/", "fs:b/1", "fs:b/2"]
    apart = files("b/1", "b/2", op="ReadFS") + files("a/1", "a/2", op="WriteFS")
    assert selectors(apart, 3) == ["fs:b/1", "fs:b/2", "fs:a/"]
    both = files("a/1", "a/2", op="WriteFS") + files("a/1", "a/2", op="ReadFS")
    found = [(effect.op, effect.selector) for effect in compress(both, 3).effects]
    assert found == [("ReadFS", "fs:a/"), ("WriteFS", "fs:a/1"), ("WriteFS", "fs:a/2")]


def test_all_files_are_allowed_only_if_there_is_nothing_else():
    given = files("a", "b", "c", "d", "e", "f", "g", "h", "deep/1/2/3/4/x", "deep/1/2/3/5/y")
    assert "fs:/" not in selectors(given, 9)
    assert selectors(given, 8) == ["fs:/"]
    both = files("a", "b") + files("c/x", "d/y", op="ReadFS")
    assert selectors(both, 2) == ["fs:/", "fs:/"]


def test_paths_with_and_without_a_slash_in_front_share_only_the_root():
    given = files("/a/x", "/a/y", "a/x", "a/y")
    assert selectors(given, 2) == ["fs:/a/", "fs:a/"]
    assert selectors(given, 1) == ["fs:/"]


def test_a_host_is_a_path_like_any_other_and_hosts_stay_apart():
    given = [("Network", f"net:https://{host}/{path}") for host in "ab" for path in "xyz"]
    assert selectors(given, 4) == [
        "net:https://a/",
        "net:https://b/x",
        "net:https://b/y",
        "net:https://b/z",
    ]
    assert selectors(given, 2) == ["net:https://a/", "net:https://b/"]
    with pytest.raises(CompressionError, match="2 effects remain where at most 1 may be declared"):
        compress(given, 1)


def test_what_another_effect_covers_is_left_out_before_anything_is_widened():
    given = files("a/", "a/x", "a/y/z", "b")
    found = compress(given, 2)
    assert [effect.selector for effect in found.effects] == ["fs:a/", "fs:b"]
    assert found.merges == 0


def test_a_file_of_a_folder_s_name_is_not_below_the_folder():
    given = files("a", "a/x", "a/y", "b/c/d")
    assert selectors(given, 3) == ["fs:a", "fs:a/", "fs:b/c/d"]


@pytest.mark.parametrize(("op", "scheme"), [("Exec", "exec"), ("Publish", "pub")])
def test_programs_and_targets_are_never_merged(op, scheme):
    given = [(op, f"{scheme}:a/{n}") for n in range(51)]
    with pytest.raises(
        CompressionError, match=r"51 .* 50 may be declared: no folder or path covers two of them$"
    ):
        compress(given)
    assert compress(given, 51).merges == 0


def test_ops_are_never_merged_with_each_other():
    given = files("a/x", op="ReadFS") + files("a/x", op="WriteFS")
    with pytest.raises(CompressionError):
        compress(given, 1)


def test_no_effects_meet_any_cap():
    assert compress([], 0).effects == ()
    with pytest.raises(CompressionError, match="1 effects remain where at most 0"):
        compress(files("a"), 0)


def test_a_cap_below_nothing_is_misuse_and_what_is_no_selector_is_refused():
    with pytest.raises(Misuse, match="never below 0"):
        compress([], -1)
    with pytest.raises(SelectorError):
        compress(files("../a"), 5)
