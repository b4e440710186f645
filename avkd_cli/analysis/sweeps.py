"""What a figure of a measure against a number shows: our points, line by line. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from avkd_cli.analysis.filling import Key, Value
from avkd_cli.papers.form import ANY, Line, Paper, Sweep


class Point(NamedTuple):
    """A figure at a number."""

    at: float
    value: Value


def at_number(line: Line, system: str) -> float | None:
    """Return the number that a system's name says on a line, or None if it is not on it."""
    if system in line.at:
        return line.at[system]
    digits = system.removeprefix(line.prefix)
    on_line = system.startswith(line.prefix) and digits.isascii() and digits.isdigit()
    return int(digits) / 100 if on_line else None


def points(paper: Paper, sweep: Sweep, values: Mapping[Key, Value]) -> dict[str, list[Point]]:
    """Return the points of each line that has two or more, from left to right."""
    found = [
        (line.label, on, Point(at, value))
        for line in sweep.lines
        for (system, on, measure), value in values.items()
        if measure == sweep.measure and (at := at_number(line, system)) is not None
    ]
    where = sweep.on
    if where == ANY:  # the first list that has any
        where = min({on for _, on, _ in found}, key=paper.list_order, default="")
    lines: dict[str, list[Point]] = {line.label: [] for line in sweep.lines}
    for label, on, point in sorted(found, key=lambda one: one[2].at):
        if on == where:
            lines[label].append(point)
    return {label: line for label, line in lines.items() if len(line) > 1}
