"""No make target removes or writes anything outside what it made: each case in a scratch tree."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MARK = ".avkd-made"
RECIPES = [
    ROOT / "examples/people.mk",
    ROOT / "study/study.mk",
    *sorted((ROOT / "examples/systems").glob("*.mk")),
]
SYSTEMS = [path.stem for path in RECIPES[2:]]


def declared(function: str) -> list[str]:
    """Return the variables of the Makefile, and of all it includes, that one function checks."""
    text = "".join(path.read_text("utf-8") for path in [ROOT / "Makefile", *RECIPES])
    found = re.findall(rf"^\$\(call {function},([^)]*)\)$", text, re.MULTILINE)
    return sorted({name for names in found for name in names.split()})


ONE_WORD = declared("plain")


class Tree:
    """A copy of all that make reads, with folders of others around it."""

    def __init__(self, folder: Path) -> None:
        self.top, self.at = folder, folder / "project"
        for name in ("examples", "study"):
            shutil.copytree(ROOT / name, self.at / name)
        for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-torch.txt"):
            shutil.copy(ROOT / name, self.at / name)
        for name in (
            "a/one",
            "b/two",
            "my work/three",
            "lists/t.txt",
            "more/t.txt",
            "people.jsonl",
        ):
            for place in (self.top, self.at):
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_text(f"{name} of somebody\n")
        (self.at / "people.jsonl").write_text('{"id": "a", "person": "p", "split": "train"}\n')

    def make(self, *words: str) -> subprocess.CompletedProcess:
        """Run make without an environment: no target here needs one, nor what `make test` says."""
        own = [] if any(word.startswith("READY=") for word in words) else ["READY="]
        return subprocess.run(
            ["make", *own, *words],
            cwd=self.at,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    def files(self) -> dict[str, bytes | None]:
        """Return everything there is, with its content."""
        found = sorted(self.top.rglob("*"))
        return {
            str(p.relative_to(self.top)): p.read_bytes() if p.is_file() else None for p in found
        }


@pytest.fixture
def tree(tmp_path) -> Tree:
    return Tree(tmp_path)


@pytest.fixture(scope="module")
def still(tmp_path_factory) -> Tree:
    """A tree that no test changes, which each of them sees."""
    return Tree(tmp_path_factory.mktemp("still"))


def refused(tree: Tree, *words: str) -> str:
    """Return what make says as it refuses, once nothing has changed by it."""
    before = tree.files()
    result = tree.make(*words)
    assert result.returncode == 2
    assert result.stdout == ""
    assert tree.files() == before
    return re.sub(r"\nmake: \*\*\* .*Error \d+$", "", result.stderr.strip())


def test_the_variables_that_pages_name_are_declared():
    assert {"WORK", "VENV", "PEOPLE", "VOXCELEB1", "DETECTOR_WEIGHTS", "SEED"} <= set(ONE_WORD)
    assert {"TRIALS", "NAMES"} <= set(declared("plain_words"))
    assert "vox1_kd" in SYSTEMS


@pytest.mark.parametrize("target", ["clean", "clean-all", "vox1_kd", "setup", "results"])
@pytest.mark.parametrize("variable", ONE_WORD)
def test_a_blank_in_a_variable_is_refused_before_anything(still, variable, target):
    said = refused(still, target, f"{variable}=a b")
    assert f"{variable}='a b' holds a blank" in said and "\n" not in said


@pytest.mark.parametrize("value", ["a ", "a\tb", "../my work", "a\nb"])
def test_any_kind_of_blank_at_any_place_counts(still, value):
    assert "holds a blank" in refused(still, "clean", f"WORK={value}")


@pytest.mark.parametrize("sign", [*"'\"`&|;<>(){}[]*?!\\~%:=#", "$$"])
def test_signs_that_make_or_the_shell_misread_are_refused(still, sign):
    # Such as WORK='a;rm -rf b'; `#` and `$` reach make by another variable.
    assert "misread" in refused(still, "clean", f"WORK=a{sign}b".replace("#", "\\#"))
    assert "misread" in refused(still, "inputs", "PEOPLE=people.jsonl", f"TRIALS=b t{sign}.txt")


@pytest.mark.parametrize("told", ["FULL=0", "FULL=no", "FULL=1 1", "QUICK=abc"])
def test_a_switch_is_one_or_nothing(still, told):
    assert "is neither on nor off: say" in refused(still, "help", told)


@pytest.mark.parametrize("variable", ["WORK", "VENV"])
def test_a_place_without_a_name_is_refused(still, variable):
    # $(WORK)/stores would be /stores.
    assert f"{variable} is empty" in refused(still, "clean-all", f"{variable}=")


def test_clean_removes_what_make_made_and_nothing_else(tree):
    before = tree.files()
    assert tree.make("work/.avkd-made").returncode == 0
    assert tree.files().keys() - before.keys() == {"project/work", f"project/work/{MARK}"}
    (tree.at / "work/stores").mkdir()
    (tree.at / "work/stores/x").touch()
    assert tree.make("clean").returncode == 0
    assert tree.files() == before
    assert tree.make("clean").returncode == 0


@pytest.mark.parametrize("folder", ["a", "../a", "../my_work", "examples", "people.jsonl"])
@pytest.mark.parametrize("target", ["clean", "clean-all"])
def test_clean_refuses_what_does_not_carry_the_mark(tree, folder, target):
    (tree.top / "my_work/deep").mkdir(parents=True)
    assert "not removed" in refused(tree, target, f"WORK={folder}")
    assert "not removed" in refused(tree, "clean-venv", f"VENV={folder}")


def test_clean_of_an_older_folder_says_the_line_that_makes_it_ours(tree):
    before = tree.files()
    (tree.at / "work/runs").mkdir(parents=True)
    (tree.at / "work/runs/model.json").touch()
    line = refused(tree, "clean").rpartition(": ")[2]
    assert line == f"touch {tree.at}/work/{MARK}"
    subprocess.run(shlex.split(line), check=True)
    assert tree.make("clean").returncode == 0
    assert tree.files() == before


@pytest.mark.parametrize("folder", [".", "..", "/"])
def test_the_project_is_never_removed_even_when_marked(tree, folder):
    for place in (tree.at, tree.top):
        (place / MARK).touch()
    assert "holds the project" in refused(tree, "clean", f"WORK={folder}")


def test_make_fills_no_folder_of_others(tree):
    assert "holds what make did not make" in refused(tree, "../a/.avkd-made", "WORK=../a")
    assert "no folder" in refused(tree, "people.jsonl/.avkd-made", "WORK=people.jsonl")
    said = refused(tree, "vox1_kd", "WORK=b")
    assert f"touch {tree.at}/b/{MARK}" in said


def test_make_does_not_set_up_in_a_folder_of_others(tree):
    assert "holds what make did not make" in refused(tree, "setup", "VENV=b", "READY=b/.installed")


def test_a_folder_that_was_found_empty_becomes_makes(tree):
    (tree.top / "scratch").mkdir()
    assert tree.make("../scratch/.avkd-made", "WORK=../scratch").returncode == 0
    assert tree.make("clean", "WORK=../scratch").returncode == 0
    assert not (tree.top / "scratch").exists()


def test_a_folder_of_marked_folders_only_is_makes_too(tree):
    # make results, then make vox1_kd: work/results was made first, and work for it.
    place = [tree.at / "examples/place.sh"]
    subprocess.run([*place, "own", tree.at / "work/results"], check=True)
    assert not (tree.at / f"work/{MARK}").exists()
    assert tree.make("work/.avkd-made").returncode == 0
    (tree.at / f"work/{MARK}").unlink()
    (tree.at / "work/mine").mkdir()
    assert "not removed" in refused(tree, "clean")


def test_a_link_stands_for_the_folder_it_points_at(tree):
    (tree.at / "link").symlink_to(tree.top / "a")
    assert "not removed" in refused(tree, "clean", "WORK=link")
    (tree.at / "work").symlink_to(tree.top / "scratch")
    assert tree.make("work/.avkd-made").returncode == 0
    assert (tree.top / f"scratch/{MARK}").exists()
    (tree.top / "scratch/link").symlink_to(tree.top / "b")
    assert tree.make("clean").returncode == 0
    assert not (tree.top / "scratch").exists()
    assert (tree.at / "work").is_symlink()
    assert (tree.top / "b/two").exists()


def test_two_lists_of_one_name_are_refused(still):
    words = ["PEOPLE=people.jsonl", "TRIALS=lists/t.txt more/t.txt"]
    for target in (["inputs"], ["vox1_kd"], ["-n", "vox1_kd"]):
        said = refused(still, *target, *words)
        assert "two trial lists have the name t: rename one" in said
        assert "overriding" not in said
    twice = still.make("-n", "inputs", "PEOPLE=people.jsonl", "TRIALS=lists/t.txt")
    assert (twice.returncode, twice.stderr) == (0, "")


def test_a_list_that_is_not_there_is_named(still):
    said = refused(still, "inputs", "PEOPLE=nobody.jsonl", "TRIALS=lists/t.txt")
    assert "nobody.jsonl: no such file" in said
    said = refused(still, "inputs", "PEOPLE=people.jsonl", "TRIALS=my lists/t.txt")
    assert "my: no such trial list" in said and "blanks part the lists" in said


def test_what_the_record_needs_is_looked_for_first(still):
    for target in ("results", "tune", "ideas"):
        said = refused(still, target, "DATA=nowhere")
        assert "nowhere/people171/people171.csv: no such file" in said
        said = refused(still, target, "MANIFEST=people.jsonl", "TRIALS=t.txt")
        assert "t.txt: no such trial list" in said
        said = refused(still, target, "MANIFEST=people.jsonl")
        assert "MANIFEST is given without TRIALS: give both" in said
        words = ["MANIFEST=people.jsonl", "TRIALS=lists/t.txt", "IMPORTED=audio:none.npz"]
        assert "none.npz: no such file" in refused(still, target, *words)


def test_what_a_target_does_not_need_does_not_stop_it(still):
    words = ["VOXCELEB1=/nowhere", "PEOPLE=nobody.jsonl"]
    assert still.make("help", *words).returncode == 0
    assert still.make("clean", *words).returncode == 0


def written(dry: subprocess.CompletedProcess) -> set[str]:
    """Return the files that the commands of a dry run name as written."""
    assert dry.returncode == 0, dry.stderr
    text = re.sub(r'echo "[^"]*"', "", dry.stdout)
    words = re.findall(r"(?:>|-o |--metrics |mkdir -p |(?<!-)own |(?:mv|cp) \S+ )([^\s&;]+)", text)
    return set(words) - {"/dev/null"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_all_that_a_system_writes_lies_in_its_folder(still, system):
    found = written(still.make("-n", system, "WORK=../out"))
    assert len(found) > 20
    assert [path for path in found if not re.match(r"\.\./out(/|$)", path)] == []


def test_the_same_of_a_list_of_ones_own(still):
    (still.at / "more/u.txt").touch()
    words = ["PEOPLE=people.jsonl", "TRIALS=lists/t.txt more/u.txt"]
    found = written(still.make("-n", "vox1_kd", "WORK=../out", *words))
    assert "../out/scores/audio.{list}.scores" in found
    assert [path for path in found if not re.match(r"\.\./out(/|$)", path)] == []


def test_another_torch_leaves_no_part_of_the_locks(still):
    dry = still.make("-n", "setup", "READY=.venv/.installed", "TORCH=torch>=2.14 --no-cache-dir")
    assert "pip install --quiet 'torch>=2.14' '--no-cache-dir'" in dry.stdout
    filtering = next(line for line in dry.stdout.splitlines() if line.startswith("awk"))
    command = filtering.partition(" >.venv")[0]
    kept = subprocess.run(
        ["bash", "-c", command], cwd=still.at, capture_output=True, text=True, check=True
    ).stdout
    names = set(re.findall(r"^([a-z0-9-]+)==", kept, re.MULTILINE))
    every = set(re.findall(r"^([a-z0-9-]+)==", (still.at / "requirements.lock").read_text(), re.M))
    gone = {"torch", "torchaudio", "triton"} | {n for n in every if re.match("cuda-|nvidia-", n)}
    assert every - names == gone
    assert kept.count("--hash=") > 1000
