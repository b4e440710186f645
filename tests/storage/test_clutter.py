import pytest

from avkd_cli.storage.clutter import is_clutter


@pytest.mark.parametrize(
    "name",
    ["._a.jpg", ".DS_Store", "Thumbs.db", "thumbs.DB", "desktop.ini", "Icon\r", "__MACOSX",
     "~$table.xlsx", "@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information"],
)  # fmt: skip
def test_what_systems_leave_behind_is_clutter(name):
    assert is_clutter(name)


@pytest.mark.parametrize("name", ["a.jpg", "a._b.jpg", "Thumbs", "ann", "Ann Lee", "~ann", "_x"])
def test_what_people_name_themselves_is_not(name):
    assert not is_clutter(name)
