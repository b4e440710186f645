"""What people type for a command or an option of ours that is called otherwise.

Looked at only after a mistake; the standard library and click alone.
"""

import difflib
import importlib

import click


def _by_word(meant: dict[str, str]) -> dict[str, str]:
    """Return what each word means, given the words for each of ours."""
    return {word: ours for ours, words in meant.items() for word in words.split()}


COMMANDS = _by_word(
    {
        "train-teacher": "train teach teacher pretrain",
        "distill": "student distil kd",
        "extract-embeddings": "extract embed infer embeddings",
        "score": "eval evaluate test fuse convert",
        "calibrate": "calibration llr",
        "verify": "same predict",
        "share": "bundle pack deploy",
        "prep-audio": "prep prepare fbank audio",
        "crop-faces": "crop faces prep-faces prep-visual",
        "analyze metrics": "eer dcf",
        "analyze det": "plot roc",
        "check": "validate",
        "corpus": "list ls",
        "export": "onnx save",
        "card": "describe model-card",
        "doctor": "diagnose info env",
        "corpus trials": "trials",
        "corpus standin": "standin",
    }
)
OPTIONS = _by_word(
    {
        "lr": "learning-rate learningrate rate eta",
        "batch-size": "batch bs",
        "max-steps": "steps iterations",
        "epochs": "max-epochs num-epochs n-epochs",
        "weight-decay": "wd",
        "optimizer": "optim optimiser",
        "model": "arch backbone network encoder",
        "embedding-size": "dim embedding-dim emb-dim",
        "schedule": "scheduler",
        "output": "out output-dir outdir out-dir save resume",
        "workers": "jobs num-workers nj threads",
        "num-processes": "procs nproc gpus",
        "n-mels": "mels num-mels",
        "overwrite": "force",
        "temperature": "temp tau",
        "alpha": "kl",
        "beta": "cos",
        "gamma": "mmd",
        "modality": "sense type",
        "trials": "trial-list",
        "plot": "figure fig",
        "width": "figsize size",
        "resamples": "bootstrap n-boot",
        "name": "names legend",
        "teacher": "teacher-embeddings",
        "norm": "snorm as-norm asnorm",
    }
)
GROUPS = ("analyze", "corpus")


def of_command(wrong: str, known: list[str], top: bool) -> str:
    """Return the command that somebody may have meant, or "".

    Args:
        wrong: what was typed.
        known: the commands there.
        top: whether this is `avkd` itself, whose groups' commands are known as well.
    """
    meant = COMMANDS.get(wrong.lower().replace("_", "-"), "")
    if meant.removeprefix("analyze ").removeprefix("corpus ") in known and not top:
        return meant.removeprefix("analyze ").removeprefix("corpus ")
    if top and meant:
        return meant
    found = known + [f"{group} {name}" for group in GROUPS if top for name in _names(group)]
    own = [one for one in found if one.rpartition(" ")[2] == wrong]
    return next(iter(own or difflib.get_close_matches(wrong, known, n=1)), "")


def _names(group: str) -> list[str]:
    return list(importlib.import_module(f"avkd_cli.commands.{group}").SUBCOMMANDS)


def of_option(error: click.NoSuchOption) -> str:
    """Return click's message, with the option that is meant where we know it."""
    there = {name for p in error.ctx.command.params for name in p.opts} if error.ctx else set()
    meant = "--" + OPTIONS.get(error.option_name.lstrip("-").lower().replace("_", "-"), "")
    if meant not in there:
        return error.format_message()
    return f"No such option '{error.option_name}'. Did you mean {meant}?"
