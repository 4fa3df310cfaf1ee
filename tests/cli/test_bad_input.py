"""What can't be done, of every command: one line on stderr, nothing on stdout, exit code 2."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fastapi_fastdeps._cli.commands import command

APP = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def read(): ...\n"
OURS = APP.replace("from fastapi import", "from fastapi_fastdeps import").replace(
    "FastAPI", "FastDepsAPI"
)

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("FASTDEPS_TRY", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    before = set(sys.modules)

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["fastdeps", *arguments])
        return CliRunner().invoke(command, arguments)

    yield run
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def assert_one_line(result: Result, message: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith(f"fastdeps: {message}"), result.stderr
    assert result.stderr.count("\n") == 1


def make_unreadable(file: Path) -> None:
    file.chmod(0)
    if os.access(file, os.R_OK):  # Nothing is unreadable for root but what no one can read.
        file.unlink()
        file.symlink_to("/proc/self/mem")
        if not file.exists():
            pytest.skip("nothing here is unreadable")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Files that can't be what is asked for."""
    for name, text in {
        "empty": "",
        "syntax": "x = (",
        "other": "x = 1\ny = None\n",
        "absent": "import nothing_there\n",
        "deep": "from absent import x\n",
        "fails": "raise ValueError('of\\nmany lines.')\n",
        "silent": "raise ValueError()\n",
        "exits": "raise SystemExit(3)\n",
        "base": "raise BaseException('base')\n",
        "cancelled": "import asyncio\nraise asyncio.CancelledError\n",
        "lazy": "def __getattr__(name):\n    raise ImportError(name)\n",
        "prints": "print('said')\nraise ValueError('after that')\n",
        "marked": "from fastapi_fastdeps import *\n@inline\n@threaded\ndef f(): ...\n"
        "app = FastDepsAPI()\napp.get('/')(f)\n",
        "unreadable": APP,
    }.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff\xfe'\n")
    (tmp_path / "nulls.py").write_bytes(b"x = 1\0\n")
    (tmp_path / "text.txt").write_text("no Python")
    (tmp_path / "folder").mkdir()
    make_unreadable(tmp_path / "unreadable.py")
    return tmp_path


NO_APP = {
    (): "There is no app here: none of main.py, ",
    ("missing.py",): "There is no file missing.py.",
    ("missing/main.py",): "There is no file missing/main.py.",
    ("missing.py:app",): "There is no file missing.py.",
    ("missing:app",): "missing can't be imported: ModuleNotFoundError: No module named 'missing'.",
    (":app",): "",
    ("..x:app",): "",
    ("folder",): "folder is a directory: name the file that has the app.",
    ("text.txt",): "text can't be imported: ModuleNotFoundError: No module named 'text'.",
    ("empty.py",): "There is no FastAPI app in empty. Name it, as module:app.",
    ("empty:app",): "There is no app in empty.",
    ("other:x",): "x in other is no FastAPI app.",
    ("other.py:x",): "x in other is no FastAPI app.",
    ("other:x.y.z",): "There is no x.y.z in other.",
    ("lazy",): "There is no FastAPI app in lazy.",
    ("lazy:app",): "There is no app in lazy.",
    ("syntax.py",): "syntax can't be imported: '(' was never closed (",
    ("nulls.py",): "nulls can't be imported: source code ",
    ("bytes.py",): "bytes can't be imported: (unicode error) 'utf-8' codec can't decode",
    ("absent.py",): "absent can't be imported: ModuleNotFoundError: No module named 'nothing",
    ("deep.py",): "deep can't be imported: ModuleNotFoundError: No module named 'nothing_there' (",
    ("fails.py",): "fails can't be imported: ValueError: of (",
    ("silent.py",): "silent can't be imported: ValueError (",
    ("exits.py",): "exits can't be imported: SystemExit: 3 (",
    ("base.py",): "base can't be imported: BaseException: base (",
    ("cancelled.py",): "cancelled can't be imported: CancelledError (",
    ("prints.py",): "prints can't be imported: ValueError: after that (",
    ("marked.py",): "marked can't be imported: MarkerError: 'f'",
    ("unreadable:app",): "unreadable can't be imported: ",
}


SOME = [(), ("missing.py",), ("syntax.py",), ("base.py",), ("prints.py",), ("other:x",)]
"""`try` finds an app as the others do, in a process that takes its time."""


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, given) for name in ("explain", "check") for given in NO_APP]
    + [("try", given) for given in SOME],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
@pytest.mark.usefixtures("project")
def test_where_there_is_no_app(run: Run, name: str, given: tuple[str, ...]) -> None:
    result = run(name, *(["--python", sys.executable] if name == "try" else []), *given)
    if given == ("prints.py",) and name != "try":
        assert result.stderr.startswith("said\n")
        result.stderr_bytes = result.stderr_bytes.removeprefix(b"said\n")
    assert_one_line(result, NO_APP[given])


