"""Terms by which the temporal weights of two senses supervise each other.

They look at the levels `audio.weights` and `visual.weights`, series of any length, through
networks of their own. Generators are trained with the network; discriminators and noise models
are adversaries, which a second optimizer moves: they learn from detached series, and the network
sees them with detached weights, so one backward pass serves both. To add one: a class here and
a line in `GENERATIVE`; its weight in `config.JointConfig`.

Reference:
    P. Sun et al., "A method of audio-visual person verification by mining connections between
    time series", Interspeech 2023, section 2.3.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from avkd_cli.losses import generative as of
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.generators import LENGTH, Discriminator, Generator, NoiseModel, resampled
from avkd_cli.models.levels import Batch, Levels, level_of

DIRECTIONS = ("both", "a2v", "v2a")
LOCATIONS, FEATURE = 16, 64  # of a layer, as blocks of its units; width that keys are compared in


class Supervision(Term):
    """Base: a loss for each sample from both senses' weights at `LENGTH` points.

    A still is one moment, held: its sense has a weight of 1 and nothing to say of time, so a
    batch of them costs nothing.

    Args:
        direction: from which sense to which.
    """

    reads = ()
    zero_at_match: ClassVar[bool] = False

    def __init__(self, direction: str = "both") -> None:
        super().__init__(Taught(LENGTH, LENGTH))
        if direction not in DIRECTIONS:
            raise ValueError(f"no direction {direction!r}; there are {', '.join(DIRECTIONS)}")
        self.level, self.target, self.per_sample = "audio.weights", "visual.weights", True
        self.direction = direction
        self.last: dict[str, Tensor] = {}

    @property
    def directions(self) -> tuple[str, ...]:
        """Those that are on."""
        return ("a2v", "v2a") if self.direction == "both" else (self.direction,)

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return (batch,)."""
        audio, visual = level_of(levels, self.level), level_of(levels, self.target)
        if min(audio.shape[1], visual.shape[1]) < 2:
            return 0 * (audio.sum(dim=1) + visual.sum(dim=1)).float()
        return self.supervise(of.unit(resampled(audio)), of.unit(resampled(visual)))

    def supervise(self, audio: Tensor, visual: Tensor) -> Tensor:
        """Return the loss of series (batch, LENGTH) of root mean square 1, (batch,)."""
        raise NotImplementedError

    def said(self) -> dict[str, Tensor]:
        """Return the parts of the last batch's loss, such as each direction's."""
        return self.last

    def keep(self, **parts: Tensor) -> Tensor:
        """Keep parts (batch,) for the log; return their sum."""
        self.last = {name: part.detach().mean() for name, part in parts.items()}
        return torch.stack(list(parts.values())).sum(dim=0)


class Cycle(Supervision):
    """Each sense's series maps to the other's, and back to itself (eq. 8 to 10)."""

    def __init__(self, direction: str = "both") -> None:
        super().__init__(direction)
        self.to_visual, self.to_audio = Generator(), Generator()

    def supervise(self, audio: Tensor, visual: Tensor) -> Tensor:
        """Return the mapping's and the cycle's loss, in [0, 8]."""
        maps = self.to_visual, self.to_audio
        parts = {
            way: of.mapping_loss(audio, visual, *maps, direction=way) for way in self.directions
        }
        return self.keep(**parts, cycle=of.cycle_loss(audio, visual, *maps))


