"""`avkd crop-faces`."""

from pathlib import Path

import click

from avkd_cli import options, pipes
from avkd_cli.config import CropFacesConfig
from avkd_cli.options import path


@click.command("crop-faces", cls=options.StepCommand)
@click.argument("utterances", type=options.utterance_list)
@options.output_store
@path(
    "--detector-weights weights",
    "PATH",
    "ONNX file of the detector, or a folder that holds it. Nothing is ever downloaded.",
)
@options.execution
@options.settings("crop-faces")
def crop_faces(utterances: str, output: Path, settings: CropFacesConfig, **asked) -> None:
    """Find the faces of UTTERANCES, align and crop them into the store of -o.

    UTTERANCES is a list, one JSON object a line with id, person and video (mp4, mov, mkv, webm,
    avi, mpg) or images (JPEG, PNG, WebP, BMP, TIFF or PNM: one, several, or a folder); - reads it
    from stdin. One face is kept of a frame; an utterance without any is kept, with length 0. A bad
    picture among good ones is left out and named. In a pipe the store's
    manifest is printed, one JSON line.

    Detectors need weights that you download once. yunet: face_detection_yunet_*.onnx of
    opencv_zoo. scrfd: det_*.onnx of an insightface pack. none: pictures are face crops already,
    and the centre of each is resized.

    --disturb makes a spoilt copy of a test set, under the same ids: out of focus, dark, of a far
    face, compressed or partly covered, by --strength. The same seed spoils a face in the same way.

    \b
    Examples:
        avkd crop-faces people.jsonl -o faces.zarr --detector-weights yunet.onnx
        avkd crop-faces crops.jsonl -o faces.zarr --detector none
        avkd crop-faces test.jsonl -o blur-2.zarr --detector none --disturb blur --strength 2
    """
    from avkd_cli.steps.crop_faces import crop_faces as step

    pipes.print_store(step(utterances, output, settings, **asked))
