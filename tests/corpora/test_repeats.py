import os

from avkd_cli.corpora.repeats import equal_files


def test_equal_bytes_are_grouped_whatever_the_names(tmp_path):
    contents = {
        "a": b"x" * 10,
        "b": b"x" * 10,
        "c": b"y" * 10,
        "d": b"x" * 11,
        "e": b"y" * 10,
        "f": b"",
        "g": b"",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    os.link(tmp_path / "d", tmp_path / "h")
    paths = [tmp_path / name for name in "abcdefgh"] + [tmp_path / "none"]
    assert [[p.name for p in group] for group in equal_files(paths)] == [
        ["a", "b"],
        ["c", "e"],
        ["d", "h"],
    ]


def test_files_that_differ_in_the_middle_alone_are_no_repeats(tmp_path):
    data = bytearray(300_000)
    (tmp_path / "a").write_bytes(data)
    data[150_000] = 1
    (tmp_path / "b").write_bytes(data)
    (tmp_path / "c").write_bytes(data)
    groups = equal_files([tmp_path / name for name in "abc"])
    assert [[p.name for p in group] for group in groups] == [["b", "c"]]


def test_one_name_twice_is_one_file(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    assert equal_files([tmp_path / "a", tmp_path / "a"]) == []
