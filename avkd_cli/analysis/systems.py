"""Names of systems and lists: what they say, and in which order tables show them. Pure."""

from dataclasses import dataclass

SENSES = ("audio", "visual")
LOSSES = ("cos", "kl", "mmd")
COMBINATIONS = ("cos", "kl", "mmd", "cos-kl", "cos-mmd", "kl-mmd")  # order of tables 2 and 3
FUSIONS = ("gate", "ssa", "cbp", "concat", "linear", "average")
LISTS = ("vox1-o", "vox1-e", "vox1-h", "vox1-o-cleaned", "vox1-e-cleaned", "vox1-h-cleaned")

MODALITIES = ("audio", "visual", "fusion-gate")  # table 1


@dataclass(frozen=True)
class System:
    """What a system's name says; `sense` is "" for fusions and for names of other people."""

    name: str
    sense: str
    losses: str

    @property
    def label(self) -> str:
        """Return the name for a person: `Audio student, COS+KL`."""
        if self.losses:
            return f"{self.sense.capitalize()} student, {self.loss_label}"
        if self.sense:
            return f"{self.sense.capitalize()} baseline"
        kind, _, fusion = self.name.partition("-")
        if kind == "fusion" and fusion in FUSIONS:
            return f"Audio-visual, {fusion.upper() if len(fusion) <= 4 else fusion}"
        return self.name

    @property
    def loss_label(self) -> str:
        """Return the row of tables 2 and 3: `COS+KL`, or `baseline`."""
        return self.losses.upper().replace("-", "+") or "baseline"


def system(name: str) -> System:
    """Return what a name such as `audio-kd-cos-kl` says; an unknown name says itself."""
    if name in SENSES:
        return System(name, name, "")
    sense, mark, losses = name.partition("-kd-")
    if mark and sense in SENSES and losses and set(losses.split("-")) <= set(LOSSES):
        return System(name, sense, losses)
    return System(name, "", "")


def baseline_of(name: str) -> str | None:
    """Return the baseline of a student, or None."""
    found = system(name)
    return found.sense if found.losses else None


def students(sense: str) -> list[str]:
    """Return the baseline and its six students, in the order of tables 2 and 3."""
    return [sense, *(f"{sense}-kd-{losses}" for losses in COMBINATIONS)]


def system_order(name: str) -> tuple:
    """Sort key: the modalities of table 1, the students of each sense, then others by name."""
    known = [*MODALITIES, *students("visual")[1:], *students("audio")[1:]]
    return (known.index(name), "") if name in known else (len(known), name)


def list_order(name: str) -> tuple:
    """Sort key: O, E, H, then the cleaned ones, then others by name."""
    return (LISTS.index(name), "") if name in LISTS else (len(LISTS), name)


def list_label(name: str) -> str:
    """Return the name for a person: `Vox1-O`."""
    if name not in LISTS:
        return name
    head, letter, *rest = name.split("-")
    return f"{head.capitalize()}-{letter.upper()}" + (f" {rest[0]}" if rest else "")
