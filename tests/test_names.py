"""One word for one thing: classes and their names."""

import ast
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "avkd_cli"

# Two rooms that never meet, and a word of the field in both.
IN_TWO_ROOMS = {
    "Clips",  # what reads a batch of them, and the network that takes it
    "Embeddings",  # what reads a batch of them, and what a store of them holds
    "Face",  # of a person of the stand-in, and of an input
    "Finding",  # of a listing, and of doctor
    "Gate",  # a fusion, and a bridge to a level
    "Hearing",  # what verify does, and the graph that is exported for it
    "Named",
    "Seeing",
    "SqueezeExcite",  # over time, and over a picture
}
WORDS = ("Record", "Run", "Task", "Source", "Limits", "Draws", "Report", "Job")


def classes() -> Counter[str]:
    """How many classes of the package have each name; private ones are their file's business."""
    bodies = (ast.parse(path.read_text("utf-8")).body for path in PACKAGE.rglob("*.py"))
    found = [one.name for body in bodies for one in body if isinstance(one, ast.ClassDef)]
    return Counter(name for name in found if not name.startswith("_"))


def test_a_class_has_a_name_of_its_own():
    twice = {name for name, count in classes().items() if count > 1}
    assert sorted(twice - IN_TWO_ROOMS) == [], "rename one, or say in IN_TWO_ROOMS why not"
    assert sorted(IN_TWO_ROOMS - twice) == [], "take out of IN_TWO_ROOMS what is mended"


def test_each_of_the_words_that_meant_several_things_means_one():
    found = classes()
    assert {word: found[word] for word in WORDS if found[word] != 1} == {}
