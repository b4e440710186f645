"""Pictures as JPEG bytes, one after the other in a long array, and back.

OpenCV carries its own libjpeg-turbo, so equal pictures give equal bytes on every machine with
the same version of it; both directions leave other threads running.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from avkd_cli.errors import InputError


def encode(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return a picture as the bytes of a JPEG, uint8 (bytes,).

    Args:
        picture: uint8 (height, width, 3) RGB, or (height, width, 1) grey.
        quality: 1 to 100.
    """
    turned = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.shape[2] == 3 else picture
    good, data = cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise ValueError(f"a picture of shape {picture.shape} cannot be a JPEG")
    return data.reshape(-1)


def decode(data: np.ndarray, shape: Sequence[int], where: str) -> np.ndarray:
    """Return the picture of a JPEG's bytes.

    Args:
        data: uint8 (bytes,).
        shape: (height, width, channels) that it must have.
        where: the store, for messages.

    Raises:
        InputError: it is none, or has another shape.
    """
    grey = shape[2] == 1
    flag = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR
    picture = cv2.imdecode(data, flag) if len(data) else None
    if picture is None or picture.shape[:2] != tuple(shape[:2]):
        found = "no JPEG" if picture is None else f"a JPEG of {picture.shape}"
        raise InputError(f"{where}: holds {found}, wanted {list(shape)}; make the store again")
    return picture[:, :, None] if grey else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def decode_all(
    data: np.ndarray, starts: np.ndarray, sizes: np.ndarray, shape: Sequence[int], where: str
) -> np.ndarray:
    """Return the pictures that begin at `starts` of the bytes, (pictures, *shape) uint8.

    A picture that stands where the one before it stands is decoded once.
    """
    found = np.empty((len(starts), *shape), np.uint8)
    for number, (start, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True)):
        if number and start == starts[number - 1]:
            found[number] = found[number - 1]
        else:
            found[number] = decode(data[start : start + size], shape, where)
    return found
