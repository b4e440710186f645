"""A system of both senses in one folder or tar: what answers, what is left out, what is refused."""

import json
import shutil
import tarfile
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import (
    CropFacesConfig,
    Execution,
    ExtractConfig,
    FusionConfig,
    VisualConfig,
)
from avkd_cli.errors import InputError, OutputError, UsageError
from avkd_cli.steps.check import check
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.decide.opening import open_system
from avkd_cli.steps.decide.recordings import recording_of
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.import_embeddings import import_embeddings
from avkd_cli.steps.share import share
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.store import open_store
from avkd_cli.training.runs import read_description
from avkd_cli.verification.calibration import Calibration

HERE = Execution(workers=0, quiet=True)


def calibrated(run, **change):
    """Put a calibration by hand into a run's folder: ratio 10 (cosine - 0.5)."""
    run_print = read_description(run)["fingerprint"]
    usual = Calibration(
        (f"cosine none of {run_print[7:19]}",),
        (10.0,),
        -5.0,
        0.5,
        {"name": run.name},
        system=run_print,
        seen=((-1.0, 1.0),),
    )
    (run / "calibration.json").write_text(json.dumps(replace(usual, **change).to_json()))


@pytest.fixture(scope="module")
def made(tmp_path_factory, small):
    """Two senses of four persons, a fusion of them, and a run of either sense as its student."""
    folder = tmp_path_factory.mktemp("made")
    audio = small.make_audio(folder)
    rng, lines = np.random.default_rng(0), []
    for number, one in enumerate(small.ids):
        cv2.imwrite(str(folder / f"{number}.png"), rng.integers(0, 255, (112, 96, 3), np.uint8))
        lines.append(json.dumps({"id": one, "person": one[:2], "images": [f"{number}.png"]}))
    (folder / "faces.jsonl").write_text("\n".join(lines))
    config = CropFacesConfig(detector="none", mode="aligned-112x96")
    crop_faces(str(folder / "faces.jsonl"), folder / "faces.zarr", config, HERE)
    see = VisualConfig(model="cnn", width=16, embedding_size=8, batch_size=8, max_steps=2)
    for seed, (a, v) in enumerate((("audio", "visual"), ("hears", "sees"))):
        train_teacher("audio", [audio], folder / a, replace(small.hearing, seed=seed), quiet=True)
        faces = str(folder / "faces.zarr")
        train_teacher("visual", [faces], folder / v, replace(see, seed=seed), quiet=True)
    extract(folder / "audio", [audio], folder / "a-emb.zarr", ExtractConfig(), HERE)
    extract(folder / "visual", [faces], folder / "v-emb.zarr", ExtractConfig(), HERE)
    both = [str(folder / "a-emb.zarr"), str(folder / "v-emb.zarr")]
    fuse = FusionConfig(model="concat", embedding_size=8, hidden=16, batch_size=8, max_steps=2)
    train_teacher("fusion", both, folder / "fusion", fuse, quiet=True)
    extract(folder / "fusion", both, folder / "f-emb.zarr", ExtractConfig(), HERE)
    for name in ("fusion", "hears", "sees"):
        calibrated(folder / name)
    runs = [folder / name for name in ("fusion", "audio", "visual")]
    students = {"audio": folder / "hears", "visual": folder / "sees"}
    share(runs, folder / "system", students=students)
    share(runs[::-1], folder / "system.tar", students=students, mode=0o640)
    return SimpleNamespace(
        folder=folder,
        runs=runs,
        students=students,
        ids=small.ids,
        system=folder / "system",
        tar=folder / "system.tar",
        fuse=fuse,
    )


def clip(made, number, senses="av"):
    """Sound and picture of one utterance as two recordings of a side."""
    files = [f"{number}.wav"] * ("a" in senses) + [f"{number}.png"] * ("v" in senses)
    return [recording_of(made.folder / one) for one in files]


