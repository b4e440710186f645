"""A network of frames in a row: `--modality sequence`, on stored frames or on the faces."""

from avkd_cli.config import SequenceConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import networks
from avkd_cli.inputs.frames import FaceClips, StoredFrames
from avkd_cli.inputs.networks import Description, Trained
from avkd_cli.recipes.heads import head_for
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.sense import refuse_disturbers, refuse_encoders, start_of
from avkd_cli.recipes.start import Start
from avkd_cli.training.objective import Objective
from avkd_cli.training.training_set import TrainingSet, choose


def sequence(request: Request, settings: SequenceConfig) -> Job:
    """Return the training of what aggregates frames; with --train-encoder, of their encoder too."""
    refuse_disturbers(request)
    refuse_encoders(request)
    return (clips if settings.train_encoder else stored)(request, settings)


def stored(request: Request, settings: SequenceConfig) -> Job:
    """Return the training of an aggregator on stored frame embeddings: the encoder is frozen."""
    frames = StoredFrames(request.open(StoredFrames))
    chosen = choose([*frames.stores, *request.beside], request.choice)
    model = frames.held() | {
        "embedding_size": settings.embedding_size,
        "length": round(frames.fps * settings.segment),
    }
    description = Description("sequence", settings.model, model)
    start = start_of(request, description, chosen)
    return job(request, settings, frames, chosen, description, start)


def clips(request: Request, settings: SequenceConfig) -> Job:
    """Return the training of a frame encoder and an aggregator on faces in a row."""
    faces = FaceClips(request.open(FaceClips))
    chosen = choose([*faces.stores, *request.beside], request.choice)
    if request.init_from is None:
        raise UsageError("--train-encoder begins from a frame teacher: give its run by --init-from")
    begun = networks.load(request.init_from)
    if begun.description.modality != "visual" or begun.description.segment:
        raise InputError(
            f"{request.init_from}: is of modality {begun.description.modality}; --train-encoder "
            "begins from one of single frames (--modality visual)"
        )
    wanted = begun.description.model | faces.held()
    if wanted != begun.description.model:
        raise InputError(
            f"{request.init_from}: was trained on faces of another size than "
            f"{faces.stores[0].path} holds; crop them alike"
        )
    model = begun.description.model | {"aggregate_size": settings.embedding_size}
    length = round(faces.fps * settings.segment)
    front_end = begun.description.front_end
    description = Description("clips", begun.description.name, model, front_end, length)
    return job(request, settings, faces, chosen, description, FromFrames.of(begun))


class FromFrames(Start):
    """The encoder of a frame teacher, to begin a network of frames in a row with."""

    @classmethod
    def of(cls, begun: Trained) -> "FromFrames":
        """Return the weights of a run's encoder."""
        return cls(begun.network.encoder.state_dict(), {}, begun.fingerprint)

    def put(self, objective: Objective) -> Objective:
        """Return the objective with its encoder's weights in place of those that were drawn."""
        objective.network.core.encoder.load_state_dict(self.network)
        return objective


def job(
    request: Request,
    settings: SequenceConfig,
    read: StoredFrames | FaceClips,
    chosen: TrainingSet,
    description: Description,
    start: Start | None,
) -> Job:
    """Return the job that both ways share."""
    return Job(
        step=request.step,
        modality=description.modality,
        chosen=chosen,
        sources=read.sources(chosen, settings),
        description=description,
        input=read,
        heads=lambda: {"person": head_for(chosen, settings)},
        inputs=read.fingerprints(),
        start=start,
        list_file=request.choice.list_file,
        prepared={"visual": read.stores[0]},
    )
