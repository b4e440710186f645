"""What `crop-faces --disturb` does to the crops of an utterance."""

import numpy as np

from avkd_cli.config import CropFacesConfig
from avkd_cli.errors import UsageError
from avkd_cli.keyed import generator
from avkd_cli.vision.align import CROP_MODES
from avkd_cli.vision.disturb import STRENGTHS


def check_strength(config: CropFacesConfig) -> None:
    """Raise UsageError for a strength without a disturbance, or out of its range."""
    if config.disturb == "none":
        if config.strength:
            raise UsageError(
                f"--strength {config.strength:g} is given, but --disturb is none; name what spoils"
            )
        return
    wanted = STRENGTHS[config.disturb]
    high = wanted.high
    if config.disturb == "small":
        high = min(high, CROP_MODES[config.mode].width)
    whole = not wanted.whole or config.strength == int(config.strength)
    if not (wanted.low <= config.strength <= high and whole):
        number = "a whole number" if wanted.whole else "a number"
        raise UsageError(
            f"--disturb {config.disturb} --strength {config.strength:g}: wanted {number} from "
            f"{wanted.low:g} to {high:g}, the {wanted.unit}"
        )


def disturbed(picture: np.ndarray, number: int, id: str, config: CropFacesConfig) -> np.ndarray:
    """Return a spoilt crop, uint8 of the same shape.

    What is random is a function of seed, utterance and number of the face; the strength is no
    part of it.
    """
    rng = generator(config.seed, config.disturb, id, str(number))
    return STRENGTHS[config.disturb].apply(picture, config.strength, rng)