@pytest.mark.parametrize("name", ["explain", "check"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[tool", "pyproject.toml can't be read: "),
        (b"\xff", "pyproject.toml can't be read: "),
        (b"tool = 1", "There is no app here"),
        (b"[tool]\nfastapi = 1", "There is no app here"),
        (b"[tool.fastapi]\nentrypoint = 1", "There is no app here"),
        (b"[tool.fastapi]\nentrypoint = 'gone:app'", "gone can't be imported: ModuleNotFoundError"),
    ],
)
def test_where_the_project_says_nothing_of_use(
    run: Run, tmp_path: Path, name: str, text: bytes, message: str
) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text)
    assert_one_line(run(name), message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["explain", "--format", "xml"], "Invalid value for '--format': "),
        (["explain", "--nonsense"], "No such option: --nonsense"),
        (["explain", "main.py", "main.py"], "Got unexpected extra argument"),
        (["explain", "--route"], "Option '--route' requires an argument."),
        (["explain", "--route", "/nowhere"], "No route has '/nowhere' in its path."),
        (["check", "--format", "table"], "Invalid value for '--format': "),
        (["check", "--ignore", "FD999"], "There is no code FD999."),
        (["check", "--update"], "Name the file that --update writes, by --expect."),
        (["check", "--expect", "gone.json"], "gone.json can't be read: No such file"),
        (["check", "--expect", "folder"], "folder can't be read: Is a directory"),
        (["check", "--expect", "main.py"], "main.py can't be read: it does not say"),
        (["check", "--expect", "bytes.py"], "bytes.py can't be read: it does not say"),
        (["check", "--expect", "list.json"], "list.json can't be read: it does not say"),
        (["check", "--expect", "gone/x.json", "--update"], "gone/x.json can't be written: No such"),
        (["try", "--mode", "fast"], "There is no mode fast: unmarked, harmless or inline."),
        (["try", "--start", "soon"], "Invalid value for '--start': "),
        (["try", "--start", "-1"], "Invalid value for '--start': "),
        (["try", "--python", "no-python"], "There is no interpreter no-python."),
        (["try", "--python", "folder"], "There is no interpreter folder."),
        (["try", "--python", "./nothing"], "./nothing can't be run: Exec format error."),
        (["try", "--python", "false"], "The process of the app has ended with exit code 1."),
        (["try", "-H", "nonsense"], "'nonsense' is no header: write Name: value."),
        (["try", "main:app", "items"], "items is no path: it does not begin with /."),
        (["try", "ours.py", "/"], "The app is a FastDepsAPI already: there is nothing to try."),
        (["try", "fails_to_start.py", "/"], "The app does not start: ValueError: no database."),
        (["try", "no_paths.py"], "Name a path: no GET route goes without a parameter"),
        (["try", "--"], "Name a command after --, such as pytest."),
        (["try", "--", "no-command"], "There is no command no-command."),
        (["try", "--", "./nothing"], "./nothing can't be run: Exec format error."),
        (["migrate", "--nonsense"], "No such option: --nonsense"),
        (["migrate", "gone.py"], "There is no file gone.py."),
        (["migrate", "gone"], "There is no file gone."),
        (["migrate", "syntax.py"], "syntax.py:1 can't be read: it is no Python."),
        (["migrate", "bytes.py"], "bytes.py can't be read: "),
        (["migrate", "nulls.py"], "nulls.py"),
        (["migrate", "unreadable.py"], "unreadable.py can't be read: "),
        (["profile"], "Name a command after --, such as pytest."),
        (["profile", "pytest"], "Name a command after --, such as pytest."),
        (["profile", "--"], "Name a command after --, such as pytest."),
        (["profile", "--", "no-command"], "There is no command no-command."),
        (["profile", "--", "./nothing"], "./nothing can't be run: Exec format error."),
        (["profile", "--", "./folder"], "There is no command ./folder."),
        (["profile", "--", "true"], "No process of true has served a request of a FastAPI app"),
        (["profile", "--format", "html", "--", "true"], "Invalid value for '--format': "),
        (["profile", "--calls", "0", "--", "true"], "Invalid value for '--calls': "),
        (["profile", "--inline-below", "x", "--", "true"], "Invalid value for '--inline-below'"),
        (["profile", "--python", "no-python", "--", "true"], "There is no interpreter no-python."),
        (["profile", "--write", "gone/x.toml", "--", "true"], "There is no folder gone."),
        (["profile", "--write", "folder", "--", "true"], "folder"),
        (["profile", "--write", "syntax.py", "--", "true"], "syntax.py"),
        (["profile", "--write", "bytes.py", "--", "true"], "bytes.py"),
        (["profile", "--write", "list.toml", "--", "true"], "list.toml"),
        (["nonsense"], "No such command 'nonsense'."),
        (["--nonsense"], "No such option: --nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_asked_for_wrongly(
    run: Run, project: Path, arguments: list[str], message: str
) -> None:
    (project / "main.py").write_text(APP)
    (project / "ours.py").write_text(OURS)
    (project / "no_paths.py").write_text(APP.replace("'/'", "'/{item}'"))
    (project / "fails_to_start.py").write_text(
        f"{APP}def lifespan(app):\n    raise ValueError('no database')\n"
        "app = FastAPI(lifespan=lifespan)\n"
    )
    (project / "list.json").write_text("[]")
    (project / "list.toml").write_text("x = []")
    (project / "nothing").write_bytes(b"\0")
    (project / "nothing").chmod(0o755)
    if arguments[0] == "try" and "--python" not in arguments:
        arguments = ["try", "--python", sys.executable, *arguments[1:]]
    assert_one_line(run(*arguments), message)


def test_a_file_that_says_nothing_is_left_when_a_folder_is_migrated(
    run: Run, project: Path
) -> None:
    (project / "main.py").write_text(APP)
    result = run("migrate", "--yes", ".")
    assert result.exit_code == 0, result.output
    assert "FastDepsAPI()" in (project / "main.py").read_text()
    left = [line.split(" ")[1] for line in result.stderr.splitlines()]
    assert left == ["bytes.py", "nulls.py:1", "syntax.py:1", "unreadable.py"]


def test_a_file_that_cannot_be_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.py").write_text(APP)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    result = run("migrate", "--yes")
    assert result.exit_code == 2
    assert result.stderr == "fastdeps: main.py can't be written: Permission denied.\n"


def test_no_command_shows_them_all(run: Run) -> None:
    result = run()
    assert result.exit_code == 2
    for name in ("explain", "check", "try", "migrate", "profile"):
        assert name in result.output
