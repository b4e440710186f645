"""The analyses of stores: classify, cosines, pcc, tsne, clusters, weights."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import resampling, show
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import number, path, real, source, text, together

of_stores = together(
    click.argument("stores", nargs=-1, required=True, type=options.store),
    named,
    options.list_file,
)


@click.command("classify")
@click.argument("inputs", nargs=-1, required=True, type=options.store)
@named
@options.list_file
@text(
    "--label",
    "COLUMN",
    "Column of --list whose values are the classes.  [default: what the stores are of]",
)
@resampling(1000)
@plot_file
@options.as_json
def classify(inputs: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say how often the class is told rightly, such as a mood.

    INPUTS are stores of posteriors (extract-embeddings --level posteriors), one a system; or
    folders of such stores, one a fold, each of the people that its network was not trained on.
    --list says what is true: without it, who speaks.

    Figures are accuracy, unweighted accuracy (macro recall) and macro F1, over all utterances with
    intervals over persons, as means over folds, and of each fold; the confusion; and paired
    differences from the first system.

    \b
    Example:
        avkd analyze classify plain/ taught/ --list people.jsonl --plot confusion.svg
    """
    from avkd_cli.analysis.text_stores import classify_parts
    from avkd_cli.steps.analyze.classify import classify

    show(classify(inputs, **asked), classify_parts, as_json)


@click.command("cosines")
@of_stores
@number("--seed", "Of the recordings drawn where there are too many for all pairs.", 0, least=0)
@plot_file
@options.as_json
def cosines(stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say how close embeddings of one person are, and those of two.

    Mean cosine of all pairs of recordings of one person, of two people, and of two people in
    absolute value. STORES are systems, or one system after ever more training: the picture draws
    them in the order given.

    \b
    Example:
        avkd analyze cosines epoch-01.zarr epoch-10.zarr epoch-50.zarr --plot cosines.svg
    """
    from avkd_cli.analysis.text_stores import cosines_parts
    from avkd_cli.steps.analyze.cosines import cosines

    show(cosines(stores, **asked), cosines_parts, as_json)


@click.command("pcc")
@of_stores
@path("-o --output", "FILE.json", "Write the JSON there as well.")
@options.as_json
def pcc(stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say how alike embedding STORES are, utterance by utterance.

    Every pair of stores: Pearson correlation (per segment, pooled, per dimension), linear CKA,
    mean cosine distance. Every store: alignment, uniformity, variance within and between
    persons. Utterances are matched by id. A correlation depends on the coordinate basis, CKA
    does not.

    \b
    Example:
        avkd analyze pcc audio-emb.zarr visual-emb.zarr teacher-emb.zarr
    """
    from avkd_cli.analysis.text_stores import correlation_parts
    from avkd_cli.steps.analyze.correlation import correlations

    show(correlations(stores, **asked), correlation_parts, as_json)


@click.command("tsne")
@of_stores
@source(
    "--hard",
    "SCORES",
    "Take the recordings of most wrong trials in a score file, and all others of their persons.",
)
@number("--samples", "How many hard ones.", 20, least=1)
@number("--persons", "Most persons; those with most recordings are taken.", 20, least=1)
@number("--recordings", "Most recordings of each.", 30, least=2)
@real("--perplexity", "About how many neighbours t-SNE keeps together.", 30.0, least=1)
@number("--seed", "Of t-SNE.", 0, least=0)
@plot_file
@options.as_json
def tsne(stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Count recordings that lie far from their person's others, and draw them by t-SNE.

    The same recordings in each of STORES, such as one a modality and the fusion. A recording is
    an outlier when its distance from its person's mean is above the mean of all such distances
    by more than two standard deviations, in the space of the embeddings: the picture is for the
    eye only. Drawing needs scikit-learn (avkd[tsne]), counting does not.

    With --hard, the recordings that stand in most wrong trials of a system, each decided at its
    EER's threshold, are crossed, and their outliers are counted apart; where too few are wrong,
    those follow that are nearest to it.

    \b
    Example:
        avkd analyze tsne audio-emb.zarr visual-emb.zarr fusion-emb.zarr --plot tsne.svg
        avkd analyze tsne audio-emb.zarr fusion-emb.zarr --hard audio.scores --plot hard.svg
    """
    from avkd_cli.analysis.text_stores import tsne_parts
    from avkd_cli.steps.analyze.tsne import tsne

    show(tsne(stores, **asked), tsne_parts, as_json)


@click.command("clusters")
@click.argument("utterances", type=options.utterance_list, metavar="LIST.jsonl")
@click.argument("stores", nargs=-1, required=True, type=options.store, metavar="STORE [STORE]")
@number(
    "--most", "Clusters, pairs and misfits that are listed of each kind.", 10, least=1, most=1000
)
@path("--page", "FILE.html", "Page to write: tables that sort, and size against confidence.")
@plot_file
@options.as_json
def clusters(utterances: str, stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Look at the clusters that a teacher made: the largest, the smallest, the most doubtful.

    LIST.jsonl is what corpus cluster wrote, or clusters.jsonl of a run of distill --unlabelled;
    STORE are the embeddings that it was made from. A cluster's confidence is the mean affinity
    of its pairs less that to the nearest other cluster.

    \b
    Example:
        avkd analyze clusters clustered.jsonl voice-emb.zarr face-emb.zarr --page clusters.html
        avkd analyze clusters runs/student/clusters.jsonl teacher-emb.zarr --plot sizes.svg
    """
    from avkd_cli.analysis.report.clusters import clusters_parts
    from avkd_cli.steps.analyze.clusters import look_at_clusters

    show(look_at_clusters(utterances, stores, **asked), clusters_parts, as_json)


@click.command("weights")
@of_stores
@text(
    "--utterance utterances",
    "ID",
    "Show its time line; again for more.  [default: the first ones]",
    multiple=True,
)
@number("--show shown", "How many time lines, where none are named.", 4, least=0, most=40)
@number("--seed", "Of the persons drawn for intervals.", 0, least=0)
@plot_file
@options.as_json
def weights(stores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Draw which moments of a film, and of its sound, counted.

    STORES hold weights of moments (extract-embeddings --level weights), such as one a sense of one
    joint network. Says of each how decided it is (the deviation of an utterance's weights over
    their mean), and of each two how far they agree: the correlation of their weights over the
    time that both last, as the generators see them.

    \b
    Example:
        avkd analyze weights heard.zarr seen.zarr --plot weights.svg
    """
    from avkd_cli.analysis.text_stores import weights_parts
    from avkd_cli.steps.analyze.weights import weights

    show(weights(stores, **asked), weights_parts, as_json)
