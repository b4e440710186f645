"""`avkd prep-audio`."""

from pathlib import Path

import click

from avkd_cli import options, pipes
from avkd_cli.config import PrepAudioConfig
from avkd_cli.options import source


@click.command("prep-audio", cls=options.StepCommand)
@click.argument("utterances", type=options.utterance_list)
@options.output_store
@source("--noise", "STORE", "Waveforms of music, speech and noise (MUSAN), for --disturb.")
@source("--rir", "STORE", "Waveforms of room responses, for --disturb room.")
@options.execution
@options.settings("prep-audio")
def prep_audio(utterances: str, output: Path, settings: PrepAudioConfig, **asked) -> None:
    """Decode the recordings of UTTERANCES into the store of -o.

    UTTERANCES is a list, one JSON object a line with id, person and audio (or video); - reads
    it from stdin. wav, flac, m4a, mp3, opus, aiff, amr, caf and the sound of mp4, mov, 3gp, mkv,
    webm, avi, mpg, mts become 16 kHz mono, then fbank, waveform or spectrogram. In a pipe the
    store's manifest is printed, one JSON line.

    The content of a file decides what it is, not its name. What cannot be used (cut off, silent,
    too short, no sound ...) is listed with the reason in rejects.jsonl of the store. Length,
    level, share of speech, signal-to-noise ratio and clipping are columns beside the sound.

    --disturb makes a spoilt copy of a test set, under the same ids: other voices, music or noise
    from --noise at --snr, a room from --rir, or a telephone line. The same seed spoils a recording
    in the same way, in whatever list it stands and whoever prepares it.

    \b
    Examples:
        avkd prep-audio people.jsonl -o audio.zarr --n-mels 80
        grep '"split": *"train"' people.jsonl | avkd prep-audio - --root . -o train.zarr
        avkd prep-audio test.jsonl -o babble-5.zarr --disturb babble --snr 5 --noise musan.zarr
    """
    from avkd_cli.steps.prep_audio import prep_audio as step

    pipes.print_store(step(utterances, output, settings, **asked))
