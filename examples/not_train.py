"""Print the lines of a list that are not to train on, with absolute paths: copies of them may lie
anywhere.

    python examples/not_train.py people.jsonl >work/lists/spoil.jsonl
"""

from pathlib import Path

import click

from avkd_cli.errors import InputError
from avkd_cli.steps.corpus import prefix, relocate
from avkd_cli.storage.utterances import read_utterances, write_utterances


@click.command()
@click.argument("people", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(people: Path) -> None:
    """Print the utterances of PEOPLE that have another split than train."""
    test = [one for one in read_utterances(people).utterances if one.split != "train"]
    if not test:
        raise InputError(f"{people}: nobody to test on: every line has split train")
    write_utterances("-", relocate(test, prefix(people.absolute().parent, None)))


if __name__ == "__main__":
    main()
