"""Does an exported graph give the run's embeddings? On recordings, each by its own way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avkd_cli.config import PrepAudioConfig
from avkd_cli.errors import AvkdError, InputError, MissingInputError, Rejected
from avkd_cli.steps.decide.embedders import session_of
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import Utterance, read_utterances

if TYPE_CHECKING:
    from avkd_cli.inputs.networks import Trained

LEAST_COSINE = 0.99999
MOST = 20  # recordings that are looked at, of those given
LISTS = (".jsonl", ".jsonl.gz", ".json", ".csv")


@dataclass(frozen=True)
class Case:
    """One recording as either side takes it.

    Args:
        name: for messages.
        raw: what the graph takes: samples (n,) float32, or faces (faces, height, width, channels).
        prepared: what the run takes: (frames, bins), (n,) int16, or the faces.
        real: whether somebody was recorded.
    """

    name: str
    raw: np.ndarray
    prepared: np.ndarray
    real: bool = True


def checked(
    run: Path, model: bytes, trained: "Trained", cases: Sequence[Case]
) -> tuple[dict[str, Any], str]:
    """Return how near a graph's embeddings are to the run's, for the metadata and in words.

    Raises:
        AvkdError: they are not near enough.
    """
    import onnxruntime

    session = session_of(model)
    cosines = [cosine(session, trained, one) for one in cases]
    worst = int(np.argmin(cosines))
    least = cosines[worst]
    if not least >= LEAST_COSINE:  # NaN is refused, too
        raise AvkdError(
            f"{run}: the exported graph does not give the run's embeddings: the cosine is "
            f"{least:.8f} of {cases[worst].name}, wanted {LEAST_COSINE} or more; nothing was "
            "written, please report it"
        )
    lengths = sorted(len(one.raw) / 16_000 for one in cases if one.raw.ndim == 1)
    real = all(one.real for one in cases)
    kind = "recordings" if real else "drawn recordings (give real ones by --check)"
    length = f" of {lengths[0]:.1f} to {lengths[-1]:.1f} s" if lengths else ""
    found = {
        "cosine": round(least, 8),
        "recordings": len(cases),
        "real": real,
        "seconds": [round(lengths[n], 2) for n in (0, -1)] if lengths else None,
        "runtime": f"onnxruntime {onnxruntime.__version__}",
    }
    said = f"cosine to the run's embeddings at least {least:.7f}, {len(cases)} {kind}{length}"
    return found, said


def cosine(session: Any, trained: "Trained", case: Case) -> float:
    """Return the cosine of the embeddings of one recording; of several faces, of their means."""
    from avkd_cli.inputs.passing import forward

    key = session.get_inputs()[0].name
    sound = case.raw.ndim == 1
    theirs = session.run(None, {key: case.raw[None] if sound else case.raw})[0].mean(axis=0)
    prepared = case.prepared[None] if sound else case.prepared
    mine = forward(trained.network, {"audio" if sound else "faces": prepared}).mean(axis=0)
    theirs, mine = theirs.astype(np.float64), mine.astype(np.float64)
    return float(theirs @ mine / (np.linalg.norm(theirs) * np.linalg.norm(mine)))


def cases_of(
    modality: str, given: Sequence[str], prepared: PrepAudioConfig, size: tuple[int, int, int]
) -> list[Case]:
    """Return what to look at: of recordings, lists or a store of faces; without any, drawn."""
    if modality == "audio":
        found = sounds(given, prepared) if given else drawn_sounds(prepared)
    else:
        found = faces(given, size) if given else drawn_faces(size)
    cases = list(found)
    if not cases:
        raise InputError(f"--check {' '.join(given)}: nothing in it that can be used")
    return cases


def sounds(given: Sequence[str], prepared: PrepAudioConfig) -> Iterator[Case]:
    """Yield recordings, of lists some from all over them."""
    from avkd_cli.audio.decode import decode_audio
    from avkd_cli.steps.prep_audio import limits_of

    utterances = [pair for path in given for pair in utterances_of(path)]
    step = max(1, -(-len(utterances) // MOST))
    for utterance, path in utterances[::step]:
        try:
            decoded = decode_audio(
                path,
                start=utterance.start,
                end=utterance.end,
                limits=limits_of(prepared),
                channel=prepared.channel,
            )
        except FileNotFoundError:
            raise MissingInputError(f"{path}: no such file") from None
        except Rejected as error:
            raise InputError(f"{path}: cannot be used: {error.code}, {error.detail}") from None
        yield heard(utterance.id, decoded.samples, prepared)


def utterances_of(path: str) -> list[tuple[Utterance, Path]]:
    """Return the utterances of a list with where their sound lies, or a recording as one."""
    if not path.endswith(LISTS):
        return [(Utterance(id=Path(path).name, audio=path), Path(path))]
    listed = read_utterances(path)
    return [
        (one, listed.resolve(one.audio or one.video or ""))
        for one in listed.utterances
        if one.audio or one.video
    ]


def heard(name: str, samples: np.ndarray, prepared: PrepAudioConfig, real: bool = True) -> Case:
    """Return a recording as the run's store would hold it, beside its samples."""
    from avkd_cli.steps.prep_audio import LONG

    return Case(name, samples, LONG[prepared.features].compute(samples, prepared), real)


def drawn_sounds(prepared: PrepAudioConfig) -> Iterator[Case]:
    """Yield voices of the stand-in corpus, of several lengths."""
    from avkd_cli.standin import people
    from avkd_cli.standin.voice import synthesise

    for number, seconds in enumerate((0.5, 1.03, 2.5, 4.77, 11.0)):
        session = people.make_voice_session(people.generator(0, "export", number))
        voice = people.make_person(0, number).voice
        words = people.generator(0, "export words", number)
        sound = synthesise(voice, session, seconds, words)[0].astype(np.float32)
        yield heard(f"a drawn voice of {seconds:g} s", sound, prepared, real=False)


def faces(given: Sequence[str], size: tuple[int, int, int]) -> Iterator[Case]:
    """Yield the faces of utterances of stores, some from all over them."""
    for path in given:
        store = open_store(path, "avkd.faces")
        if tuple(store.row_shape) != size:
            wanted = " x ".join(map(str, size))
            raise InputError(f"{path}: its crops are {store.row_shape}, the run's are {wanted}")
        there = np.flatnonzero(store.lengths)
        for row in there[:: max(1, -(-len(there) // MOST))].tolist():
            crops = np.asarray(store.read([row])[0])
            yield Case(store.ids[row], crops, crops)


def drawn_faces(size: tuple[int, int, int]) -> Iterator[Case]:
    """Yield faces of the stand-in corpus, cut to a crop's size."""
    import cv2

    from avkd_cli.standin import people
    from avkd_cli.standin.face import draw_utterance

    height, width, channels = size
    for number in range(5):
        session = people.make_face_session(people.generator(0, "export", number))
        face = people.make_person(0, number).face
        rng = people.generator(0, "export face", number)
        shown = draw_utterance(face, session, np.linspace(0, 1, 3), 160, rng)
        crops = np.stack([cv2.resize(one, (width, height)) for one in shown])
        if channels == 1:
            crops = np.stack([cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in crops])[..., None]
        yield Case(f"a drawn face, number {number}", crops, crops, real=False)
