"""What identifies a run: which of its settings decide the weights, and what it is trained on."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from avkd_cli.storage import manifest, names
from avkd_cli.storage.heads import PERSON

_WORK = 1  # of the fingerprint, which is no matter of how a run is written down
# Settings that change how a run is watched, fed or written, never which weights come of it.
WATCHING = {"workers", "log_every", "checkpoint_every", "tracker", "train_trials", "keep_names"}
# Settings younger than version 1, with what they were before: left out of a plan when off, so
# that older runs go on.
LATER = {
    "augment": 0.0,
    "speed_classes": False,
    "compile": False,
    "label": "person",
    "split_column": "split",
    "head": "aam-softmax",
    "schedule": "exponential",
    "period": 0.0,
    "network_lr": 1.0,
    "adversary_lr": 1e-4,
    "freq_flatten": False,
    "segment": 0.0,
    "l2": 0.0,
    "l2_raw": 0.0,
    "class_ce": 0.0,
    "class_cos": 0.0,
    "tolerance": "",
    "tolerance_share": 0.2,
    "teacher_projection": False,
    "teacher_ce": 0.1,
    "quality": "",
    "quality_scope": "kd",
    "quality_slope": 1.0,
    "posteriors": 0.0,
    "posteriors_temperature": 0.1,
    "cluster_threshold": 0.0,
    "cluster_film": "session",
    "cluster_least": 2,
    "cluster_separation": 0.5,
    "beside_pairing": "person",
    "beside_crop": 300,
    "unlabelled_by": "clusters",
    "cluster_rounds": 0,
    "loss_gate": 0.0,
    "gate_from": 0.3,
    "correction": 0.0,
    "imitation": 0.0,
    "distance": "mse",
    "level": "embedding",
    "soft_labels": 0.0,
    "multitask": 0.0,
}
LATER_OF = {"visual": {"pooling": "", "frames": 50}}  # by modality, where another has the name


@dataclass(frozen=True)
class RunPlan:
    """What identifies a run, and what it remembers: equal plans give equal weights.

    Args:
        step: the command. given: its settings.
        inputs: name → fingerprint of what it is trained on.
        prepared: name → `Store.preparation()` of each store that the network reads, so that new
            recordings can be prepared alike; no part of the identity, which `inputs` has.
        label: the column of the list that classes are of.
        persons: whoever is trained on, whatever the label.
        keep_names: write their names, and those of classes, in plain.
    """

    step: str
    given: Mapping[str, Any]
    inputs: Mapping[str, str]
    prepared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    label: str = PERSON
    persons: Sequence[str] = ()
    keep_names: bool = False

    @functools.cached_property
    def config(self) -> dict[str, Any]:
        """Those settings that decide the weights."""
        later = LATER | LATER_OF.get(self.given.get("modality", ""), {})
        return {
            name: value
            for name, value in self.given.items()
            if name not in WATCHING and not (name in later and value == later[name])
        }

    @functools.cached_property
    def fingerprint(self) -> str:
        """Names the work."""
        return manifest.fingerprint(self.step, _WORK, self.config, self.inputs)

    @property
    def names(self) -> str:
        """What the run says of the names in it."""
        return names.PLAIN if self.keep_names else names.DIGESTS

    def told(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with its names as digests, unless they are kept."""
        return record if self.keep_names else names.hidden(record, self.fingerprint)

    def to_json(self) -> dict[str, Any]:
        """Return what run.json says of it."""
        return self.told(
            {
                "step": self.step,
                "config": self.config,
                "inputs": dict(self.inputs),
                "prepared": {name: dict(one) for name, one in self.prepared.items()},
                "label": self.label,
                "names": self.names,
                "persons": list(self.persons),
                "fingerprint": self.fingerprint,
            }
        )
