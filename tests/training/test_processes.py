import subprocess
import sys
import textwrap

import pytest

from avkd_cli.errors import TemporaryError
from avkd_cli.training import processes


def test_the_exit_code_of_a_failing_process_is_ours(monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["avkd", "score", "nowhere.txt", "nowhere.zarr"])
    assert processes.launch(2) == 66
    assert capfd.readouterr().err.count("error: ") == 1  # said once, not by each


def test_a_help_page_in_two_processes_ends_well(monkeypatch, capfd):
    monkeypatch.setattr(sys, "argv", ["avkd", "--help"])
    assert processes.launch(2) == 0
    assert capfd.readouterr().out.count("Usage: avkd") == 2


def test_each_process_is_told_its_rank_and_a_common_port(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    made = [processes.environment(i, 2, 1234) for i in range(2)]
    assert [e["RANK"] for e in made] == ["0", "1"]
    assert {e["WORLD_SIZE"] for e in made} == {"2"}
    assert {(e["MASTER_ADDR"], e["MASTER_PORT"]) for e in made} == {("127.0.0.1", "1234")}


@pytest.mark.parametrize("place", [0, 1])
def test_a_process_that_is_killed_is_worth_another_try(monkeypatch, place):
    def kill_one(children):
        children[place].kill()
        return [child.wait() for child in children].index(-9)

    monkeypatch.setattr(sys, "argv", ["avkd", "--help"])
    monkeypatch.setattr(processes, "wait", kill_one)
    with pytest.raises(TemporaryError, match=f"process {place} of 2 was ended by SIGKILL"):
        processes.launch(2)


def test_a_lost_process_that_the_first_has_told_of_is_not_told_again(monkeypatch):
    class Child:
        def __init__(self, returncode):
            self.returncode = returncode

    codes = iter([75, -9])
    monkeypatch.setattr(processes.subprocess, "Popen", lambda *_, **__: Child(next(codes)))
    monkeypatch.setattr(processes, "wait", lambda children: 1)
    assert processes.launch(2) == 75


@pytest.mark.slow
def test_when_one_process_fails_the_others_are_ended():
    """A process that waits for ever is stopped once another has failed."""
    code = textwrap.dedent(
        """
        import subprocess, sys, time
        from avkd_cli.training import processes
        children = [
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]),
            subprocess.Popen([sys.executable, "-c", "raise SystemExit(65)"]),
        ]
        processes.PATIENCE = 0.2
        sys.exit(children[processes.wait(children)].returncode)
        """
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 65
