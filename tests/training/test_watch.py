"""Trackers besides log.jsonl; the log itself is in test_loop.py."""

import pytest
from accelerate import tracking

from avkd_cli.errors import UsageError
from avkd_cli.training.watch import check_tracker


def test_an_unknown_tracker_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'tensorboard'"):
        check_tracker("tensorbord")


def test_a_tracker_like_none_is_refused_with_all_names():
    with pytest.raises(UsageError, match=r"there are .*tensorboard.*wandb"):
        check_tracker("xyz")


def test_a_tracker_whose_package_is_absent_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tracking, "get_available_trackers", list)
    with pytest.raises(UsageError, match="pip install comet-ml"):
        check_tracker("comet_ml")


def test_a_tracker_that_is_there_is_taken(monkeypatch):
    monkeypatch.setattr(tracking, "get_available_trackers", lambda: ["tensorboard"])
    check_tracker("tensorboard")
