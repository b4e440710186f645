"""What the stand-in corpus depends on, and where its files lie: VoxCeleb's names and folders."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from avkd_cli.standin.moods import mood_of
from avkd_cli.standin.people import generator, make_person

NATIONS = ("UK", "USA", "India", "Ireland", "Australia")
_VIDEO_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class StandinPlan:
    """All that the stand-in corpus depends on."""

    persons: int = 40
    sessions: int = 6
    utterances: int = 3  # a session
    seed: int = 0
    seconds: tuple[float, float] = (1.8, 2.8)
    picture: int = 128  # pixels, a multiple of 32: else x264 reads beyond its rows
    train_share: float = 0.7
    moods: bool = False  # people speak and look in seven moods by turns
    own: float = 1.0  # what multiplies how far people of one age and sex differ

    @property
    def train_persons(self) -> int:
        """How many are of VoxCeleb2, to train on; at least two.

        Three are left to test where there are five or more: two of them share a sex, so that
        the list H has nontargets.
        """
        return max(2, min(round(self.train_share * self.persons), self.persons - 3))


@dataclass(frozen=True)
class Session:
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


def sessions(plan: StandinPlan) -> list[Session]:
    """Return all sessions of all people, in the order of the list."""
    rng = generator(plan.seed, "names")
    train = plan.train_persons
    numbers = np.sort(rng.choice(np.arange(12, 9273), train, replace=False)) if train else []
    persons = [f"id{number:05d}" for number in numbers]
    persons += [f"id{10270 + number:05d}" for number in range(plan.persons - train)]
    return [
        Session(person, index, person < train, f"{name}/{_video(rng)}")
        for person, name in enumerate(persons)
        for index in range(plan.sessions)
    ]


def _video(rng: np.random.Generator) -> str:
    return "".join(_VIDEO_LETTERS[letter] for letter in rng.integers(0, 64, 11))


def nationality(plan: StandinPlan, person: int) -> str:
    """Return where a person is from, of which neither voice nor face tells anything."""
    among = person - plan.train_persons if person >= plan.train_persons else person
    return NATIONS[among % len(NATIONS)]


def people(plan: StandinPlan) -> Iterator[dict]:
    """Yield the utterances as lines of people.jsonl."""
    for session in sessions(plan):
        person = make_person(plan.seed, session.person, plan.own)
        name, video = PurePosixPath(session.folder).parts
        for utterance in range(plan.utterances):
            mood = mood_of(plan.seed, session.person, number(plan, session, utterance))
            yield {
                "id": f"{session.folder}/{utterance + 1:05d}",
                "person": name,
                "session": video,
                "audio": session.path("audio", utterance),
                "video": session.path("video", utterance),
                "split": "train" if session.train else "test",
                "sex": person.sex,
                "age": person.age,
                "nationality": nationality(plan, session.person),
                **({"emotion": mood} if plan.moods else {}),
            }


def number(plan: StandinPlan, session: Session, utterance: int) -> int:
    """Return the number of an utterance among its person's, from 0."""
    return session.index * plan.utterances + utterance