class Nce(Supervision):
    """Each location of a series finds its own in the other sense's, and deceives a judge.

    Features of every layer of a direction's generator at 16 locations, through one layer each to
    64 dimensions; queries are of the sense that is mapped to (eq. 11 and 12). With the judge of
    that sense: the generator is to deceive it, by least squares, as in CUT.
    """

    def __init__(self, direction: str = "both") -> None:
        super().__init__(direction)
        sizes = [one.shape[2] for one in of.locations(Generator().features(torch.zeros(1, LENGTH)))]
        self.generators = nn.ModuleDict({way: Generator() for way in self.directions})
        self.projections = nn.ModuleDict(
            {way: nn.ModuleList(nn.Linear(n, FEATURE) for n in sizes) for way in self.directions}
        )
        self.judges = nn.ModuleDict({way: Discriminator() for way in self.directions})

    def adversaries(self) -> list[nn.Parameter]:
        """Return the judges' weights."""
        return list(self.judges.parameters())

    def supervise(self, audio: Tensor, visual: Tensor) -> Tensor:
        """Return contrast, deceit and the judges' own loss."""
        parts: dict[str, Tensor] = {}
        for way in self.directions:
            source, wanted = (audio, visual) if way == "a2v" else (visual, audio)
            parts[way] = self.contrast(way, source, wanted)
            made = self.generators[way](source)
            parts[f"{way}.deceit"] = of.deceit(frozen(self.judges[way], made))
            judge = self.judges[way]
            parts[f"{way}.judge"] = of.judgement(judge(wanted.detach()), judge(made.detach()))
        return self.keep(**parts)

    def contrast(self, way: str, source: Tensor, wanted: Tensor) -> Tensor:
        """Return PatchNCE, the mean over layers, (batch,)."""
        keys = of.locations(self.generators[way].features(source), LOCATIONS)
        queries = of.locations(self.generators[way].features(wanted), LOCATIONS)
        layers = zip(self.projections[way], queries, keys, strict=True)
        return torch.stack([of.patch_nce(map_(q), map_(k)) for map_, q, k in layers]).mean(dim=0)


class Diffusion(Supervision):
    """A bridge of two diffusion models takes each series to the other sense (eq. 13 to 15).

    Each model learns the noise of its own sense; the bridge moves the network and not them.

    Args:
        steps: of the diffusion, whose beta rises from 0.001 to 0.2 as none is printed.
        path: steps of the bridge, each way.
    """

    def __init__(self, direction: str = "both", steps: int = 100, path: int = 10) -> None:
        super().__init__(direction)
        self.steps, self.path = steps, path
        self.models = nn.ModuleDict({"audio": NoiseModel(), "visual": NoiseModel()})
        self.register_buffer("levels", of.noise_levels(steps, 1e-3, 0.2), persistent=False)

    def adversaries(self) -> list[nn.Parameter]:
        """Return the noise models' weights."""
        return list(self.models.parameters())

    def supervise(self, audio: Tensor, visual: Tensor) -> Tensor:
        """Return the bridges' loss in [0, 2] a direction, and the models' own."""
        series = {"audio": of.standardised(audio), "visual": of.standardised(visual)}
        parts: dict[str, Tensor] = {}
        for way in self.directions:
            one, other = ("audio", "visual") if way == "a2v" else ("visual", "audio")
            taken = of.bridge(
                series[one], self.levels, self.path, self.noise(one), self.noise(other)
            )
            parts[way] = of.apart(series[other], taken)
        for sense, values in series.items():
            parts[f"{sense}.noise"] = self.learn(sense, values.detach())
        return self.keep(**parts)

    def noise(self, sense: str) -> of.Noise:
        """Return what tells the noise of a series at a level, by a model that stays as it is."""

        def noise_of(series: Tensor, level: Tensor) -> Tensor:
            moment = (self.levels - level[:1].double()).abs().argmin().expand(len(series))
            return frozen(self.models[sense], series, moment)

        return noise_of

    def learn(self, sense: str, series: Tensor) -> Tensor:
        """Return how wrong a model is of the noise it is shown, (batch,)."""
        moment = torch.randint(self.steps, (len(series),), device=series.device)
        level = self.levels[moment].to(series.dtype).unsqueeze(1)
        noise = torch.randn_like(series)
        noisy = level.sqrt() * series + (1 - level).sqrt() * noise
        return (self.models[sense](noisy, moment) - noise).square().mean(dim=1)


def frozen(module: nn.Module, *inputs: Tensor) -> Tensor:
    """Return what a module gives, with weights that get no gradient from it."""
    weights = {name: weight.detach() for name, weight in module.named_parameters()}
    return functional_call(module, weights, inputs)


GENERATIVE: dict[str, type[Supervision]] = {"cycle": Cycle, "nce": Nce, "diffusion": Diffusion}
