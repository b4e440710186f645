"""A training leaves a card in its run, which scores make fuller; no name of a person is in it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import AudioConfig
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps import card_facts
from avkd_cli.steps.card import card, card_of, in_order
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import Utterance

PEOPLE = {"p0": ("f", 31), "p1": ("m", 40), "p2": ("f", 55), "p3": ("", None)}


def said_of(person):
    sex, age = PEOPLE[person]
    return {"sex": sex, "age": age} if sex else {}


@pytest.fixture(scope="module")
def made(tmp_path_factory, small):
    """An audio store, a list that says of people what a card shares out, and a run of both."""
    folder = tmp_path_factory.mktemp("card")
    store = small.make_audio(folder)
    lines = [
        {"id": one, "person": one[:2], "audio": f"{number}.wav", **said_of(one[:2])}
        for number, one in enumerate(small.ids)
    ]
    people = folder / "people.jsonl"
    people.write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = {k: v for k, v in small.settings.items() if k != "beta"}
    train_teacher(
        "audio", [store], folder / "run", AudioConfig(**settings), list_file=people, quiet=True
    )
    return folder


@pytest.fixture
def run(made, tmp_path):
    """A copy of the run that a test may change."""
    import shutil

    return shutil.copytree(made / "run", tmp_path / "run")


def facts(run):
    return json.loads((run / "card.json").read_text())


def write_scores(path, ids, fingerprint=None, seen=None):
    """Scores of all pairs; those of one person are higher, but for p1's."""
    lines, rng = [], np.random.default_rng(0)
    for i, one in enumerate(ids):
        for other in ids[i + 1 :]:
            same = one[:2] == other[:2]
            score = rng.normal() + (3 if same and one[:2] != "p1" else 0)
            lines.append(f"{one} {other} {score:.6f} {'target' if same else 'nontarget'}\n")
    path.write_text("".join(lines))
    if fingerprint:
        summary = {
            "counts": {"trials": len(lines)},
            "inputs": {"run": fingerprint},
            "trials": {"name": "lists/dev.txt"},
            **({"seen_in_training": seen} if seen else {}),
        }
        path.with_name(f"{path.name.removesuffix('.scores')}.metrics.json").write_text(
            json.dumps(summary)
        )
    return str(path)


def test_a_training_leaves_a_card_with_the_shares_of_its_list(made):
    found = facts(made / "run")
    of = found["trained_on"]
    assert (of["utterances"], of["persons"], of["label"], of["faces"]) == (16, 4, "person", None)
    duration = open_store(made / "audio.zarr").column("duration_s")
    assert of["hours"] == pytest.approx(float(duration.sum()) / 3600, abs=1e-4)
    assert of["columns"]["sex"] == {
        "": {"utterances": 4, "persons": 1},
        "f": {"utterances": 8, "persons": 2},
        "m": {"utterances": 4, "persons": 1},
    }
    assert of["columns"]["age"]["31"] == {"utterances": 4, "persons": 1}
    assert "language" not in of["columns"]
    model = json.loads((made / "run/model.json").read_text())
    assert found["fingerprint"] == model["fingerprint"] and found["weights"] > 0
    assert found["prepared"]["audio"]["n_mels"] == 24
    text = (made / "run/MODEL.md").read_text()
    assert "| f | 2 | 8 | 50.0 % |" in text
    assert not any(f'"{name}"' in json.dumps(found) or f" {name} " in text for name in PEOPLE)