def test_both_senses_are_fused_as_the_store_of_the_fusion_has_it(made):
    system = open_system(made.system)
    stored = open_store(str(made.folder / "f-emb.zarr"), "avkd.embeddings")
    for number in (0, 7):
        row = stored.embedding[stored.row_of[made.ids[number]]]
        found = system.embed(*clip(made, number))
        assert np.abs(found - row).max() < 1e-6 * np.linalg.norm(row)
    answer = system.same(clip(made, 0), clip(made, 1))
    assert answer.senses == ("audio", "visual")
    assert answer.trained_on["name"] == "fusion"
    assert answer.notes == ()


@pytest.mark.parametrize(
    ("senses", "by", "run"),
    [
        (("av", "a"), "the student that hears", "hears"),
        (("v", "av"), "the student that sees faces", "sees"),
    ],
)
def test_where_a_sense_is_missing_the_student_of_the_other_answers_and_says_so(
    made, senses, by, run
):
    system = open_system(made.tar)
    answer = system.same(clip(made, 0, senses[0]), clip(made, 1, senses[1]))
    alone = open_system(made.folder / run)
    expected = alone.same(*(clip(made, n, senses[1 - (run == "sees")]) for n in (0, 1)))
    assert answer.llr == expected.llr
    assert answer.by == by
    assert f"by {by}" in answer.text
    assert answer.trained_on["name"] == run


def test_a_voice_and_a_face_have_nothing_to_compare(made):
    system = open_system(made.system)
    with pytest.raises(InputError, match="one is heard, the other seen"):
        system.same(clip(made, 0, "a"), clip(made, 1, "v"))


def test_a_run_of_one_sense_is_shared_and_answers_as_before(made, tmp_path):
    share([made.folder / "hears"], tmp_path / "one")
    pair = clip(made, 0, "a"), clip(made, 1, "a")
    assert open_system(tmp_path / "one").same(*pair).llr == (
        open_system(made.folder / "hears").same(*pair).llr
    )


def test_the_record_of_a_system_is_as_its_schema_says(made, schema):
    said = json.loads((made.system / "system.json").read_text())
    schema("system").validate(said)
    for wrong in ({"parts": []}, {"parts": ["ear"]}, {"files": {"a": [1]}}, {"made_by": {}}):
        assert not schema("system").is_valid(said | wrong)


def test_nothing_that_is_shared_names_anybody_trained_on(made):
    whole = b"".join(one.read_bytes() for one in made.system.rglob("*") if one.is_file())
    for person in ("p0", "p1", "p2", "p3"):
        assert b'"%s"' % person.encode() not in whole
        assert b'"%s"' % person.encode() not in made.tar.read_bytes()
    assert b"heads." not in whole
    assert str(made.folder).encode() not in whole


def test_modes_are_as_asked_and_private_otherwise(made):
    assert made.tar.stat().st_mode & 0o777 == 0o640
    with tarfile.open(made.tar) as tar:
        assert {one.mode for one in tar} == {0o640}
    assert {one.stat().st_mode & 0o777 for one in made.system.rglob("*.json")} == {0o600}
    assert made.system.stat().st_mode & 0o777 == 0o700


def test_the_same_again_is_done_and_another_is_in_the_way(made, tmp_path):
    out = tmp_path / "s.tar"
    share([made.folder / "hears"], out)
    before = out.read_bytes()
    share([made.folder / "hears"], out)
    assert out.read_bytes() == before
    with pytest.raises(OutputError, match="is another system"):
        share([made.folder / "sees"], out)
    share([made.folder / "sees"], out, overwrite=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/x").write_text("x")
    with pytest.raises(OutputError, match="no shared system"):
        share([made.folder / "sees"], tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine/x").exists()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda root: (root / "audio/model.safetensors").write_bytes(b"x"), "bytes"),
        (lambda root: (root / "fusion/model.json").unlink(), "missing file"),
        (lambda root: (root / "more.txt").write_text("x"), "no part of it"),
        (lambda root: edit(root / "calibration-fusion.json"), "SHA-256 differs"),
        (lambda root: edit(root / "system.json"), "damaged or edited"),
    ],
)
def test_check_finds_every_damage_and_opening_refuses_it(made, tmp_path, damage, fault):
    shutil.copytree(made.system, tmp_path / "s")
    assert [one.faults for one in check([tmp_path / "s", made.tar])] == [[], []]
    damage(tmp_path / "s")
    (report,) = check([tmp_path / "s"])
    assert fault in report.faults[0]
    with pytest.raises(InputError, match=fault):
        open_system(tmp_path / "s")
    assert CliRunner().invoke(cli, ["check", str(tmp_path / "s")]).exit_code != 0


