"""Stores of sequences: many vectors an utterance, written while they are computed."""

import json
import subprocess
import sys

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, OutputError, UsageError
from avkd_cli.steps.check import check
from avkd_cli.storage import durable, manifest, shards, tables
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.sequences import Pieces, Sequences
from avkd_cli.storage.store import SequenceStore, open_store
from avkd_cli.storage.verify import faults_against, faults_of_store

LENGTHS = [3, 0, 1, 7, 2, 4]
ROWS = Rows(
    [f"u{row}" for row in range(6)], list("aabbcc"), ["train"] * 6, [f"s{row}" for row in range(6)]
)


def values_of(row, length=None):
    """Return the vectors of a row, each telling row and place."""
    length = LENGTHS[row] if length is None else length
    return np.array([[row, place, 0.5] for place in range(length)], np.float32).reshape(-1, 3)


def compute(start, stop):
    for row in range(start, stop):
        yield Pieces(row, values_of(row), np.arange(LENGTHS[row]) / 25)


@pytest.fixture
def make(tmp_path):
    """Make a store of sequences; keywords replace those of Sequences."""

    def make(name="seq", execution=None, inputs=None, **changes):
        given = {"rows": ROWS, "level": "frames", "dimension": 3, "compute": compute, "fps": 25.0}
        content = Sequences(**(given | changes))
        origin = Origin(
            "extract-embeddings",
            {"seed": 0},
            inputs or {"run": "sha256:0"},
            {"modality": "visual", "run": "films"},
        )
        execution = execution or Execution(quiet=True, partition_size=2)
        return build_store(tmp_path / name, content, origin, execution)

    return make


def test_a_store_gives_back_each_utterance_and_its_times(make, tmp_path):
    line = make()
    store = open_store(line, "avkd.sequences")
    assert isinstance(store, SequenceStore)
    assert (store.level, store.fps, store.piece_s, store.dimension) == ("frames", 25.0, None, 3)
    assert (line["modality"], line["run"], line["label"]) == ("visual", "films", "person")
    assert line["counts"] == {
        "utterances": 6,
        "persons": 3,
        "rejected": 0,
        "pieces": 17,
        "without_piece": 1,
    }
    assert store.lengths.tolist() == LENGTHS
    assert store.column("session") == ROWS.sessions
    assert store.column("split") == ["train"] * 6
    for row, (found, times) in enumerate(
        zip(store.read(range(6)), store.times(range(6)), strict=True)
    ):
        np.testing.assert_array_equal(found, values_of(row))
        np.testing.assert_array_equal(times, np.float32(np.arange(LENGTHS[row]) / 25))
    np.testing.assert_array_equal(store.crops([3, 5], [4, 0], 3)[0], values_of(3)[4:7])
    np.testing.assert_array_equal(store.gather([3, 4], [6, 1]), [[3, 6, 0.5], [4, 1, 0.5]])
    assert list(faults_of_store(tmp_path / "seq")) == []


def test_what_an_utterance_has_nothing_of_is_known(make):
    store = open_store(make())
    assert store.filled.tolist() == [True, False, True, True, True, True]
    assert store.holds("u0") and not store.holds("u1") and not store.holds("u9")


def test_zarr_python_reads_the_same(make, tmp_path):
    make()
    group = zarr.open_group(tmp_path / "seq", mode="r")
    part = group[f"parts/{group['partition'][3]:05d}/values"]
    start = group["start"][3]
    np.testing.assert_array_equal(part[start : start + 7], values_of(3))
    assert part.metadata.dimension_names == ("piece", "dimension")


def test_a_long_utterance_may_come_in_parts(make, tmp_path, digests):
    def in_parts(start, stop):
        for whole in compute(start, stop):
            for place in range(0, max(1, len(whole.values)), 2):
                cut = slice(place, place + 2)
                yield Pieces(whole.row, whole.values[cut], whole.time_s[cut])

    make("whole")
    make("parts", compute=in_parts)
    assert digests(tmp_path / "parts") == digests(tmp_path / "whole")


def test_a_partition_of_nothing_has_no_file_of_vectors(make, tmp_path):
    def nothing_first(start, stop):
        for row in range(start, stop):
            length = 0 if row < 2 else 1
            yield Pieces(row, np.zeros((length, 3)), np.zeros(length))

    store = open_store(make(compute=nothing_first))
    assert store.lengths.tolist() == [0, 0, 1, 1, 1, 1]
    assert not (tmp_path / "seq/parts/00000").exists()
    assert store.read([0, 2])[0].shape == (0, 3)
    assert list(faults_of_store(tmp_path / "seq")) == []


def test_a_store_of_nothing_at_all_is_refused(make):
    with pytest.raises(InputError, match="no utterance has a piece; are they shorter than one"):
        make(compute=lambda a, b: (Pieces(r, np.zeros((0, 3)), np.zeros(0)) for r in range(a, b)))


