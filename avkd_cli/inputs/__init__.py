"""Inputs by the modality of the networks that take them: what is read, and how.

To add one: a class in a file here and a line in `INPUTS`, and the builder of its networks in
`networks.BUILDERS`.
"""

from avkd_cli.inputs.base import Input
from avkd_cli.inputs.clip import Clip
from avkd_cli.inputs.embeddings import BothEmbeddings
from avkd_cli.inputs.face import Face
from avkd_cli.inputs.frames import FaceClips, StoredFrames
from avkd_cli.inputs.pair import PairOfEmbeddings
from avkd_cli.inputs.sound import Sound

__all__ = ["INPUTS", "Input"]

INPUTS: dict[str, type[Input]] = {
    one.modality: one
    for one in (Sound, Face, BothEmbeddings, PairOfEmbeddings, StoredFrames, FaceClips, Clip)
}
