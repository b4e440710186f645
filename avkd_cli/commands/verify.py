"""`avkd verify`."""

import json
from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.options import flag, path, real, source, text


@click.command("verify")
@click.argument("system", type=click.Path(path_type=Path), metavar="SYSTEM")
@click.argument("recordings", nargs=-1, required=True, metavar="A B")
@text(
    "--enrol",
    "A",
    "A recording of one side; give it several times. What stands behind SYSTEM is then "
    "all of the other side.",
    multiple=True,
)
@source(
    "--gallery",
    "STORE",
    "Who of these people is it? Embeddings that extract-embeddings made with SYSTEM's "
    "run, any number of recordings a person; several stores are one gallery.",
    multiple=True,
)
@path(
    "--calibration",
    "FILE.json",
    "What avkd calibrate made of scores of this run.  [default: calibration.json in the "
    "run's folder, or what was shared]",
    multiple=True,
)
@path(
    "--detector-weights",
    "FILE",
    "The face detector's, the same as when the run's faces were cropped.",
)
@source(
    "--like",
    "STORE",
    "Prepare recordings as this store's were: for runs of avkd 0.1, which do not say.",
)
@path(
    "--onnx",
    "FILE.onnx",
    "Run the network by onnxruntime, without torch: what avkd export made of SYSTEM.",
)
@real(
    "--prior", "Probability of one person.  [default: the calibration's]", least=1e-6, most=0.999999
)
@real(
    "--cost-miss", "Cost of 'different' for one person.  [default: the calibration's]", least=1e-6
)
@real(
    "--cost-false-alarm",
    "Cost of 'same' for two persons.  [default: the calibration's]",
    least=1e-6,
)
@flag(
    "--exit-code",
    "End with 0 for same or found, 4 for different or nobody, 5 for cannot tell.  "
    "[default: 0 for any]",
)
@options.as_json
@click.pass_context
def verify(
    ctx: click.Context,
    system: Path,
    recordings: tuple[str, ...],
    exit_code: bool,
    as_json: bool,
    **asked,
) -> None:
    """Say whether recordings A and B are of one person.

    SYSTEM is the folder of a run of one sense, such as a student, or what share made. A and B are
    sound, pictures or films in any format that prep-audio and crop-faces read; they are prepared
    exactly as the run's were. One line goes to stdout: same, different or cannot tell, how
    probable it is, the natural-log likelihood ratio and from where on it is 'same', what each
    side has, and what that was calibrated on.

    With --gallery the recordings are of one person who is looked for: the answer is a name and
    how probable it is, or nobody. --prior is then that it is somebody enrolled.

    Cannot tell is an answer: too little speech, no face or one from the side, two people, a score
    outside of what the calibration saw, a duration or SNR at which it shows no skill. Without a
    calibration there is no answer.

    \b
    Example:
        avkd verify runs/student a.wav b.m4a --calibration calibration.json
        avkd verify runs/student --enrol a1.wav --enrol a2.wav b.wav --json
        avkd verify runs/student clip.wav --gallery people.zarr --gallery more.zarr
        avkd verify runs/student door.wav owner.wav --exit-code --prior 0.01 && open-the-door
    """
    from avkd_cli.steps.verify import verify as step

    answer = step(system, recordings, **asked)
    click.echo(json.dumps(answer.to_json(), ensure_ascii=False) if as_json else answer.text)
    if exit_code:
        ctx.exit(answer.exit_code)
