import io
import sys

from avkd_cli.storage import progress


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)


def test_a_line_every_30_seconds_when_not_a_terminal(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    with progress.progress("prep-audio", 1000, done=400) as advance:
        for _ in range(8):
            clock.now += 10
            advance(9, 1)
    assert capsys.readouterr().err.splitlines() == [
        # 30 in 30 s: one a second, 570 are left.
        "avkd prep-audio: 430 of 1000 (43 %), 1.0 a second, 10 min left, 3 rejected",
        "avkd prep-audio: 460 of 1000 (46 %), 1.0 a second, 9 min left, 6 rejected",
    ]


def test_quiet_says_nothing_and_so_does_a_short_job(capsys):
    for quiet in (True, False):
        with progress.progress("x", 10, quiet=quiet) as advance:
            advance(10)
    with progress.progress("x", 0) as advance:
        advance(0)
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.progress("crop-faces", 10) as advance:
        advance(4, 1)
    text = sys.stderr.getvalue()
    assert "crop-faces" in text
    assert "5/10" in text
    assert "1 rejected" in text


def test_durations_are_said_as_people_say_them():
    said = [progress.duration(s) for s in (0.4, 89, 90, 720, 5399, 5400, 90_000, float("inf"))]
    assert said == [
        "0 s",
        "89 s",
        "2 min",
        "12 min",
        "1 h 30 min",
        "1 h 30 min",
        "25 h 0 min",
        "unknown time",
    ]
