import dataclasses
import tomllib

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli import config, models
from avkd_cli.config import AudioConfig, PrepAudioConfig, load, to_toml
from avkd_cli.errors import MissingInputError, UsageError
from avkd_cli.options import resolve

CONFIGS = [
    value
    for value in vars(config).values()
    if dataclasses.is_dataclass(value) and value is not config.Execution
]


def write(path, text):
    file = path / "s.toml"
    file.write_text(text)
    return file


def read(file, flags=None, kind=AudioConfig, sections=("train-teacher", "train-teacher.audio")):
    return load(kind, sections, file, flags or {})


def test_flags_win_over_the_file_and_the_file_over_defaults(tmp_path):
    file = write(
        tmp_path, "[train-teacher]\nlr = 0.5\nseed = 3\n[train-teacher.audio]\nlr = 0.25\n"
    )
    found = read(file, {"seed": 4, "margin": None})
    assert (found.lr, found.seed, found.margin) == (0.25, 4, AudioConfig().margin)


def test_keys_may_be_written_with_dashes_and_at_the_top(tmp_path):
    assert read(write(tmp_path, "batch-size = 32\n")).batch_size == 32


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("batch_siez = 3", "Did you mean 'batch_size'?"),
        ("[train-techer]\nlr = 1.0", "Did you mean 'train-teacher'?"),
        ("[train-teacher.adio]\nlr = 1.0", "Did you mean 'audio'?"),
        ("lr = 'fast'", "wanted float"),
        ("lr = true", "wanted float"),
        ("epochs = nan", "finite"),
        ("batch_size = 0", "at least 2"),
        ("margin = 4.0", "at most 3"),
        ("model = 'resnet'", "wanted one of"),
        ("lr = 1\nlr = 2", "not TOML"),
        ("lr = ", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path, text, said):
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        read(write(tmp_path, text))


def test_a_missing_file_is_named():
    with pytest.raises(MissingInputError, match=r"nowhere\.toml"):
        read("nowhere.toml")


@pytest.mark.parametrize("kind", CONFIGS, ids=lambda kind: kind.__name__)
def test_every_setting_says_what_it_is_and_its_default_is_allowed(kind):
    for field in dataclasses.fields(kind):
        assert field.metadata["help"], field.name
    flags = {f.name: getattr(kind(), f.name) for f in dataclasses.fields(kind)}
    assert load(kind, ("score",), None, flags) == kind()


@given(st.floats(1e-6, 10), st.integers(2, 4096), st.sampled_from(config.AUDIO_MODELS))
def test_printed_settings_read_back_the_same(lr, batch_size, model):
    settings = AudioConfig(lr=lr, batch_size=batch_size, model=model)
    tables = tomllib.loads(to_toml(settings, "train-teacher.audio"))
    flags = {k.replace("-", "_"): v for k, v in tables["train-teacher"]["audio"].items()}
    assert load(AudioConfig, ("train-teacher",), None, flags) == settings


@pytest.mark.parametrize("preset", config.PRESETS)
@pytest.mark.parametrize("modality", ["audio", "visual"])
def test_a_student_has_the_settings_of_its_baseline(preset, modality):
    student = resolve("distill", modality, preset, {})
    baseline = resolve("train-teacher", modality, preset, {})
    for field in dataclasses.fields(config.STEPS["train-teacher"][modality]):
        assert getattr(student, field.name) == getattr(baseline, field.name)


def test_a_setting_with_another_default_keeps_its_words_and_limits():
    usual, own = (
        next(one for one in dataclasses.fields(kind) if one.name == "margin")
        for kind in (config.TrainConfig, config.FusionConfig)
    )
    assert (usual.default, own.default) == (0.2, 0.7)
    assert own.metadata == usual.metadata
    with pytest.raises(UsageError, match=r"--margin is 3\.5, wanted at most 3"):
        load(config.FusionConfig, ("train-teacher",), None, {"margin": 3.5})


def test_a_flag_of_another_modality_is_refused():
    with pytest.raises(click.UsageError, match="--hidden is no setting"):
        resolve("train-teacher", "audio", None, {"hidden": 4})


@pytest.mark.parametrize("preset", config.PRESETS)
def test_presets_hold_for_every_step(preset):
    load(PrepAudioConfig, ("prep-audio",), preset, {})
    load(config.CropFacesConfig, ("crop-faces",), preset, {})
    load(config.ScoreConfig, ("score",), preset, {})
    resolve("train-teacher", "fusion", preset, {})


def test_paper_is_what_the_paper_prints():
    audio = resolve("train-teacher", "audio", "paper", {})
    fusion = resolve("train-teacher", "fusion", "paper", {})
    student = resolve("distill", "audio", "paper", {})
    assert (audio.model, audio.embedding_size, audio.margin, audio.scale) == (
        "resnet34",
        512,
        0.2,
        32,
    )
    assert (audio.crop_min, audio.crop_max, audio.time_mask) == (200, 400, 0)
    assert (fusion.model, fusion.margin, fusion.scale) == ("gate", 0.7, 32)
    assert student.temperature == 0.03125


def test_names_offered_are_the_names_there_are():
    assert set(config.AUDIO_MODELS) == set(models.AUDIO)
    assert set(config.VISUAL_MODELS) == set(models.VISUAL)
    assert set(config.FUSION_MODELS) == set(models.FUSION)
    assert set(config.PAIR_MODELS) == set(models.PAIRS)