def edit(path):
    """Change a digit."""
    text = path.read_text()
    path.write_text(text.replace("1", "2", 1))


def test_a_tar_with_a_link_or_another_place_in_it_is_refused(made, tmp_path):
    for name, kind in (("../x", tarfile.REGTYPE), ("audio/l", tarfile.SYMTYPE)):
        with tarfile.open(tmp_path / "bad.tar", "w") as tar:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry)
        with pytest.raises(InputError, match="which no shared system has"):
            open_system(tmp_path / "bad.tar")


def test_runs_that_make_no_system_are_refused(made, tmp_path):
    fusion, audio, visual = made.runs
    out = tmp_path / "x"
    with pytest.raises(UsageError, match="name the visual run"):
        share([fusion, audio], out)
    with pytest.raises(UsageError, match="give the fusion"):
        share([audio, visual], out)
    with pytest.raises(InputError, match="is not the audio run whose embeddings"):
        share([fusion, made.folder / "hears", visual], out)
    with pytest.raises(InputError, match="has no calibration"):
        share([audio], out)
    with pytest.raises(InputError, match="is of --modality visual"):
        share(made.runs, out, students={"audio": made.folder / "sees"})
    old = tmp_path / "old"
    shutil.copytree(made.folder / "hears", old)
    said = json.loads((old / "run.json").read_text())
    (old / "run.json").write_text(json.dumps(said | {"version": 1, "prepared": {}}))
    with pytest.raises(InputError, match="train it again to share it"):
        share([old], out)
    assert not out.exists()


def test_a_fusion_of_imported_embeddings_is_refused_there_is_no_network(made, tmp_path):
    stored = open_store(str(made.folder / "v-emb.zarr"), "avkd.embeddings")
    np.savez(tmp_path / "v.npz", id=stored.ids, embedding=stored.embedding, person=stored.persons)
    import_embeddings(tmp_path / "v.npz", tmp_path / "v.zarr", HERE, modality="visual")
    both = [str(made.folder / "a-emb.zarr"), str(tmp_path / "v.zarr")]
    train_teacher("fusion", both, tmp_path / "fusion", made.fuse, quiet=True)
    calibrated(tmp_path / "fusion")
    with pytest.raises(InputError, match="no network to run"):
        share([tmp_path / "fusion", *made.runs[1:]], tmp_path / "out")


def test_the_command_makes_a_system_that_verify_takes(made, tmp_path):
    out = str(tmp_path / "s.tar")
    words = [str(one) for one in made.runs]
    words += [f"--student={sense}={run}" for sense, run in made.students.items()]
    result = CliRunner().invoke(cli, ["share", *words, "-o", out, "--mode", "0640"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["format"] == "avkd.system"
    pair = [str(made.folder / one) for one in ("0.wav", "1.wav")]
    answer = CliRunner().invoke(cli, ["verify", out, *pair, "--json"])
    assert json.loads(answer.stdout)["by"] == "the student that hears"
    for wrong in (["--student", "smell=x"], ["--mode", "999"], ["--mode", "0200"]):
        assert CliRunner().invoke(cli, ["share", *words, "-o", out, *wrong]).exit_code == 2
