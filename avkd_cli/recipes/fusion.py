"""A fusion of stored embeddings of both senses: `--modality fusion`."""

from typing import Any

from torch import nn

from avkd_cli.config import FusionConfig
from avkd_cli.inputs.embeddings import BothEmbeddings, mean_of
from avkd_cli.inputs.networks import Description
from avkd_cli.models.fusion import make_orthogonal
from avkd_cli.recipes.heads import head_for
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.sense import refuse_disturbers, refuse_encoders, start_of
from avkd_cli.training.training_set import choose


def fusion(request: Request, settings: FusionConfig) -> Job:
    """Return the training of a fusion from stored embeddings."""
    refuse_disturbers(request)
    refuse_encoders(request)
    both = BothEmbeddings(request.open(BothEmbeddings))
    chosen = choose([both.audio, both.visual], request.choice)
    both.check_persons(chosen)
    description = describe(both, settings)

    def finish(network: nn.Module) -> None:
        if settings.centre:
            network.front_end.set_means(mean_of(both.visual, chosen), mean_of(both.audio, chosen))
        if settings.start == "orthogonal":
            make_orthogonal(network.fusion)

    return Job(
        step=request.step,
        modality="fusion",
        chosen=chosen,
        sources=both.sources(chosen, settings),
        description=description,
        input=both,
        heads=lambda: {"person": head_for(chosen, settings)},
        inputs=both.fingerprints(),
        finish=finish,
        start=start_of(request, description, chosen),
        list_file=request.choice.list_file,
        prepared={"visual": both.visual, "audio": both.audio},
    )


def describe(both: BothEmbeddings, settings: FusionConfig) -> Description:
    """Return what builds a fusion of embeddings of these sizes."""
    model: dict[str, Any] = both.held() | {"embedding_size": settings.embedding_size}
    if settings.model == "gate":
        model |= {"hidden": settings.hidden, "tanh": settings.gate_tanh}
    front_end: dict[str, Any] = both.held() if settings.centre else {}
    if settings.corrupt:
        front_end["corrupt"] = settings.corrupt
    return Description("fusion", settings.model, model, front_end)
