import pytest

from descent_audit.figures.kept import keep, recall


@pytest.mark.parametrize("content", [b"", b"one\ntwo\n", bytes(range(256))])
def test_what_is_kept_comes_back_for_what_it_was_made_of_alone(tmp_path, content):
    path = tmp_path / "folder" / "file"
    keep(path, "origin", content)
    assert recall(path, "origin") == content
    assert recall(path, "orig") is None
    assert recall(path, "another") is None


def test_what_is_kept_takes_the_place_of_what_was(tmp_path):
    keep(tmp_path / "file", "first", b"1")
    keep(tmp_path / "file", "second", b"2")
    assert recall(tmp_path / "file", "first") is None
    assert recall(tmp_path / "file", "second") == b"2"


def test_damage_and_absence_are_nothing_kept(tmp_path):
    path = tmp_path / "file"
    assert recall(path, "origin") is None
    keep(path, "origin", b"content")
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole + b"x", whole.replace(b"content", b"CONTENT"), whole.partition(b"\n")[2]):
        path.write_bytes(damaged)
        assert recall(path, "origin") is None
