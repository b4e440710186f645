"""What a training command was asked for, beside its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avkd_cli.errors import UsageError
from avkd_cli.inputs.base import Input, open_stores
from avkd_cli.storage.store import Store
from avkd_cli.training.training_set import Choice


@dataclass(frozen=True)
class Request:
    """What a recipe makes a job of, beside settings.

    Attributes:
        step: the command. modality: what is trained.
        stores: paths. choice: which utterances of them, by which label.
        noise: path of waveforms of music, speech and noise. rir: of room responses.
        begun: finished runs to begin with: one, or of a joint network that of either sense, in
            any order. reset_head: with a new classifier.
        beside: open stores that must hold each utterance too.
        encoders: by sense, the finished runs whose networks a pair begins with.
    """

    step: str
    modality: str
    stores: Sequence[str]
    choice: Choice = field(default_factory=Choice)
    noise: str | None = None
    rir: str | None = None
    begun: Sequence[Path] = ()
    reset_head: bool = False
    beside: tuple[Store, ...] = ()
    encoders: Mapping[str, Path] = field(default_factory=dict)

    @property
    def init_from(self) -> Path | None:
        """The finished run that a network begins with; UsageError where there are several."""
        if len(self.begun) > 1:
            raise UsageError(
                f"--init-from is given {len(self.begun)} times, --modality {self.modality} begins "
                "with one run; give one"
            )
        return next(iter(self.begun), None)

    def open(self, kind: type[Input]) -> list[Store]:
        """Return the stores, checked to be those that an input takes."""
        return open_stores(self.modality, self.stores, kind.kinds)
