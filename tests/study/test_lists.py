"""Who is labelled, who is held out: the same for all systems of a seed, with the same shares."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance, read_utterances, write_utterances
from study.lists import TRUTH, draw, fewer, strata_of, write_fold, write_lists

crowds = some.dictionaries(
    some.text("abcdefgh", min_size=1, max_size=6),
    some.sampled_from(["f", "m", "x"]),
    min_size=2,
    max_size=60,
).map(lambda people: {name: (stratum,) for name, stratum in people.items()})
shares = some.sampled_from([0.25, 0.5, 0.75, 1.0])


@given(crowds, shares, some.integers(0, 50))
def test_every_stratum_gives_the_same_share_of_its_people(strata, share, seed):
    labelled = draw(strata, share, seed)
    assert abs(len(labelled) - share * len(strata)) < 1
    sizes, drawn = Counter(strata.values()), Counter(strata[one] for one in labelled)
    for stratum, size in sizes.items():  # what rounding takes of one the next one gets
        assert abs(drawn[stratum] - share * size) < 2


@given(crowds, shares, some.integers(0, 50), some.randoms())
def test_a_draw_depends_on_the_seed_and_not_on_the_order_of_the_list(strata, share, seed, random):
    shuffled = list(strata.items())
    random.shuffle(shuffled)
    assert draw(strata, share, seed) == draw(dict(shuffled), share, seed)


def test_another_seed_labels_other_people():
    strata = {f"p{n:02d}": (n % 2,) for n in range(40)}
    assert len({frozenset(draw(strata, 0.25, seed)) for seed in range(5)}) == 5


def utterances(persons: int = 8, recordings: int = 4) -> list[Utterance]:
    return [
        Utterance(
            f"p{p}/{r}",
            f"p{p}",
            split="test" if p < 2 else "train",
            sex="fm"[p % 2],
            audio=f"{p}-{r}.wav",
            extra={"block": "ab"[p % 2]},
        )
        for p in range(persons)
        for r in range(recordings)
    ]


@pytest.fixture
def people(tmp_path):
    (tmp_path / "lists").mkdir()
    write_utterances(tmp_path / "lists" / "people.jsonl", utterances())
    return tmp_path / "lists" / "people.jsonl"


def read(path):
    return {one.id: one for one in read_utterances(path).utterances}


def test_those_whom_nobody_named_have_no_name_where_training_looks(people, tmp_path):
    write_lists(people, tmp_path / "out", labelled=0.5, by=("block",), seed=0)
    known, others = (read(tmp_path / "out" / f"{name}.jsonl") for name in ("known", "others"))
    assert len({one.person for one in known.values()}) == 3
    assert {one.person for one in others.values()} == {""}
    assert all(one.extra[TRUTH] == id[:2] for id, one in others.items())
    assert not {one.person for one in known.values()} & {id[:2] for id in others}
    assert read(tmp_path / "out" / "both.jsonl").keys() == known.keys() | others.keys()
    assert {id[:2] for id in read(tmp_path / "out" / "test.jsonl")} == {"p0", "p1"}
    # Paths lead to the same files as before.
    assert next(iter(known.values())).audio.startswith("../lists/")


@settings(max_examples=30)
@given(some.integers(1, 5), some.integers(0, 9))
def test_fewer_recordings_are_as_many_of_each_person(count, seed):
    found = fewer(utterances(), count, seed)
    assert set(Counter(one.person for one in found).values()) == {min(count, 4)}
    assert found == fewer(utterances(), count, seed)
    assert fewer(utterances(), 0, seed) == utterances()


def test_a_fold_holds_out_training_people_and_nobody_of_the_test(people, tmp_path):
    held = set()
    for fold in range(3):
        out = tmp_path / f"fold-{fold}"
        write_fold(people, out, fold=fold, count=3, by=("block",), block="block")
        by_split = defaultdict(set)
        for one in read(out / "people.jsonl").values():
            by_split[one.split].add(one.person)
        assert len(by_split["test"]) == 2 and len(by_split["train"]) == 4
        assert not by_split["test"] & by_split["train"]
        held |= by_split["test"]
        trials = [line.split() for line in (out / "trials.txt").read_text().splitlines()]
        assert {id[:2] for _, *ids in trials for id in ids} <= by_split["test"]
        # Both people of a block are of one sex here, and no trial leaves its block.
        assert all(int(a[1]) % 2 == int(b[1]) % 2 for _, a, b in trials)
    assert held == {f"p{n}" for n in range(2, 8)}


def test_a_column_that_is_not_the_persons_is_refused():
    one, other = Utterance("a/1", "a", sex="f"), Utterance("a/2", "a", sex="m")
    with pytest.raises(InputError, match=r"a/2: a has .*'m'.* and .*'f'"):
        strata_of([one, other], ("sex",))


@pytest.mark.parametrize(
    ("labelled", "said"), [(0.1, r"a share of 0.1 labels [01] of 6 people; two at least")]
)
def test_too_few_labelled_people_are_refused(people, tmp_path, labelled, said):
    with pytest.raises(InputError, match=said):
        write_lists(people, tmp_path / "out", labelled=labelled, by=(), seed=0)
    assert not (tmp_path / "out").exists()


def test_a_list_without_anybody_to_test_is_refused(tmp_path):
    write_utterances(
        tmp_path / "people.jsonl", [Utterance("a/1", "a", split="train", audio="a.wav")]
    )
    with pytest.raises(InputError, match="1 recordings to train on and 0 to test"):
        write_lists(tmp_path / "people.jsonl", tmp_path / "out", labelled=1, by=(), seed=0)


def test_a_fold_that_is_not_there_is_refused(people, tmp_path):
    with pytest.raises(InputError, match="fold 3 of 3, of 6 people"):
        write_fold(people, tmp_path / "out", fold=3, count=3, by=(), block="")
