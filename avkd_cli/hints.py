"""What people type for a command or an option of ours that is called otherwise.

Looked at only after a mistake; the standard library and click alone.
"""

import difflib
import importlib

import click

COMMANDS = {
    "train": "train-teacher", "teach": "train-teacher", "teacher": "train-teacher",
    "pretrain": "train-teacher", "student": "distill", "distil": "distill", "kd": "distill",
    "extract": "extract-embeddings", "embed": "extract-embeddings", "infer": "extract-embeddings",
    "embeddings": "extract-embeddings", "eval": "score", "evaluate": "score", "test": "score",
    "calibration": "calibrate", "llr": "calibrate", "same": "verify", "predict": "verify",
    "bundle": "share", "pack": "share", "deploy": "share", "fuse": "score", "convert": "score",
    "prep": "prep-audio", "prepare": "prep-audio", "fbank": "prep-audio", "audio": "prep-audio",
    "crop": "crop-faces", "faces": "crop-faces", "prep-faces": "crop-faces",
    "prep-visual": "crop-faces", "eer": "analyze metrics", "dcf": "analyze metrics",
    "plot": "analyze det", "roc": "analyze det", "validate": "check", "list": "corpus",
    "ls": "corpus", "onnx": "export", "save": "export", "describe": "card",
    "model-card": "card", "diagnose": "doctor", "info": "doctor", "env": "doctor",
    "trials": "corpus trials", "standin": "corpus standin",
}  # fmt: skip
OPTIONS = {
    "learning-rate": "lr", "learningrate": "lr", "rate": "lr", "eta": "lr", "batch": "batch-size",
    "bs": "batch-size", "steps": "max-steps", "iterations": "max-steps", "max-epochs": "epochs",
    "num-epochs": "epochs", "n-epochs": "epochs", "wd": "weight-decay", "optim": "optimizer",
    "optimiser": "optimizer", "arch": "model", "backbone": "model", "network": "model",
    "encoder": "model", "dim": "embedding-size", "embedding-dim": "embedding-size",
    "emb-dim": "embedding-size", "scheduler": "schedule", "out": "output", "output-dir": "output",
    "outdir": "output", "out-dir": "output", "save": "output", "jobs": "workers",
    "num-workers": "workers", "nj": "workers", "threads": "workers", "procs": "num-processes",
    "nproc": "num-processes", "gpus": "num-processes", "mels": "n-mels", "num-mels": "n-mels",
    "force": "overwrite", "resume": "output", "temp": "temperature", "tau": "temperature",
    "kl": "alpha", "cos": "beta", "mmd": "gamma", "sense": "modality", "type": "modality",
    "trial-list": "trials", "figure": "plot", "fig": "plot", "figsize": "width", "size": "width",
    "bootstrap": "resamples", "n-boot": "resamples", "names": "name", "legend": "name",
    "teacher-embeddings": "teacher", "snorm": "norm", "as-norm": "norm", "asnorm": "norm",
}  # fmt: skip
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
