"""Every command hands what it is asked to its step, under the names that the step knows."""

import click
import pytest

from avkd_cli.cli import cli
from avkd_cli.errors import MissingInputError

NOTHING_THERE = """
analyze venn --a none --b none --threshold-a 1 --people none
analyze metrics none other
analyze table none
analyze compare none other
analyze det none
analyze identify none
analyze identify none --trials none
analyze classify none
analyze breakdown none --people none --by sex
analyze robustness none
analyze strata none --people none
analyze cosines none
analyze pcc none
analyze tsne none
analyze clusters none none
analyze weights none
analyze curves none
analyze report none
calibrate none
card none
check none
corpus voxceleb1 none
corpus voxceleb2 none
corpus cnceleb none
corpus ravdess none
corpus iemocap none
corpus iemocap none --video --left female
corpus kaldi none
corpus folder none
corpus csv none
corpus import none
corpus check none
corpus split none
corpus folds none
corpus cluster none --list none
corpus trials none
corpus trials none --cross
corpus fop-trials none none
corpus fop-csv none
corpus rename-trials none --meta none
prep-audio none -o made
crop-faces none -o made --detector none
train-teacher --modality audio none -o made
train-teacher --modality pair none none -o made
distill --modality audio none --teacher none -o made
extract-embeddings none none -o made
extract-embeddings --from none.npz -o made
extract-embeddings --from none.csv -o made
extract-embeddings --held-out none --held-out none -o made
score none none
score --fuse mean none none
export none -o made.onnx
share none -o made
verify none none none
""".strip().splitlines()
WITHOUT_INPUT = {"corpus standin", "doctor"}


@pytest.mark.parametrize("line", NOTHING_THERE)
def test_a_command_says_which_input_is_missing_and_makes_nothing(line, tmp_path, monkeypatch):
    # A step that is called by a name it does not know raises TypeError instead.
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingInputError, match="none"):
        cli.main(line.split(), prog_name="avkd", standalone_mode=False)
    assert not [one for one in tmp_path.iterdir() if not one.name.endswith(".lock")]


def test_every_command_with_an_input_is_tried():
    assert {one for one in names(cli, "") if one not in WITHOUT_INPUT} == {
        " ".join(line.split()[: 2 if line.startswith(("analyze", "corpus")) else 1])
        for line in NOTHING_THERE
    }


def names(group: click.Group, before: str) -> set[str]:
    """Return the names of all commands below a group."""
    context, found = click.Context(group), set()
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        whole = f"{before} {name}".strip()
        found |= names(one, whole) if isinstance(one, click.Group) else {whole}
    return found
