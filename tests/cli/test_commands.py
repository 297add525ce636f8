"""What holds for every command: help with an example, sentences for errors, and a demo that destroys nothing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from aggregator.cli import listing, program
from tests.cli.conftest import Command

COMMANDS = [
    ("run",),
    ("poll",),
    ("check",),
    ("parse",),
    ("demo",),
    ("digest", "preview"),
    ("digest", "send"),
    ("digest", "list"),
    ("digest", "show"),
    ("doctor",),
    ("worker",),
    ("export",),
    ("db", "verify"),
    ("db", "upgrade"),
    ("db", "check"),
    ("db", "backup"),
    ("db", "restore"),
    ("db", "prune"),
    ("db", "copy"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_explains_a_command_with_an_example(command: Command, words: tuple[str, ...]) -> None:
    done = command(*words, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"aggregator {' '.join(words)}" in done.out.partition("Example: ")[2]


def test_help_lists_every_command(command: Command) -> None:
    done = command("--help")
    assert done.code == 0
    assert all(words[0] in done.out for words in COMMANDS)


@pytest.mark.parametrize("name", listing.COMMANDS)
def test_the_list_of_commands_says_what_they_say(name: str) -> None:
    whole: Any = get_command(program([name]))
    said = whole.commands[name].help
    assert said.replace("\n", " ").startswith(listing.COMMANDS[name][1])


def test_help_and_version_load_neither_commands_nor_what_reads_the_command_line() -> None:
    for word in ("--help", "--version"):
        code = f"import sys; sys.argv = ['aggregator', '{word}']; import aggregator.cli as cli; import atexit; "
        code += "atexit.register(lambda: print(sorted({'typer', 'pydantic', 'sqlalchemy'} & sys.modules.keys()))); cli.main()"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert told.splitlines()[-1] == "[]"


def test_a_command_that_does_not_exist_is_wrong_use(command: Command) -> None:
    done = command("pol")
    assert (done.code, done.out) == (2, "")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    (tmp_path / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(("name", "words"), [("mine", "holds files that no demo made"), ("mine/thesis.txt", "cannot be emptied")])
def test_the_demo_refuses_a_folder_with_files_of_others(command: Command, foreign: Path, name: str, words: str) -> None:
    done = command("demo", "--folder", name)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"{name} {words}")
    assert [path.name for path in foreign.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(("topics", "words"), [("nowhere.yaml", "No such file"), ("latin.yaml", "not UTF-8")])
def test_the_demo_without_topics_says_so_before_it_empties_anything(command: Command, tmp_path: Path, topics: str, words: str) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / ".demo").touch()
    (tmp_path / "old" / "digest.html").touch()
    done = command("demo", "--folder", "old", "--topics", topics)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"{topics} cannot be read ({words}")
    assert (tmp_path / "old" / "digest.html").exists()
