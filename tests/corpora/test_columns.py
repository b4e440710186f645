import unicodedata

import pytest

from avkd_cli.corpora.columns import list_csv
from avkd_cli.errors import InputError, MissingInputError

NAMES = {"id": "sample", "person": "identity", "audio": "voice", "images": "face"}


@pytest.fixture
def table(plant):
    folder = plant("v/1.wav", "v/2.wav", "f/1.png", "f/2.png")

    def write(text: str, name="people.csv", encoding="utf-8"):
        (folder / name).write_bytes(text.encode(encoding))
        return folder / name

    return write


def listed(path, columns=NAMES, **options):
    utterances, report = list_csv(path, columns, **options)
    return [u.to_json() for u in utterances], report


def test_named_columns_are_fields_and_the_others_are_kept(table):
    path = table(
        "sample,identity,split,voice,face,block,note\n"
        "s1,ann,train,v/1.wav,f/1.png,A,\n"
        "s2,bob,eval,v/2.wav,f/2.png,B,hm\n"
    )
    found, report = listed(path)
    assert found == [
        {
            "id": "s1",
            "person": "ann",
            "audio": "v/1.wav",
            "images": "f/1.png",
            "split": "train",
            "block": "A",
        },
        {
            "id": "s2",
            "person": "bob",
            "audio": "v/2.wav",
            "images": "f/2.png",
            "split": "eval",
            "block": "B",
            "note": "hm",
        },
    ]
    assert (report.utterances, report.faults) == (2, 0)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\ufeffid,person,audio\r\ns1,ann,v/1.wav\r\n\r\n", id="BOM, CRLF"),
        pytest.param("id\tperson\taudio\ns1\tann\tv/1.wav \n", id="TAB, trailing blank"),
        pytest.param("id ; person; audio\ns1 ;ann ; v/1.wav", id="semicolon, blanks, no newline"),
        pytest.param('id,person,audio,\n"s1","ann","v/1.wav",\n', id="quotes, trailing comma"),
    ],
)
def test_tables_as_people_save_them(table, text):
    found, _ = listed(table(text), {})
    assert found == [{"id": "s1", "person": "ann", "audio": "v/1.wav"}]


def test_seconds_and_sexes_are_understood(table):
    path = table("id,audio,start,end,gender\ns1,v/1.wav,0.5,2,Female\ns2,v/2.wav,,,M\n")
    found, _ = listed(path, {"sex": "gender"})
    assert found[0] == {"id": "s1", "audio": "v/1.wav", "start": 0.5, "end": 2.0, "sex": "f"}
    assert found[1] == {"id": "s2", "audio": "v/2.wav", "sex": "m"}


def test_a_column_that_a_field_takes_the_name_of_is_kept_apart(table):
    path = table("id,person,identity,audio\ns1,nickname,ann,v/1.wav\n")
    found, _ = listed(path, {"person": "identity"})
    assert found == [{"id": "s1", "person": "ann", "audio": "v/1.wav", "x-person": "nickname"}]


def test_missing_files_are_reported_and_left_out(table):
    path = table(
        "sample,identity,voice,face\n"
        "s1,ann,v/1.wav,f/9.png\n"
        "s2,bob,v/9.wav,f/9.png\n"
        "s3,bob,,\n"
        "s4,bob,v/2.wav,f/2.png\n"
    )
    found, report = listed(path)
    assert [row["id"] for row in found] == ["s1", "s4"]
    assert "images" not in found[0]
    assert report.missing.reasons == {"not found": 3, "no file named": 1, "no images": 1}


def test_paths_stay_inside_the_root(table, tmp_path):
    (tmp_path / "lists").mkdir()
    path = table("id,audio\ns1,v/1.wav\ns2,../outside.wav\ns3,http://x/y.wav\n", "lists/t.csv")
    found, report = listed(path, {}, root=tmp_path)
    assert [row["audio"] for row in found] == ["v/1.wav"]
    assert report.unreadable.reasons == {"leaves the root directory": 1, "scheme 'http'": 1}


def test_the_same_line_twice_is_reported_and_another_of_one_id_stops(table):
    head = "id,audio\ns1,v/1.wav\ns1,v/1.wav\n"
    found, report = listed(table(head), {})
    assert len(found) == report.duplicated.count == 1
    with pytest.raises(InputError, match="id 's1' is in lines 2 and 4"):
        listed(table(head + "s1,v/2.wav\n"), {})


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("", {}, "is empty"),
        ("id,audio\n", {"person": "who"}, "no column 'who' for --person; there are id, audio"),
        ("name,audio\n", {}, "no column 'id'; name it with --id"),
        ("id,id\n", {}, "column 'id' twice"),
        ("id,audio\ns1\n", {}, ":2: 1 values, 2 were wanted"),
        ("id,audio\n,v/1.wav\n", {}, ":2: the id is empty"),
        ("id,audio,start\ns1,v/1.wav,soon\n", {}, ":2: 'soon' is no finite number"),
        ("id,audio,start\ns1,v/1.wav,0\ns2,v/2.wav,nan\n", {}, ":3: 'nan' is no finite number"),
        ("id,audio,end\ns1,v/1.wav,1e400\n", {}, ":2: '1e400' is no finite number"),
        ("id,audio,end\ns1,v/1.wav,-inf\n", {}, ":2: '-inf' is no finite number"),
        ("id,audio,end\ns1,v/1.wav,1_0\n", {}, ":2: '1_0' is no finite number"),
    ],
)
def test_wrong_tables_are_refused_with_their_line(table, text, columns, message):
    with pytest.raises(InputError, match=message):
        listed(table(text), columns)