def test_posteriors_say_what_they_are_of(make):
    named = make(level="posteriors", classes=["calm", "sad", "glad"], label="emotion", piece_s=1.0)
    store = open_store(named)
    assert (store.label, store.classes, store.piece_s) == ("emotion", ["calm", "sad", "glad"], 1.0)
    assert open_store(make("unnamed")).classes is None
    with pytest.raises(ValueError, match="2 classes for 3 dimensions"):
        make(classes=["calm", "sad"])


def test_another_level_is_other_work(make):
    assert make()["fingerprint"] != make("other", level="segments")["fingerprint"]
    with pytest.raises(OutputError, match=r"config.level was frames, now segments"):
        make(level="segments")


def test_a_killed_run_goes_on_where_it_was(make, tmp_path, digests):
    asked = []

    def interrupted(start, stop):
        asked.append((start, stop))
        yield next(iter(compute(start, stop)))
        if len(asked) == 2:
            raise KeyboardInterrupt
        yield from list(compute(start, stop))[1:]

    make("whole")
    with pytest.raises(KeyboardInterrupt):
        make(compute=interrupted)
    assert not (tmp_path / "seq").exists()
    make(compute=interrupted)
    assert asked == [(0, 2), (2, 4), (2, 4), (4, 6)]
    assert digests(tmp_path / "seq") == digests(tmp_path / "whole")


def test_partitions_made_apart_make_the_same_store(make, tmp_path, digests):
    make("whole")
    for part in ((2, 3), (0, 2)):
        assert make(execution=Execution(quiet=True, partition_size=2, partitions=part)) is None
    make(execution=Execution(quiet=True, partition_size=2, finalise=True))
    assert digests(tmp_path / "seq") == digests(tmp_path / "whole")


def test_a_finished_store_is_not_computed_again(make):
    first = make()
    again = make(compute=lambda start, stop: pytest.fail("computed again"))
    assert again["fingerprint"] == first["fingerprint"]


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ([(0, 3)], "1 rows computed of 0:6"),
        ([(1, 3)], "pieces of row 1 after 0 rows"),
        ([(0, 1), (2, 1)], "pieces of row 2 after 1 rows"),
        ([(0, 1), (1, 1), (0, 1)], "pieces of row 0 after 2 rows"),
        ([(row, 1) for row in range(7)], "7 rows computed of 0:6"),
        ([(-1, 1)], "pieces of row -1 after 0 rows"),
    ],
)
def test_rows_out_of_order_are_the_callers_fault(make, tmp_path, pieces, said):
    def wrong(start, stop):
        return (Pieces(row, np.zeros((n, 3)), np.zeros(n)) for row, n in pieces)

    with pytest.raises(ValueError, match=said):
        make(compute=wrong, execution=Execution(quiet=True))
    assert not (tmp_path / "seq").exists()
    assert list(tmp_path.glob("seq.wip/parts/**/*.tmp-*")) == []


@pytest.mark.parametrize("times", [[-0.1, 0, 1], [0, 2, 1], [np.nan, 0, 1], [0, 1, np.inf]])
def test_times_that_are_none_are_the_callers_fault(make, times):
    def wrong(start, stop):
        return (Pieces(row, np.zeros((3, 3)), np.array(times)) for row in range(start, stop))

    with pytest.raises(ValueError, match="times of row 0 do not rise from 0"):
        make(compute=wrong)


def test_stills_have_no_times(make):
    def stills(start, stop):
        return (Pieces(row, np.zeros((2, 3)), np.full(2, np.nan)) for row in range(start, stop))

    assert np.isnan(open_store(make(compute=stills, fps=None)).times([3])[0]).all()


def test_vectors_of_another_shape_are_the_callers_fault_and_infinite_ones_the_runs(make):
    def of(values):
        return lambda a, b: (Pieces(row, values, np.zeros(2)) for row in range(a, b))

    with pytest.raises(ValueError, match=r"frames \(2, 4\), wanted \(2, 3\)"):
        make(compute=of(np.zeros((2, 4))))
    with pytest.raises(InputError, match="frames of 'u0' are not finite; mend the run"):
        make(compute=of(np.full((2, 3), np.inf)))


def test_a_dry_run_touches_nothing(make, tmp_path, capsys):
    found = make(execution=Execution(dry_run=True, partition_size=2))
    assert (found["partitions"], found["format"]) == (3, "avkd.sequences")
    assert list(tmp_path.iterdir()) == []
    assert "would hold sequences of 6 utterances" in capsys.readouterr().err


