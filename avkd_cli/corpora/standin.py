"""The stand-in corpus: invented people in files laid out as VoxCeleb2 dev and VoxCeleb1.

It stands in for data that a person does not have: it shows that the pipeline works from files to
tables, and nothing measured on it says anything about real people.
"""

import dataclasses
import functools
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path, PurePosixPath

import numpy as np

from avkd_cli.corpora import standin_media
from avkd_cli.corpora.standin_face import FRAMES_PER_SECOND, draw_utterance
from avkd_cli.corpora.standin_people import (
    Difficulty,
    Person,
    generator,
    make_face_session,
    make_person,
    make_voice_session,
)
from avkd_cli.corpora.standin_voice import RATE, synthesise
from avkd_cli.corpora.trials import Candidate, Rule, Trial, count_trials, draw_trials
from avkd_cli.errors import InputError, OutputError
from avkd_cli.storage import durable

LISTS = {  # name: (original file, cleaned file, rule, most trials of a kind)
    "O": ("veri_test.txt", "veri_test2.txt", Rule(cross_session=True), 600),
    "E": ("list_test_all.txt", "list_test_all2.txt", Rule(cross_session=True), 3000),
    "H": ("list_test_hard.txt", "list_test_hard2.txt", Rule(True, True), 3000),
}
_VIDEO_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_NATIONS = ("UK", "USA", "India", "Ireland", "Australia")
_README = """\
This is a stand-in corpus, made by `avkd corpus standin`. Nobody in it exists: the voices are a
pulse train through moving resonances, the faces are polygons. It is laid out as VoxCeleb2 dev
(voxceleb2/, split train) and VoxCeleb1 (voxceleb1/, split test) so that the same commands run on
it and on the real corpora. It stands in for data that you do not have: error rates on it show
that the pipeline works, and are results about nothing else.

people.jsonl          all utterances, one JSON object a line
vox1_meta.csv         VoxCeleb1's form of metadata; vox2_meta.csv likewise
veri_test.txt         trials O; veri_test2.txt the same, cleaned (a few trials removed)
list_test_all.txt     trials E; list_test_all2.txt cleaned
list_test_hard.txt    trials H, nontargets of one sex; list_test_hard2.txt cleaned
standin.json          the settings it was made with
"""


@dataclass(frozen=True)
class StandinPlan:
    """All that the stand-in corpus depends on."""

    persons: int = 40
    sessions: int = 6
    utterances: int = 3  # a session
    seed: int = 0
    seconds: tuple[float, float] = (1.8, 2.8)
    picture: int = 112  # pixels
    train_share: float = 0.7
    difficulty: Difficulty = field(default_factory=Difficulty)

    @property
    def train_persons(self) -> int:
        """How many are of VoxCeleb2, to train on; at least two on either side."""
        return int(np.clip(round(self.train_share * self.persons), 2, self.persons - 2))


@dataclass(frozen=True)
class _Session:
    """The unit of work: one video of one person, cut in utterances."""

    person: int
    index: int
    train: bool
    folder: str  # "id00012/21Uxsk56VDQ"

    def path(self, kind: str, utterance: int) -> str:
        """Return where a file of an utterance lies."""
        tree = "voxceleb2/dev" if self.train else "voxceleb1"
        folder, suffix = ("mp4", "mp4") if kind == "video" else ("wav", "wav")
        if kind == "audio" and self.train:
            folder, suffix = "aac", "m4a"
        return f"{tree}/{folder}/{self.folder}/{utterance + 1:05d}.{suffix}"


