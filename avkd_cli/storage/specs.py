"""What each kind of store holds, as data: names, types, axes, meanings.

`open_store` checks a store against its spec; `schemas/README.md` shows it to people.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Array:
    """One array: `dtype` may offer several, as "float16|float32"; axes by name."""

    name: str
    dtype: str
    axes: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class StoreSpec:
    """One kind of store.

    Args:
        kind: the format named in avkd.json.
        version: raised when what is in it changes.
        index: one value an utterance.
        long: what every utterance has many of; a store has one of these.
        items: one value for each of those, such as each face.
        packed: where each of those lies in the long array, if that holds packed bytes.
        counted: which items are yes or no, and counted in `counts`.
        reads: earlier versions that this avkd reads as well.
        media: the keys of an utterance that it is made of; of "audio|video" the first there is.
        others: what is said once of the whole store, where it is known.
        counts_empty: name in `counts` of utterances with none of them, if that is no fault.
        why_empty: what a person is asked where no utterance has any.
    """

    kind: str
    version: int
    index: tuple[Array, ...]
    long: tuple[Array, ...] = ()
    items: tuple[Array, ...] = ()
    packed: tuple[Array, ...] = ()
    counted: tuple[str, ...] = ()
    reads: tuple[int, ...] = ()
    media: tuple[str, ...] = ()
    others: tuple[Array, ...] = ()
    counts_empty: str = ""
    why_empty: str = ""


def _text(name: str, meaning: str) -> Array:
    return Array(name, "string", ("utterance",), meaning)


def _number(name: str, meaning: str, axis: str = "utterance", dtype: str = "float32") -> Array:
    return Array(name, dtype, (axis,), meaning)


PLACE = (
    _text("id", "name of the utterance, unique"),
    _text("person", "who; empty where unknown"),
    _text("session", "what was recorded together; empty where unknown"),
    _text("split", "such as train or test; empty where none"),
    _number("partition", "number of the partition that holds it", dtype="int32"),
    _number("start", "where it begins in the partition's long array", dtype="int64"),
    _number("length", "how many of them it has", dtype="int64"),
)

AUDIO = StoreSpec(
    kind="avkd.audio",
    version=1,
    index=(
        *PLACE,
        _number("duration_s", "length of the recording in seconds"),
        _number("level_dbfs", "RMS level in dB below full scale"),
        _number("speech_fraction", "share of frames with speech, 0 to 1"),
        _number("snr_db", "estimated signal-to-noise ratio in dB"),
        _number("clipped_fraction", "share of samples at full scale, 0 to 1"),
    ),
    long=(
        Array("frames", "float16|float32", ("frame", "mel"), "log mel energies, 100 a second"),
        Array("samples", "int16", ("sample",), "16 kHz mono, full scale 32768"),
        Array(
            "spectrogram", "float16", ("frame", "bin"), "magnitudes of the spectrum, 100 a second"
        ),
    ),
    media=("audio|video",),
)

FACES = StoreSpec(
    kind="avkd.faces",
    version=2,  # 1 had neither `jpeg`, `held` nor `changes`, and `time_s` from the file's beginning
    reads=(1,),
    index=(
        *PLACE,
        _number("changes", "how often the largest face became another one; NaN for pictures"),
    ),
    long=(
        Array("crops", "uint8", ("face", "height", "width", "channel"), "RGB, or grey, crops"),
        Array("jpeg", "uint8", ("byte",), "crops as JPEG, one after the other"),
    ),
    packed=(
        _number("byte_start", "where its JPEG begins in the partition's bytes", "face", "int64"),
        _number("byte_size", "bytes of its JPEG", "face", "int32"),
    ),
    counted=("held",),
    items=(
        _number("time_s", "seconds from the utterance's beginning; NaN for pictures", "face"),
        _number("held", "1 where no face was found and the nearest one stands", "face", "uint8"),
        _number("detection_score", "confidence of the detector, 0 to 1", "face"),
        Array("landmarks", "float32", ("face", "point", "xy"), "eyes, nose, mouth, in pixels"),
        Array("box", "float32", ("face", "edge"), "left, top, right, bottom, in pixels"),
        _number("sharpness", "variance of the Laplacian of the crop", "face"),
        _number("brightness", "mean grey value of the crop, 0 to 255", "face"),
        _number("face_size", "square root of the box's area, in pixels", "face"),
        _number("yaw", "turn of the head estimated from landmarks, in degrees", "face"),
        _number("roll", "tilt of the head estimated from landmarks, in degrees", "face"),
    ),
    media=("images|video", "boxes"),
    counts_empty="without_face",
    why_empty="is the right detector chosen?",
)

EMBEDDINGS = StoreSpec(
    kind="avkd.embeddings",
    version=2,
    reads=(1,),  # it called classes "persons", and said neither kind nor scale of the head
    index=(
        _text("id", "name of the utterance, unique"),
        _text("person", "who; empty where unknown"),
        _text("split", "such as train or test; empty where none"),
        Array("embedding", "float32", ("utterance", "dimension"), "not length-normalised"),
    ),
    others=(
        Array("classes", "string", ("class",), "names of the classifier's rows"),
        Array("classifier", "float32", ("class", "dimension"), "rows of the head's W"),
        Array("classifier_bias", "float32", ("class",), "the head's bias, where it has one"),
        Array("trained_on", "string", ("trained",), "persons trained on, where classes are others"),
    ),
)

SEQUENCES = StoreSpec(
    kind="avkd.sequences",
    version=1,
    index=PLACE,
    long=(Array("values", "float32", ("piece", "dimension"), "a vector a piece, as it was given"),),
    items=(
        _number("time_s", "where it begins, in seconds from the utterance's; NaN: still", "piece"),
    ),
    others=(Array("classes", "string", ("class",), "names of the dimensions, of posteriors"),),
    counts_empty="without_piece",
    why_empty="are they shorter than one?",
)

GROUP = b'{"zarr_format": 3, "node_type": "group", "attributes": {}}\n'
"""The zarr.json of the store and of each of its partitions."""

SPECS = {spec.kind: spec for spec in (AUDIO, FACES, EMBEDDINGS, SEQUENCES)}
