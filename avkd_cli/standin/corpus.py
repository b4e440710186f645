"""The stand-in corpus: invented people in files laid out as VoxCeleb2 dev and VoxCeleb1.

It stands in for data that a person does not have: it shows that the pipeline works from files to
tables, and nothing measured on it says anything about real people.
"""

import ctypes
import dataclasses
import functools
import json
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from avkd_cli.errors import OutputError, TemporaryError, UsageError
from avkd_cli.standin import media, sounds
from avkd_cli.standin.face import FRAMES_PER_SECOND, draw_utterance
from avkd_cli.standin.lists import texts
from avkd_cli.standin.moods import CALM, looking, speaking
from avkd_cli.standin.people import (
    Person,
    generator,
    make_face_session,
    make_person,
    make_voice_session,
)
from avkd_cli.standin.plan import Session, StandinPlan, number, sessions
from avkd_cli.standin.voice import RATE, synthesise
from avkd_cli.storage import durable
from avkd_cli.storage.making import Making

VERSION = 2  # 1 had faces of 57 properties
_PR_SET_PDEATHSIG = 1


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
        UsageError: fewer than four people or two sessions.
        OutputError: `out` exists and is something else.
    """
    _check(plan)
    manifest = {"format": "avkd.corpus", "version": VERSION, **_manifest(plan)}
    durable.make_directory(out.absolute().parent)
    corpus = Making(out, "standin.json", "people.jsonl")
    with corpus.locked():
        if _is_made(out, manifest, overwrite):
            corpus.is_complete("corpus", touched="standin.json")
            return {**manifest, "path": str(out)}, True
        if _read(corpus.work / corpus.first) != manifest:
            corpus.drop()
        corpus.begin(durable.json_text(manifest))
        _make_media(corpus.work, plan, workers, progress)
        _make_sounds(corpus.work, plan)
        lists = texts(plan)
        durable.write_all({corpus.work / name: text.encode() for name, text in lists.items()})
        corpus.publish(overwrite=overwrite)
    return {**manifest, "path": str(out)}, False


def _check(plan: StandinPlan) -> None:
    if plan.persons < 4:
        raise UsageError(
            f"--persons {plan.persons}: at least 4 were wanted, 2 to train and 2 to test"
        )
    if plan.sessions < 2:
        raise UsageError(f"--sessions {plan.sessions}: at least 2 were wanted, for target trials")


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
        raise OutputError(
            f"{out}: holds a stand-in corpus {_otherwise(made, manifest)}; "
            "choose another -o, or --overwrite"
        )
    return False


def _otherwise(made: dict, wanted: dict) -> str:
    """Say how a corpus is other than the one that is wanted, by their manifests."""
    if made["version"] != VERSION:
        return f"of version {made['version']}, whose faces are others than those of {VERSION}"
    config = wanted["config"]
    names = [name for name in config if made["config"].get(name) != config[name]]
    return f"of other settings ({', '.join(names)})"


def _read(path: Path) -> dict | None:
    """Return the manifest of a corpus, or None where there is none."""
    try:
        made = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    is_one = isinstance(made, dict) and "version" in made and isinstance(made.get("config"), dict)
    return made if is_one else None


def _make_media(work: Path, plan: StandinPlan, workers: int | None, progress) -> None:
    everything = sessions(plan)
    missing = [session for session in everything if not _session_is_made(work, plan, session)]
    make = functools.partial(_make_session, work, plan)
    done = len(everything) - len(missing)
    progress(done, len(everything))
    for _ in _map(make, missing, workers):
        done += 1
        progress(done, len(everything))


def _make_sounds(folder: Path, plan: StandinPlan) -> None:
    """Write the noises and rooms, unless they are there."""
    if not all((folder / name).exists() for name in sounds.LISTS):
        durable.write_all({folder / name: data for name, data in sounds.files(plan).items()})


def _map(function: Callable, items: list, workers: int | None) -> Iterator:
    """Yield the results in order, from this process or from several."""
    if workers == 0 or len(items) < 2:
        yield from map(function, items)
        return
    cores = workers or len(os.sched_getaffinity(0))
    pool = ProcessPoolExecutor(
        min(cores, len(items)),
        mp_context=get_context("spawn"),
        initializer=_be_a_worker,
        initargs=(os.getpid(),),
    )
    try:
        yield from pool.map(function, items)
    except BrokenProcessPool:
        raise TemporaryError(
            "a worker was killed; run the command again, it goes on (fewer --workers need "
            "less memory)"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _be_a_worker(parent: int) -> None:
    """Die with the parent, leave ctrl-c to it, and use one core."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def _session_is_made(work: Path, plan: StandinPlan, session: Session) -> bool:
    return all(
        (work / session.path(kind, utterance)).exists()
        for utterance in range(plan.utterances)
        for kind in ("audio", "video")
    )


def _make_session(work: Path, plan: StandinPlan, session: Session) -> None:
    """Write all files of a session."""
    person = make_person(plan.seed, session.person, plan.own)
    files = {}
    for utterance in range(plan.utterances):
        files |= {work / name: data for name, data in _utterance(plan, person, session, utterance)}
    durable.write_all(files)


def _utterance(
    plan: StandinPlan, person: Person, session: Session, utterance: int
) -> Iterator[tuple[str, bytes]]:
    """Yield the path and bytes of each file of an utterance."""
    where = (plan.seed, person.number, session.index)
    voice_session = make_voice_session(generator(*where, "voice"))
    voice, expression = person.voice, CALM
    if plan.moods:
        mood = plan.seed, person.number, number(plan, session, utterance)
        voice, voice_session = speaking(voice, voice_session, *mood)
        expression = looking(*mood)
    seconds = generator(*where, "length", utterance).uniform(*plan.seconds)
    sound, clean = synthesise(voice, voice_session, seconds, generator(*where, "speech", utterance))
    frames = draw_utterance(
        person.face,
        make_face_session(generator(*where, "face")),
        loudness(clean),
        plan.picture,
        generator(*where, "picture", utterance),
        expression,
    )
    encode = media.m4a if session.train else media.wav
    yield session.path("audio", utterance), encode(sound, RATE)
    video = media.mp4(frames, FRAMES_PER_SECOND, sound, RATE)
    yield session.path("video", utterance), video


def loudness(samples: np.ndarray) -> np.ndarray:
    """Return how loud each video frame of `samples` (n,) is, from 0 to 1."""
    length = RATE // FRAMES_PER_SECOND
    count = len(samples) // length
    level = np.sqrt(np.mean(samples[: count * length].reshape(count, length) ** 2, axis=1))
    return np.clip(level / (np.quantile(level, 0.9) + 1e-9), 0, 1)
