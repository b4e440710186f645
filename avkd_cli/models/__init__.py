"""Encoders and fusions, by name.

To add one: a class in this room and a line in its dict; its name in `config/choices.py`. The
tests of `tests/models/test_models.py` run over these dicts.
"""

import difflib
import inspect
from collections.abc import Callable

from avkd_cli.models.cnn import Cnn
from avkd_cli.models.ecapa_tdnn import EcapaTdnn
from avkd_cli.models.encoder import Encoder
from avkd_cli.models.fusion import (
    Average,
    CompactBilinear,
    ConcatMlp,
    Gate,
    Linear,
    SimpleSoftAttention,
    TwoSenses,
)
from avkd_cli.models.iresnet import IResNet18
from avkd_cli.models.pair import PAIRS, Pair
from avkd_cli.models.resnet import AudioResNet34, FaceResNet34, FaceSeResNet34, FaceSeResNet50
from avkd_cli.models.sequence import OfFrames
from avkd_cli.models.spectrogram import ThinResNet, ThinSeResNet, Vgg
from avkd_cli.models.tdnn import Tdnn
from avkd_cli.models.vgg import FaceVgg16

__all__ = [
    "AUDIO",
    "FUSION",
    "MODELS",
    "PAIRS",
    "SEQUENCE",
    "VISUAL",
    "Encoder",
    "TwoSenses",
    "build",
    "settings_of",
]

AUDIO: dict[str, Callable[..., Encoder]] = {
    "resnet34": AudioResNet34,
    "ecapa-tdnn": EcapaTdnn,
    "tdnn": Tdnn,
    "vgg": Vgg,
    "thin-resnet": ThinResNet,
    "thin-se-resnet": ThinSeResNet,
}
VISUAL: dict[str, Callable[..., Encoder]] = {
    "resnet34": FaceResNet34,
    "se-resnet34": FaceSeResNet34,
    "se-resnet50": FaceSeResNet50,
    "iresnet18": IResNet18,
    "cnn": Cnn,
    "vgg16": FaceVgg16,
}
FUSION: dict[str, Callable[..., TwoSenses]] = {
    "gate": Gate,
    "ssa": SimpleSoftAttention,
    "cbp": CompactBilinear,
    "concat": ConcatMlp,
    "linear": Linear,
    "average": Average,
}
SEQUENCE: dict[str, Callable[..., Encoder]] = {"bilstm": OfFrames}
MODELS = {
    "audio": AUDIO,
    "visual": VISUAL,
    "fusion": FUSION,
    "pair": PAIRS,
    "sequence": SEQUENCE,
}


def settings_of(kind: str, name: str) -> dict[str, object]:
    """Return the keywords that the model `name` of `kind` takes, with their defaults.

    Args:
        kind: "audio", "visual", "fusion" or "pair".
        name: a key of the dict of that kind.

    Raises:
        ValueError: if there is no such kind or model; the message lists those there are.
    """
    constructor = _choose(_choose(MODELS, kind, "kind of model"), name, f"{kind} model")
    return {key: p.default for key, p in inspect.signature(constructor).parameters.items()}


def build(kind: str, name: str, **settings: object) -> Encoder | TwoSenses | Pair:
    """Return a new model with freshly drawn weights.

    Args:
        kind: "audio", "visual", "fusion" or "pair".
        name: a key of the dict of that kind.
        settings: keywords of its constructor; those not given keep their defaults.

    Raises:
        ValueError: if there is no such kind, model or setting, or a setting's value is refused.
    """
    known = settings_of(kind, name)
    for key in settings:
        _choose(known, key, f"setting of the {kind} model {name!r}")
    return MODELS[kind][name](**settings)


def _choose(there: dict[str, object], wanted: str, what: str) -> object:
    if wanted in there:
        return there[wanted]
    close = difflib.get_close_matches(wanted, there, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise ValueError(f"no {what} is called {wanted!r}; {hint}there are: {', '.join(there)}")
