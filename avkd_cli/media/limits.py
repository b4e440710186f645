"""Bounds of what is decoded, so that no file takes more time or memory than it is worth."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is refused, most of it by the header, before anything is decoded.

    Args:
        min_duration, max_duration: of sound in s, of the segment where one is asked for.
        min_source_rate, max_source_rate: of sound in Hz.
        max_channels: of sound.
        max_expansion: decoded bytes of sound (float32, all channels) for each byte of the file.
        free_bytes: what is smaller once decoded is no bomb, whatever its expansion.
        max_amplitude: of sound; 1 is full scale.
        max_damaged: share of a sound's packets that may fail to decode.
        silence_dbfs: RMS of sound after removal of the mean.
        clipped_fraction: more samples at full scale than this are worth a warning.
        max_image_pixels: of an image as it is used; a larger one is read at a half, a quarter …
        max_jpeg_pixels: of a JPEG, from its header: its decoder reads at a reduced size.
        max_whole_pixels: of any other image, which is reduced only after it is decoded.
        max_image_bytes: of an image file.
        min_side: smallest side of an image or a frame, in pixels.
        max_side: largest side of a video frame, in pixels.
        max_seconds, max_frames: length of a video.
        min_frames: frames that a video must have.
        wall_seconds: time that the decoding of one video may take.
    """

    min_duration: float = 0.4
    max_duration: float = 600.0
    min_source_rate: int = 8_000
    max_source_rate: int = 192_000
    max_channels: int = 8
    max_expansion: float = 200.0
    free_bytes: int = 1 << 26
    max_amplitude: float = 4.0
    max_damaged: float = 0.01
    silence_dbfs: float = -80.0
    clipped_fraction: float = 0.01
    max_image_pixels: int = 16_000_000
    max_jpeg_pixels: int = 250_000_000
    max_whole_pixels: int = 64_000_000
    max_image_bytes: int = 128 << 20
    min_side: int = 32
    max_side: int = 4096
    max_seconds: float = 1800.0
    max_frames: int = 60_000
    min_frames: int = 2
    wall_seconds: float = 120.0


PICTURES = Limits()
"""Of pictures and films; those of a sound come from the settings of its step."""
