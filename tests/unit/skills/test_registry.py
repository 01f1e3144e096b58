"""The skills that come with workc."""

from workc.skills.registry import builtin_skills


def test_seven_skills_come_with_workc_each_under_its_name():
    assert sorted(builtin_skills()) == [
        "exec",
        "http_call",
        "json_transform",
        "llm_invoke",
        "publish",
        "read_file",
        "write_file",
    ]
    assert all(skill.name == name for name, skill in builtin_skills().items())


def test_the_table_is_new_each_time():
    builtin_skills().clear()
    assert len(builtin_skills()) == 7