def test_scores_add_figures_with_intervals_and_where_it_fails(made, run, small):
    path = write_scores(run.parent / "x.scores", small.ids, facts(run)["fingerprint"])
    result = CliRunner().invoke(
        cli,
        [
            *f"card {run} --scores {path} --people {made}/people.jsonl".split(),
            *f"--audio {made}/audio.zarr --resamples 100 --licence CC0-1.0".split(),
        ],
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == (run / "MODEL.md").read_text() == card_of(run)
    (one,) = facts(run)["figures"]
    assert (one["list"], one["trials"], one["targets"], one["persons"]) == ("dev.txt", 120, 24, 4)
    low, high = one["intervals"]["eer_percent"]
    assert low <= one["eer_percent"] <= high
    assert set(one["groups"]) == {"duration in s", "SNR in dB", "sex", "age"}
    rows = {row["name"]: row for row in one["groups"]["sex"]}
    # p1, the only man, is missed more often than the two women; trials of p3 are of unknown sex.
    assert rows["m"]["miss_percent"] > rows["f"]["miss_percent"]
    assert (rows["m"]["targets"], rows["f"]["targets"]) == (6, 12)
    assert "Licence of the weights: CC0-1.0." in result.stdout


def test_another_file_of_a_list_takes_the_place_of_the_first(made, run, small):
    fingerprint = facts(run)["fingerprint"]
    first = write_scores(run.parent / "x.scores", small.ids, fingerprint)
    people = str(made / "people.jsonl")
    card(run, [first], people=people, resamples=0)
    other = write_scores(run.parent / "y.scores", small.ids[:12], fingerprint)
    card(run, [other], people=people, resamples=0)
    (one,) = facts(run)["figures"]
    assert one["trials"] == 66 and "intervals" not in one
    card(run, [write_scores(run.parent / "z.scores", small.ids)], people=people, resamples=0)
    assert [one["list"] for one in facts(run)["figures"]] == ["dev.txt", "z.scores"]


def test_people_who_were_trained_on_are_told_in_the_card(made, run, small):
    seen = {"persons": 4, "of": 4, "trials": 120, "of_trials": 120}
    path = write_scores(run.parent / "x.scores", small.ids, facts(run)["fingerprint"], seen)
    text = card(run, [path], people=str(made / "people.jsonl"), resamples=0)
    assert "dev.txt: 4 of 4 persons of these trials" in text


def test_scores_of_another_run_are_refused(run, small):
    path = write_scores(run.parent / "x.scores", small.ids, f"sha256:{'9' * 64}")
    with pytest.raises(InputError, match=r"is of run 999999999999, this is"):
        card(run, [path])


def test_a_run_without_a_card_gets_one_from_its_record_and_a_list(made, run):
    before = facts(run)
    (run / "card.json").unlink()
    (run / "MODEL.md").unlink()
    assert "4 people in 16 recordings." in card_of(run)
    text = card(run, people=str(made / "people.jsonl"))
    assert "| f | 2 | 8 | 66.7 % |" not in text and "| f | 2 | 8 | 50.0 % |" in text
    assert facts(run)["fingerprint"] == before["fingerprint"]


def test_what_is_no_finished_run_or_a_damaged_card_is_one_line(run, tmp_path):
    with pytest.raises(MissingInputError, match=r"model\.json: no such file"):
        card(tmp_path)
    (run.parent / "whole.json").write_text((run / "card.json").read_text())
    (run / "card.json").write_text("{")
    with pytest.raises(InputError, match=r"card\.json: damaged"):
        card(run)
    whole = (run.parent / "whole.json").read_text()
    (run / "card.json").write_text(whole.replace('"settings"', '"setting"'))
    with pytest.raises(InputError, match=r"card\.json: damaged: it has no settings"):
        card(run)
    (run / "card.json").write_text(whole.replace("sha256:", "sha256:x"))
    with pytest.raises(InputError, match=r"card\.json: is of another run"):
        card(run)


def test_bands_of_numbers_come_in_their_order():
    rows = [type("Row", (), {"name": one}) for one in ("unknown", "10 to 20", "2 to 10", "-1 to 2")]
    assert [one.name for one in in_order(rows)] == ["-1 to 2", "2 to 10", "10 to 20", "unknown"]


def test_shares_are_of_utterances_and_persons():
    lines = [Utterance(id=str(i), sex="f" if i else "") for i in range(3)]
    assert dict(card_facts.shares([*lines, None], ["a", "a", "b", ""])) == {
        "sex": {"": {"utterances": 2, "persons": 1}, "f": {"utterances": 2, "persons": 2}}
    }
    assert card_facts.in_bands(["a", "1"]) == ["a", "1"]
