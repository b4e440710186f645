"""`avkd corpus`: a table of subcommands, each loaded when it is asked for."""

import click

from avkd_cli.lazy import LazyGroup

# name: (module, what it does). The text stands here so that `avkd corpus --help` loads nothing.
SUBCOMMANDS = {
    "standin": ("corpus_standin", "Make invented people to try everything on."),
    "voxceleb1": ("corpus_lists", "List VoxCeleb1: wav, still faces, mp4."),
    "voxceleb2": ("corpus_lists", "List VoxCeleb2: m4a, mp4, track files."),
    "cnceleb": ("corpus_lists", "List CN-Celeb1 or CN-Celeb2."),
    "ravdess": ("corpus_lists", "List RAVDESS."),
    "iemocap": ("corpus_lists", "List IEMOCAP."),
    "kaldi": ("corpus_lists", "List a Kaldi data directory (wav.scp, utt2spk)."),
    "folder": ("corpus_lists", "List any folder of people: person/…/file."),
    "csv": ("corpus_lists", "List the rows of a table, its columns named by flags."),
    "import": ("corpus_lists", "List what a list of NeMo, lhotse, SpeechBrain, WeSpeaker names."),
    "check": ("corpus_check", "Look a list or a folder over: who, what, missing, twice."),
    "split": ("corpus_divide", "Divide people into train and test."),
    "folds": ("corpus_divide", "Add columns of folds: leave one out, k-fold, within people."),
    "cluster": ("corpus_cluster", "Find the people whom nobody named."),
    "trials": ("corpus_trials", "Draw a trial list from a list of utterances."),
    "fop-trials": ("corpus_fop", "Say the labels of FOP's lists, which alternate unsaid."),
    "fop-csv": ("corpus_fop", "Write embeddings as FOP's and FAME's code reads them."),
    "rename-trials": ("corpus_trials", "Put ids for names in the first VoxCeleb1 trial lists."),
}


@click.group(cls=LazyGroup, table=SUBCOMMANDS, heading="Corpora")
def corpus() -> None:
    """List the people of a corpus; make a stand-in corpus or trials.

    A list is JSON Lines, one utterance a line, on stdout or in the file of -o; what was found,
    missing, unreadable or there twice is said on stderr. Lists are joined by cat.

    \b
    Example:
        avkd corpus standin -o standin --persons 40 --seed 0
        avkd corpus voxceleb2 /data/voxceleb2 -o vox2.jsonl
        avkd corpus voxceleb1 /data/voxceleb1 --split test -o vox1.jsonl
        cat vox2.jsonl vox1.jsonl > people.jsonl
    """
