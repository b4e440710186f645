"""`--help` is light: it loads none of the libraries that take seconds, and says what it should."""

import fcntl
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from avkd_cli.cli import COMMANDS

HEAVY = set(
    """
    torch torchaudio accelerate zarr tensorstore numpy scipy cv2 av matplotlib insightface
    onnxruntime soundfile rich jsonschema msgspec pyarrow sklearn pandas dask
    """.split()
)

PROBE = """
import sys
sys.argv = ["avkd", *{words!r}]
from avkd_cli.cli import cli
cli.main(prog_name="avkd", standalone_mode=False)
print("LOADED", *sorted(m for m in sys.modules if "." not in m))
"""


def ask(*words: str) -> tuple[str, set[str]]:
    """Return what a command line prints and the top-level modules it loads."""
    result = subprocess.run(
        [sys.executable, "-c", PROBE.format(words=list(words))],
        capture_output=True,
        text=True,
        check=True,
    )
    text, _, loaded = result.stdout.rpartition("LOADED")
    return text, set(loaded.split())


def test_the_top_help_lists_every_command_and_loads_nothing_heavy():
    text, loaded = ask("--help")
    assert all(name in text for name in COMMANDS)
    assert not loaded & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_with_an_example(name):
    text, loaded = ask(name, "--help")
    assert not loaded & HEAVY
    assert "Example" in text
    assert f"avkd {name}" in text


def test_version_is_the_packages():
    text, loaded = ask("--version")
    assert text.startswith("avkd, version ")
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["scroe"], 2, "Did you mean 'score'?"),
        (["score", "--colour"], 2, "No such option"),
        (["prep-audio", "nowhere.jsonl", "-o", "x.zarr"], 66, "nowhere.jsonl"),
        (["prep-audio", "x", "-o", "y", "--config", "nowhere.toml"], 66, "nowhere.toml"),
        (["score", "nowhere.txt", "nowhere.zarr"], 66, "nowhere"),
        (["train-teacher", "--modality", "audio", "nowhere.zarr", "-o", "run"], 66, "nowhere"),
        (
            ["distill", "nowhere.zarr", "--teacher", "t.zarr", "--modality", "audio", "-o", "r"],
            66,
            "nowhere",
        ),
        (["extract-embeddings", "norun", "nowhere.zarr", "-o", "e.zarr"], 66, "norun"),
        (["extract-embeddings", "--from", "nowhere.npz", "-o", "e.zarr"], 66, "nowhere.npz"),
        (["analyze", "metrics", "nowhere.scores"], 66, "nowhere.scores"),
        (["check", "nowhere.zarr"], 66, "nowhere.zarr"),
        (["crop-faces", "nowhere.jsonl", "-o", "f.zarr", "--detector", "none"], 66, "nowhere"),
    ],
)
def test_a_mistake_gets_one_line_and_its_exit_code(tmp_path, words, code, said):
    result = subprocess.run(
        [sys.executable, "-m", "avkd_cli", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert result.returncode == code
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ["prep-audio"],
        ["crop-faces"],
        ["extract-embeddings"],
        ["score"],
        ["train-teacher", "--modality", "fusion"],
        ["distill", "--modality", "audio"],
    ],
)
def test_settings_are_shown_without_inputs(words):
    text, loaded = ask(*words, "--print-config", "--config", "small")
    section = ".".join([words[0], *words[2:]])
    assert text.startswith(f"[{section}]\n")
    assert not loaded & HEAVY


def test_a_closed_pipe_ends_quietly_by_its_signal(tmp_path):
    command = f"{sys.executable} -m avkd_cli corpus csv {tmp_path}/x.csv"
    script = f"{command} | head -n 1; echo ${{PIPESTATUS[0]}}"
    lines = "".join(f"u{i},p{i % 7},a.wav\n" for i in range(20_000))
    (tmp_path / "x.csv").write_text("id,person,audio\n" + lines)
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "141"
    assert "Traceback" not in result.stderr and "BrokenPipe" not in result.stderr


def unread(pipe) -> int:
    """Return how many bytes of a pipe nobody has read yet."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["prep-audio", "-", "-o", "x.zarr"], "avkd prep-audio: stopped; the same line goes on\n"),
        (
            ["corpus", "trials", "-"],
            "avkd corpus trials: stopped; the same line starts anew\n",
        ),
    ],
)
def test_a_signal_ends_with_one_line_that_says_what_the_same_line_does(tmp_path, words, said):
    with subprocess.Popen(
        [sys.executable, "-m", "avkd_cli", *words],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdin.write(b'{"id": "u"}\n')
        process.stdin.flush()
        while unread(process.stdin):
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.stdin.close()  # a signal between two reads is heard when the next one ends
        assert process.stderr.read().decode() == said
    assert process.returncode == -signal.SIGTERM
