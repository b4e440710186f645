"""Two circles whose areas and overlap are right. Pure."""

import math

from scipy.optimize import brentq


def lens_area(r: float, s: float, distance: float) -> float:
    """Return the area that two circles of radii r and s share at a distance of their centres.

    Raises:
        ValueError: if a radius or the distance is negative.
    """
    if min(r, s, distance) < 0:
        raise ValueError(f"radii {r}, {s} and distance {distance} must not be negative")
    if distance >= r + s:
        return 0.0
    if distance <= abs(r - s):
        return math.pi * min(r, s) ** 2
    return _segment(r, (distance**2 + r**2 - s**2) / (2 * distance)) + _segment(
        s, (distance**2 + s**2 - r**2) / (2 * distance)
    )


def _segment(radius: float, to_chord: float) -> float:
    """Return the area beyond a chord at a signed distance from the centre."""
    to_chord = max(-radius, min(radius, to_chord))  # rounding at grazing circles
    return radius**2 * math.acos(to_chord / radius) - to_chord * math.sqrt(
        max(0.0, radius**2 - to_chord**2)
    )


def two_circles(area_a: float, area_b: float, shared: float) -> tuple[float, float, float]:
    """Return (radius a, radius b, distance of centres) for two sets of these areas.

    Disjoint sets touch a tenth of the larger radius apart, so that they are seen to be two.

    Raises:
        ValueError: if an area is negative, or the shared one exceeds either.
    """
    if min(area_a, area_b, shared) < 0 or shared > min(area_a, area_b):
        raise ValueError(f"no sets of {area_a} and {area_b} share {shared}")
    r, s = math.sqrt(area_a / math.pi), math.sqrt(area_b / math.pi)
    if shared == 0:
        return r, s, r + s + 0.1 * max(r, s)
    apart, inside = r + s, abs(r - s)
    if shared >= min(area_a, area_b) or apart == inside:
        return r, s, inside
    distance = brentq(lambda d: lens_area(r, s, d) - shared, inside, apart, xtol=1e-12 * apart)
    return r, s, float(distance)