def test_a_table_that_is_no_text_or_not_there(table, tmp_path):
    with pytest.raises(InputError, match="is not UTF-8"):
        listed(table("id,audio\nä,b\n", encoding="latin-1"), {})
    with pytest.raises(MissingInputError, match="no such file"):
        listed(tmp_path / "none.csv")


def test_the_real_chimera_is_listed_whole(shared_data):
    path = shared_data / "chimera" / "chimera54_manifest.csv"
    utterances, report = list_csv(path, NAMES, root=shared_data)
    first = next(utterances)
    assert (first.id, first.person, first.extra["block"]) == ("chA01/01", "chA01", "A")
    assert sum(1 for _ in utterances) == 839
    assert (len(report.persons), report.faults) == (54, 0)
    assert report.splits == {"train": 520, "eval": 320}
    assert report.senses == {"audio": 840, "images": 840}


def test_when_no_file_is_found_the_folder_is_said_and_the_way_to_another(table, tmp_path):
    path = table("sample,identity,voice,face\ns1,ann,x/1.wav,x/1.png\n")
    found, report = listed(path)
    assert found == [] and report.missing.count == 2
    assert report.notes == [f"paths were taken from {path.parent}; give another folder with --root"]
    _, report = listed(table("sample,identity,voice,face\ns1,ann,v/1.wav,x/1.png\n"))
    assert report.notes == []


def test_paths_of_windows_are_found_and_said(table, plant):
    path = table("id;audio\ns1;v\\1.wav\ns2;.\\v\\2.wav\n")
    found, report = listed(path, {})
    assert [row["audio"] for row in found] == ["v/1.wav", "./v/2.wav"]
    assert "2 paths with backslashes were read with slashes" in list(report.lines())


def test_a_path_of_another_machine_is_said_to_be_one(table):
    path = table("id;audio\ns1;C:\\Users\\ann\\1.wav\ns2;\\\\nas\\x.wav\ns3;v/1.wav\n")
    found, report = listed(path, {})
    assert [row["id"] for row in found] == ["s3"]
    assert report.missing.reasons == {
        "a path of a Windows disk; write it from the folder that you give as --root": 2
    }


@pytest.mark.parametrize(("on_disk", "written"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_accents_are_found_in_either_spelling(plant, on_disk, written):
    name = unicodedata.normalize(on_disk, "Jürgen/Gruß.wav")
    folder = plant(name)
    text = "id,person,audio\ns1,Jürgen,Jürgen/Gruß.wav\n"
    (folder / "t.csv").write_text(unicodedata.normalize(written, text))
    found, report = listed(folder / "t.csv", {})
    assert found == [{"id": "s1", "person": "Jürgen", "audio": name}]
    assert any("Unicode spelling" in line for line in report.lines())


def test_decimal_commas_are_seconds(table):
    found, report = listed(table("id;audio;start;end\ns1;v/1.wav;0,5;1,25\n"), {})
    assert found[0] == {"id": "s1", "audio": "v/1.wav", "start": 0.5, "end": 1.25}
    assert "decimal commas in start, end were read as points" in list(report.lines())


def test_columns_of_numbers_are_numbers_and_codes_stay_text(table):
    path = table(
        "id,audio,age,snr,code,mixed,huge,bad,empty\n"
        "s1,v/1.wav,34,12.5,007,1,1e400,nan,\n"
        "s2,v/2.wav,,-3,010,x,1e400,nan,\n"
    )
    (first, second), _ = listed(path, {})
    assert (first["age"], first["snr"], second["snr"]) == (34, 12.5, -3)
    assert isinstance(first["age"], int)
    assert "age" not in second
    assert (first["code"], first["mixed"], first["huge"], first["bad"]) == (
        "007",
        "1",
        "1e400",
        "nan",
    )
    assert "empty" not in first


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ("s1,Ann Lee,v/1.wav\ns2,Ann_Lee,v/2.wav\n", "person 'Ann Lee' and person 'Ann_Lee'"),
        ("s 1,ann,v/1.wav\ns_1,ann,v/2.wav\n", "id 's 1' and id 's_1'"),
        ("s_1,ann,v/1.wav\ns\u00a01,ann,v/2.wav\n", "id 's_1' and id 's\\\\xa01'"),
    ],
)
def test_two_names_that_would_become_one_are_refused(table, rows, kind):
    with pytest.raises(InputError, match=f"{kind} would both be"):
        listed(table("id,person,audio\n" + rows), {})


def test_one_name_in_both_spellings_of_unicode_is_one_name(table):
    names = [unicodedata.normalize(form, "José") for form in ("NFC", "NFD")]
    found, _ = listed(table(f"id,person,audio\n1,{names[0]},v/1.wav\n2,{names[1]},v/2.wav\n"), {})
    assert found[0]["person"] == found[1]["person"] == names[0]


def test_a_person_of_whom_no_file_is_there_is_named(table):
    path = table("id,person,audio\ns1,ann,v/1.wav\ns2,bob,v/absent.wav\ns3,cyd,v/gone.wav\n")
    _, report = listed(path, {})
    assert report.lost == ["bob", "cyd"]
    assert "lost: 2 people have no usable file: bob, cyd" in list(report.lines())


def test_an_unknown_number_leaves_its_column_one_of_numbers_and_is_said(table):
    path = table("id,audio,age,all\ns1,v/1.wav,34,NA\ns2,v/2.wav,n/a,NA\n")
    (first, second), report = listed(path, {})
    assert (first["age"], "age" in second) == (34, False)
    assert (first["all"], second["all"]) == ("NA", "NA")  # nothing shows that it is of numbers
    assert "1 values in age, such as 'n/a', are unknown" in report.notes