def make_standin(
    out: Path,
    plan: StandinPlan,
    *,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[dict, bool]:
    """Make the corpus in `out`, or go on with one that was interrupted.

    Args:
        out: folder to make.
        plan: what it depends on, and nothing else.
        workers: processes; None for all cores, 0 for this one. They do not change the result.
        overwrite: replace a corpus of another plan.
        progress: called with sessions done and sessions in all.

    Returns:
        The manifest line, and whether there was nothing to do.

    Raises:
        InputError: fewer than four people, or no target trial is possible.
        OutputError: `out` exists and is something else.
    """
    _check(plan)
    manifest = {"format": "avkd.corpus", "version": 1, **_manifest(plan)}
    durable.make_directory(out.absolute().parent)
    with durable.lock(out):
        if _is_made(out, manifest, overwrite):
            durable.touch(out / "standin.json")
            return {**manifest, "path": str(out)}, True
        work = out.with_name(out.name + ".wip")
        _begin(work, manifest)
        _make_media(work, plan, workers, progress)
        _write_lists(work, plan)
        durable.publish(work, out, overwrite)
    return {**manifest, "path": str(out)}, False


def _check(plan: StandinPlan) -> None:
    if plan.persons < 4:
        raise InputError(
            f"--persons {plan.persons}: at least 4 were wanted, 2 to train and 2 to test"
        )
    if plan.sessions < 2:
        raise InputError(f"--sessions {plan.sessions}: at least 2 were wanted, for target trials")


def _manifest(plan: StandinPlan) -> dict:
    config = json.loads(json.dumps(dataclasses.asdict(plan)))
    each = plan.sessions * plan.utterances
    counts = {
        "persons": plan.persons,
        "utterances": plan.persons * each,
        "train": plan.train_persons * each,
        "test": (plan.persons - plan.train_persons) * each,
    }
    return {"list": "people.jsonl", "counts": counts, "config": config}


def _is_made(out: Path, manifest: dict, overwrite: bool) -> bool:
    """Say whether `out` is this very corpus; refuse what it may not replace."""
    if not out.exists():
        return False
    made = _read(out / "standin.json")
    if made == manifest:
        return True
    if made is None:
        raise OutputError(f"{out}: exists and is no stand-in corpus; choose another -o")
    if not overwrite:
        names = [
            name
            for name in manifest["config"]
            if made["config"].get(name) != manifest["config"][name]
        ]
        raise OutputError(
            f"{out}: holds a stand-in corpus of other settings ({', '.join(names)}); "
            "choose another -o, or --overwrite"
        )
    return False


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _begin(work: Path, manifest: dict) -> None:
    """Go on with unfinished work of the same plan; drop another plan's."""
    if work.exists() and _read(work / "standin.json") != manifest:
        durable.remove_tree(work)
    durable.make_directory(work)
    durable.write_json(work / "standin.json", manifest)


def sessions(plan: StandinPlan) -> list[_Session]:
    """Return all sessions of all people, in the order of the list."""
    rng = generator(plan.seed, "names")
    train = plan.train_persons
    numbers = np.sort(rng.choice(np.arange(12, 9273), train, replace=False)) if train else []
    persons = [f"id{number:05d}" for number in numbers]
    persons += [f"id{10270 + number:05d}" for number in range(plan.persons - train)]
    return [
        _Session(person, index, person < train, f"{name}/{_video(rng)}")
        for person, name in enumerate(persons)
        for index in range(plan.sessions)
    ]


def _video(rng: np.random.Generator) -> str:
    return "".join(_VIDEO_LETTERS[letter] for letter in rng.integers(0, 64, 11))


def _make_media(work: Path, plan: StandinPlan, workers: int | None, progress) -> None:
    everything = sessions(plan)
    missing = [session for session in everything if not _session_is_made(work, plan, session)]
    make = functools.partial(_make_session, work, plan)
    done = len(everything) - len(missing)
    progress(done, len(everything))
    for _ in _map(make, missing, workers):
        done += 1
        progress(done, len(everything))


def _map(function: Callable, items: list, workers: int | None) -> Iterator:
    if workers == 0 or len(items) < 2:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(function, items)


def _session_is_made(work: Path, plan: StandinPlan, session: _Session) -> bool:
    return all(
        (work / session.path(kind, utterance)).exists()
        for utterance in range(plan.utterances)
        for kind in ("audio", "video")
    )


def _make_session(work: Path, plan: StandinPlan, session: _Session) -> None:
    """Write all files of a session."""
    person = make_person(plan.seed, session.person, plan.difficulty)
    files = {}
    for utterance in range(plan.utterances):
        files |= {work / name: data for name, data in _utterance(plan, person, session, utterance)}
    for folder in dict.fromkeys(path.parent for path in files):
        durable.make_directory(folder)
    durable.write_all(files)


def _utterance(
    plan: StandinPlan, person: Person, session: _Session, utterance: int
) -> Iterator[tuple[str, bytes]]:
    """Yield the path and bytes of each file of an utterance."""
    where = (plan.seed, person.number, session.index)
    voice_session = make_voice_session(generator(*where, "voice"), plan.difficulty)
    face_session = make_face_session(generator(*where, "face"), plan.difficulty)
    seconds = generator(*where, "length", utterance).uniform(*plan.seconds)
    sound, clean = synthesise(
        person.voice, voice_session, seconds, generator(*where, "speech", utterance)
    )
    frames = draw_utterance(
        person.face,
        face_session,
        loudness(clean),
        plan.picture,
        generator(*where, "picture", utterance),
    )
    encode = standin_media.m4a if session.train else standin_media.wav
    yield session.path("audio", utterance), encode(sound, RATE)
    video = standin_media.mp4(frames, FRAMES_PER_SECOND, sound, RATE)
    yield session.path("video", utterance), video


def loudness(samples: np.ndarray) -> np.ndarray:
    """Return how loud each video frame of `samples` (n,) is, from 0 to 1."""
    length = RATE // FRAMES_PER_SECOND
    count = len(samples) // length
    level = np.sqrt(np.mean(samples[: count * length].reshape(count, length) ** 2, axis=1))
    return np.clip(level / (np.quantile(level, 0.9) + 1e-9), 0, 1)


def people(plan: StandinPlan) -> Iterator[dict]:
    """Yield the utterances as lines of people.jsonl."""
    for session in sessions(plan):
        person = make_person(plan.seed, session.person, plan.difficulty)
        name, video = PurePosixPath(session.folder).parts
        for utterance in range(plan.utterances):
            yield {
                "id": f"{session.folder}/{utterance + 1:05d}",
                "person": name,
                "session": video,
                "audio": session.path("audio", utterance),
                "video": session.path("video", utterance),
                "split": "train" if session.train else "test",
                "sex": person.sex,
                "age": person.age,
            }


def _write_lists(work: Path, plan: StandinPlan) -> None:
    rows = list(people(plan))
    texts = {
        "people.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "vox1_meta.csv": _vox1_meta(rows),
        "vox2_meta.csv": _vox2_meta(rows),
        "README.txt": _README,
        **dict(trial_lists(rows, plan.seed)),
    }
    durable.write_all({work / name: text.encode() for name, text in texts.items()})


def _persons_of(rows: list[dict], split: str) -> dict[str, str]:
    return {row["person"]: row["sex"] for row in rows if row["split"] == split}


def _vox1_meta(rows: list[dict]) -> str:
    lines = ["VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n"]
    for index, (person, sex) in enumerate(_persons_of(rows, "test").items()):
        nation = _NATIONS[index % len(_NATIONS)]
        lines.append(f"{person}\tStand-in_{person[2:]}\t{sex}\t{nation}\ttest\n")
    return "".join(lines)


def _vox2_meta(rows: list[dict]) -> str:
    lines = ["VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \n"]
    for person, sex in _persons_of(rows, "train").items():
        lines.append(f"{person} ,n0{person[2:]} ,{sex} ,dev \n")
    return "".join(lines)


def trial_lists(rows: list[dict], seed: int) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each trial list, in VoxCeleb's form."""
    sides = [
        Candidate(row["id"] + ".wav", row["person"], row["session"], row["sex"])
        for row in rows
        if row["split"] == "test"
    ]
    for original, cleaned, rule, most in LISTS.values():
        targets, nontargets = (min(most, possible) for possible in count_trials(sides, rule))
        size = min(targets, nontargets) or max(targets, nontargets)
        rng = generator(seed, "trials", original)
        trials = draw_trials(
            sides, rule, min(targets, size), min(nontargets, size), int(rng.integers(2**62))
        )
        yield original, _text(trials)
        yield cleaned, _text(_clean(trials, rng))


def _clean(trials: list[Trial], rng: np.random.Generator) -> list[Trial]:
    """Remove a few trials of either kind, as the cleaned lists of VoxCeleb1 do."""
    removed = set()
    for label in (0, 1):
        of_kind = [index for index, trial in enumerate(trials) if trial.label == label]
        removed |= set(rng.permutation(of_kind)[: len(of_kind) // 250 + (len(of_kind) > 1)])
    return [trial for index, trial in enumerate(trials) if index not in removed]


def _text(trials: Iterable[Trial]) -> str:
    return "".join(f"{label} {enrol} {test}\n" for label, enrol, test in trials)
