"""A model's card says what its facts say, and nothing that they do not."""

import pytest

from avkd_cli.analysis.card import to_markdown
from avkd_cli.analysis.render import as_plain_markdown
from avkd_cli.analysis.table import table

RUN = f"sha256:{'a' * 64}"
GROUP = {
    "name": "f",
    "persons": 12,
    "targets": 100,
    "nontargets": 200,
    "miss_percent": 4.0,
    "false_alarm_percent": 2.5,
    "eer_percent": 3.0,
}
FACTS = {
    "step": "distill",
    "fingerprint": RUN,
    "avkd": "0.2",
    "modality": "audio",
    "network": "tdnn",
    "settings": {"embedding_size": 64, "seed": 3},
    "weights": 12345,
    "prepared": {"audio": {"step": "prep-audio", "features": "fbank", "n_mels": 40, "snr": 5.0}},
    "trained_on": {
        "utterances": 1200,
        "persons": 40,
        "classes": 40,
        "label": "person",
        "named_by_teacher": 0,
        "hours": 2.5,
        "faces": None,
        "columns": {
            "sex": {"f": {"utterances": 300, "persons": 10}, "": {"utterances": 900, "persons": 30}}
        },
    },
    "teacher": {
        "modality": "fusion",
        "role": "teacher",
        "run": f"sha256:{'b' * 64}",
        "fingerprint": "sha256:c",
        "utterances": 1200,
    },
    "rests_on": [],
    "validation": {"step": 50, "eer": 0.0123},
}
TRIED = {
    "list": "vox.txt",
    "trials": 9000,
    "persons": 40,
    "eer_percent": 5.0,
    "min_dcf": {"0.01": 0.4, "0.05": 0.3},
    "intervals": {"eer_percent": [4.0, 6.0], "min_dcf": {"0.01": [0.3, 0.5], "0.05": [0.2, 0.4]}},
}


def test_whom_it_was_trained_on_is_counted_and_shared_out():
    text = to_markdown(FACTS)
    assert text.startswith("# Student: a voice encoder (tdnn)\n")
    assert "40 people in 1,200 recordings, 2.50 hours of sound." in text
    assert "| f | 10 | 300 | 25.0 % |" in text and "| not given | 30 | 900 | 75.0 % |" in text
    assert "features fbank, n_mels 40." in text and "snr" not in text  # nothing was disturbed
    assert f"Taught by embeddings of fusion teacher (run `sha256:{'b' * 64}`)" in text
    assert "embedding of 64 numbers, 12,345 weights" in text
    assert "EER 1.230 % at step 50" in text


def test_it_says_what_nobody_has_told_it():
    bare = FACTS | {
        "trained_on": {"utterances": None, "persons": None, "label": "person"},
        "teacher": None,
        "validation": None,
    }
    text = to_markdown(bare)
    assert "unknown people in unknown recordings." in text
    assert "Sex, age and language of these people are not known here" in text
    assert "It was not tried on any list yet" in text and "Not measured." in text
    assert "Without a teacher: by labels alone." in text
    assert "Licence of the weights: not stated" in text
    text = to_markdown(bare | {"settings": {}, "weights": None})
    assert "gives an embedding. Two embeddings" in text


@pytest.mark.parametrize(
    "heading",
    [
        "What it must not be used for",
        "Embeddings are biometric data",
        "How to cite",
        "Trained on",
        "How it was trained",
        "How well it does",
        "Where it fails",
    ],
)
def test_each_part_is_there_whatever_is_known(heading):
    assert f"\n## {heading}\n" in to_markdown(FACTS)


def test_figures_have_their_intervals_and_those_of_trained_people_a_warning():
    seen = TRIED | {"list": "own.txt", "seen": "3 of 40 persons were trained on", "intervals": None}
    text = to_markdown(FACTS | {"figures": [TRIED, seen]})
    assert (
        "| vox.txt | 40 | 9,000 | 5.00 (4.00 to 6.00) | 0.400 (0.300 to 0.500) | "
        "0.300 (0.200 to 0.400) |"
    ) in text
    assert "| own.txt | 40 | 9,000 | 5.00 | 0.400 | 0.300 |" in text
    assert "**own.txt: 3 of 40 persons were trained on: its figures say nothing" in text


def test_where_it_fails_is_a_table_a_group_and_few_people_have_no_rates():
    rows = [
        GROUP,
        GROUP | {"name": "m", "miss_percent": 8.0},
        GROUP | {"name": "x", "persons": 9, "miss_percent": 99.0},
    ]
    text = to_markdown(FACTS | {"figures": [TRIED | {"threshold": 0.25, "groups": {"sex": rows}}]})
    assert "| f | 12 | 100 | 4.00 | 200 | 2.50 |" in text
    assert "| x | 9 | 100 | – | 200 | – |" in text and "99.00" not in text
    assert "By sex people are missed most often at m (8.00 %), least at f (4.00 %)" in text
    alone = TRIED | {"threshold": 0.25, "groups": {"sex": rows[:1]}}
    assert "missed most often" not in to_markdown(FACTS | {"figures": [alone]})


def test_a_value_ends_no_cell_of_a_table():
    shown = as_plain_markdown(table(("x",), [("a|b\nc",)]))
    assert shown == "| x |\n| --- |\n| a\\|b c |"


def test_a_label_that_is_no_person_is_said():
    of = FACTS["trained_on"] | {"label": "emotion", "classes": 4, "named_by_teacher": 7}
    text = to_markdown(FACTS | {"trained_on": of})
    assert "It tells emotion apart (4 classes), not people." in text
    assert "The teacher alone named 7 of these recordings." in text


def test_a_network_of_a_kind_without_words_has_a_card_too():
    assert to_markdown(FACTS | {"modality": "touch"}).startswith(
        "# Student: a network of modality touch (tdnn)\n"
    )
