"""Which frames of a video are taken: pure arithmetic on their times."""

import numpy as np


def choose_times(
    times: np.ndarray,
    *,
    fps: float | None = None,
    count: int | None = None,
    start: float | None = None,
    end: float | None = None,
    at_most: int | None = None,
) -> np.ndarray:
    """Return which frames to take, as rising positions in `times`.

    With `fps`, those nearest to 0, 1/fps, 2/fps, ... s after the first; with `count`, those
    nearest to the middles of `count` equal parts. No frame is taken twice, so a video of fewer
    frames gives fewer. Times decide, never a frame rate, which headers get wrong.

    Args:
        times: of all frames in s, rising, shape (n,).
        fps: frames per second of video; exactly one of `fps` and `count`.
        count: frames in all.
        start, end: take frames with start <= time < end only.
        at_most: keep so many, evenly spaced.

    Raises:
        ValueError: if not exactly one of `fps` and `count` is given, or it is not positive.
    """
    if (fps is None) == (count is None) or not (fps or count or 0) > 0:
        raise ValueError("give one of fps and count, above 0")
    first = 0 if start is None else int(np.searchsorted(times, start - 1e-6))
    last = len(times) if end is None else int(np.searchsorted(times, end - 1e-6))
    inside = times[first:last]
    if len(inside) == 0:
        return np.empty(0, dtype=np.int64)
    span = inside[-1] - inside[0]
    if fps is not None:
        targets = inside[0] + np.arange(np.floor(span * fps + 1e-6) + 1) / fps
    else:
        # The last frame lasts as long as the mean one.
        whole = span * len(inside) / max(len(inside) - 1, 1)
        targets = inside[0] + (np.arange(count) + 0.5) * whole / count
        targets = targets - whole / len(inside) / 2  # from moments to frames that begin there
    chosen = np.unique(nearest(inside, targets)) + first
    return chosen if at_most is None else chosen[spread(len(chosen), at_most)]


def slots(
    times: np.ndarray, fps: float, start: float | None = None, end: float | None = None
) -> np.ndarray:
    """Return the frame that is there at start, start + 1/fps, ... s: positions in `times`.

    Unlike those of `choose_times`, a frame may fill several slots, so slot k is always k/fps
    seconds from the start: the clock of the sound. Slots before the first frame have -1. The
    last slot is the last that begins before the end, or before the last frame has been shown
    for as long as the frames usually are.

    Args:
        times: of all frames in s, rising, shape (n,), n at least 1.
        fps: slots per second.
        start, end: in s on the clock of `times`; none: 0 and the end of the film.
    """
    origin = 0.0 if start is None else start
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 1 / fps
    stop = float(times[-1]) + usual
    stop = stop if end is None else min(stop, end)
    moments = origin + np.arange(max(0, int(np.ceil((stop - origin) * fps - 1e-3)))) / fps
    found = nearest(times, moments)
    return np.where(moments < times[0] - max(usual, 1 / fps) / 2 - 1e-6, -1, found)


def nearest(times: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the position of the time nearest to each target; the earlier one of two as near."""
    after = np.searchsorted(times, targets).clip(1, max(len(times) - 1, 1))
    before = after - 1
    after = after.clip(max=len(times) - 1)
    later = times[after] - targets < targets - times[before] - 1e-9
    return np.where(later, after, before)


def spread(n: int, count: int) -> np.ndarray:
    """Return `count` positions of `n`, evenly spaced (the middles of equal parts), or all."""
    if count >= n:
        return np.arange(n)
    return (2 * np.arange(count) + 1) * n // (2 * count)


def is_steady(times: np.ndarray) -> bool:
    """Return whether all frames last about as long (a rounding to ms is not a change of rate)."""
    gaps = np.diff(times)
    if len(gaps) == 0:
        return True
    usual = np.median(gaps)
    return bool(gaps.max() <= 1.5 * usual and gaps.min() >= 0.5 * usual)
