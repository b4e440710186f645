"""`avkd extract-embeddings`."""

from pathlib import Path

import click

from avkd_cli import options, pipes
from avkd_cli.config import Execution, ExtractConfig
from avkd_cli.options import choice, number, path, source, text


@click.command("extract-embeddings", cls=options.StepCommand)
@click.argument("run", required=False, type=options.run_folder)
@click.argument("stores", nargs=-1, type=options.store)
@path(
    "--from source",
    "FILE",
    "Import somebody else's embeddings: an .npz with arrays id, embedding and, if there, "
    "person, classes, classifier, classifier_bias, scale; an .npz of one vector an utterance, by "
    "its id; a Kaldi .ark or .scp; or a .csv of FOP or FAME, a row the values and perhaps "
    "the person, of any size.  --list says who is who where the file does not.",
)
@choice(
    "--side",
    ("audio", "visual"),
    "Of a pair: embed this sense alone, to be compared with the other's.",
)
@source(
    "--held-out",
    "STORE",
    "Join stores of teachers that were trained on other people each, once for each store: "
    "everybody gets the embedding of a teacher that never saw them, in the first one's space.",
    multiple=True,
)
@text("--modality", "TEXT", "What imported embeddings were made from, such as visual.")
@number(
    "--columns",
    "Of a .csv: how many values an embedding has.  [default: by the width, 4096 or 512]",
    least=1,
)
@source(
    "--ids ids_file",
    "FILE",
    "Of a .csv: names of its rows, one a line, or a FAME list 'name voice face'.  "
    "[default: row000000 …]",
)
@options.output_store
@options.list_file
@options.execution_here
@options.settings("extract-embeddings")
def extract_embeddings(
    run: Path | None,
    stores: tuple[str, ...],
    source: Path | None,
    side: str | None,
    held_out: tuple[str, ...],
    output: Path,
    list_file: Path | None,
    execution: Execution,
    settings: ExtractConfig,
    **asked,
) -> None:
    """Make one embedding of each utterance of STORES with the network of RUN.

    --level posteriors stores the head's class probabilities for analyze classify; segments and
    frames are several vectors an utterance, with the time of each, in a sequence store. A fusion
    takes the embedding stores of both senses. Whole recordings are used, faces of an utterance are
    averaged, and the head that it was trained with is stored beside the embeddings. A pair gives
    the fused embedding of both stores, or with --side one sense's, which score compares with the
    other's.
    --held-out joins stores of one teacher a fold; their spaces are aligned by orthogonal maps.
    STORES may be - for a manifest line on stdin.

    \b
    Example:
        avkd extract-embeddings runs/audio audio.zarr -o audio-emb.zarr
        avkd extract-embeddings runs/frames faces.zarr --level frames -o frames.zarr
        avkd extract-embeddings runs/teacher audio-emb.zarr visual-emb.zarr -o teacher-emb.zarr
        avkd extract-embeddings runs/pair audio-emb.zarr --side audio -o voices.zarr
        avkd extract-embeddings --held-out fold-1.zarr --held-out fold-2.zarr -o teacher-emb.zarr
        avkd extract-embeddings --from wespeaker.npz --modality audio -o audio-emb.zarr
        avkd extract-embeddings --from faceTrain.csv -o faces.zarr
    """
    if held_out:
        if run is not None or source is not None or list_file is not None:
            raise click.UsageError("--held-out takes no RUN, no --from and no --list")
        from avkd_cli.steps.join_folds import join_folds

        made = join_folds(held_out, output, execution)
    elif source is not None:
        if run is not None:
            raise click.UsageError("--from takes no RUN and no STORES")
        if side is not None:
            raise click.UsageError("--side is of the network of a RUN, --from has none")
        made = imported(source, output, execution, list_file=list_file, **asked)
    else:
        if asked["columns"] or asked["ids_file"]:
            raise click.UsageError("--columns and --ids are for --from FILE.csv")
        if run is None or not stores:
            raise click.UsageError("give a RUN and the STORES to embed, or --from FILE")
        from avkd_cli.steps.extract_embeddings import extract

        inputs = [pipes.resolved(store) for store in stores]
        made = extract(run, inputs, output, settings, execution, list_file=list_file, side=side)
    pipes.print_store(made)


def imported(
    source: Path,
    output: Path,
    execution: Execution,
    *,
    columns: int | None,
    ids_file: str | None,
    **asked,
) -> dict | None:
    """Make a store of somebody else's embeddings; return its manifest."""
    if source.suffix == ".csv":
        from avkd_cli.steps.import_csv import import_csv

        return import_csv(source, output, execution, columns=columns, ids_file=ids_file, **asked)
    if columns or ids_file:
        raise click.UsageError("--columns and --ids are for a .csv")
    from avkd_cli.steps.import_embeddings import import_embeddings

    return import_embeddings(source, output, execution, **asked)