def rewrite(store, array, values):
    """Replace an array by one whose files are whole, but whose content is wrong."""
    record = json.loads((store / "avkd.json").read_bytes())
    for file, data in tables.encode(values, ["piece"], "").items():
        (store / array / file).write_bytes(data)
        record["files"][f"{array}/{file}"] = [len(data), durable.sha256_bytes(data)]
    record["arrays"][array]["shape"] = list(np.shape(values))
    (store / "avkd.json").write_text(manifest.sealed(record))


@pytest.mark.parametrize(
    ("times", "fault"),
    [
        ([0, 1, 2], "time_s has 3 values for 17 pieces"),
        ([-1, *range(16)], "utterances have times that do not rise from 0, such as 'u0'"),
        ([0, 2, 1, *[0] * 14], "1 utterances have times that do not rise from 0, such as 'u0'"),
        ([np.nan, 1, 2, *[0] * 14], "1 utterances have times"),
        ([np.nan] * 17, ""),
    ],
)
def test_check_finds_times_that_are_none(make, tmp_path, times, fault):
    make()
    rewrite(tmp_path / "seq", "time_s", np.float32(times))
    found = list(faults_of_store(tmp_path / "seq"))
    assert fault in "".join(found[:1]) if fault else found == []


def test_check_finds_vectors_that_are_not_finite(make, tmp_path):
    make()
    store, name = tmp_path / "seq", "parts/00001/values"
    wrong = np.full((8, 3), np.nan, np.float32)
    record = json.loads((store / "avkd.json").read_bytes())
    files = shards.encode([wrong], wrong.shape, wrong.dtype, ["piece", "dimension"], "")
    for file, data in (files | {"c.0.0": b"".join(files["c.0.0"])}).items():
        (store / name / file).write_bytes(data)
        record["files"][f"{name}/{file}"] = [len(data), durable.sha256_bytes(data)]
    (store / "avkd.json").write_text(manifest.sealed(record))
    assert list(faults_of_store(store)) == ["2 frames are not finite, such as of 'u2', 'u3'"]


def test_check_against_says_other_dimensions(make):
    other = Sequences(
        ROWS,
        "frames",
        2,
        lambda a, b: (Pieces(row, np.zeros((1, 2)), np.zeros(1)) for row in range(a, b)),
    )
    one = open_store(make())
    two = open_store(make("two", dimension=2, compute=other.compute))
    assert list(faults_against(one, two)) == [f"dimension 3 is not 2 of {two.path}"]


def test_check_has_no_media_to_compare_sequences_with(make, tmp_path):
    make()
    with pytest.raises(UsageError, match="--source is for stores of sound or faces"):
        check([tmp_path / "seq"], source=tmp_path / "list.jsonl")


@settings(max_examples=30, deadline=None)
@given(lengths=st.lists(st.integers(0, 400), max_size=8), width=st.sampled_from([1, 33, 9000]))
def test_a_shard_that_passes_by_holds_what_passed(tmp_path_factory, lengths, width):
    folder = tmp_path_factory.mktemp("stream")
    blocks = [np.random.default_rng(n).random((n, width), np.float32) for n in lengths]
    passing = shards.passing(blocks, np.dtype(np.float32), [width])
    [measured] = durable.write_all({folder / "c.0.0": passing}).values()
    if not sum(lengths):
        return
    shape = [sum(lengths), width]
    metadata = shards.described(shape, np.dtype(np.float32), ["piece", "dimension"], "numbers")
    (folder / "zarr.json").write_bytes(metadata)
    wanted = np.concatenate(blocks)
    opened = shards.open_shard(str(folder), np.dtype(np.float32), [width], shards.cache())
    np.testing.assert_array_equal(opened.read().result(), wanted)
    array = zarr.open_array(folder, mode="r")
    np.testing.assert_array_equal(array[...], wanted)
    assert array.attrs["meaning"] == "numbers"
    shard = folder / "c.0.0"
    assert measured == [shard.stat().st_size, durable.sha256_file(shard)]


HOURS = """
import resource, sys
from pathlib import Path
import numpy as np
from avkd_cli.config import Execution
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.sequences import Pieces, Sequences

def compute(start, stop):
    chance = np.random.default_rng(0)
    for second in range(int(sys.argv[2])):
        values = chance.standard_normal((25, 512)).astype(np.float32)
        yield Pieces(0, values, second + np.arange(25) / 25)

content = Sequences(Rows(["film"], ["p"]), "frames", 512, compute, fps=25.0)
build_store(Path(sys.argv[1]), content, Origin("extract"), Execution(quiet=True))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_film_three_times_as_long_needs_no_more_memory(tmp_path):
    # Half an hour of 512 numbers at 25 a second is 92 MB.
    peaks = []
    for seconds in (600, 1800):
        done = subprocess.run(
            [sys.executable, "-c", HOURS, tmp_path / str(seconds), str(seconds)],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 10_000  # kB
