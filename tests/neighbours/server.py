"""Start a real server in a process of its own, and judge it by its answers."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from fastapi_fastdeps import FastDepsAPI
from tests.harness.commands import REPOSITORY
from tests.neighbours.shop import AppClass, check_answers, on_loop

SERVED = Path(__file__).with_name("served.py")
PATIENCE = 60.0

Command = Sequence[str]
"""A program that is installed beside this interpreter, and its arguments, with `{port}`."""


def served(app_class: AppClass) -> str:
    """The name of the app in `tests.neighbours.served`."""
    return "stock" if app_class is FastAPI else "fastdeps"


def check_process(command: Command, app_class: AppClass, directory: Path) -> None:
    """The shop answers through the server, streams included."""
    with _serving(command, directory) as client:
        check_answers(client, app_class)
        for path, place in (("inline", on_loop(app_class)), ("threaded", "thread")):
            lines = client.get(f"/stream/{path}").text.split()
            assert lines == [f'"{place}"'] * 3


def check_workers(command: Command, directory: Path) -> None:
    """More than one process answers."""
    processes: set[int] = set()

    def several() -> bool:
        processes.add(_get(client, "/process"))
        return len(processes - {None}) > 1

    with _serving(command, directory) as client:
        assert _eventually(several)
        check_answers(client, FastDepsAPI)


RELOADED_APP = """
from fastapi_fastdeps import FastDepsAPI, inline
from tests.neighbours.shop import add_routes

app = FastDepsAPI()
add_routes(app)


@app.get("/version")
@inline
def version() -> int:
    return {version}
"""


def check_reload(command: Command, directory: Path) -> None:
    """A change of `reloaded.py` is served, and everything still runs in its place."""
    sources = directory / "sources"
    sources.mkdir()
    file = sources / "reloaded.py"
    file.write_text(RELOADED_APP.format(version=1))
    with _serving(command, directory, sources) as client:
        assert _eventually(lambda: _get(client, "/version") == 1)
        # Some reloaders compare times of modification in whole seconds.
        time.sleep(1.1)
        file.write_text(RELOADED_APP.format(version=2))
        assert _eventually(lambda: _get(client, "/version") == 2)
        check_answers(client, FastDepsAPI)


@contextmanager
def _serving(
    command: Command, directory: Path, sources: Path = REPOSITORY
) -> Iterator[httpx.Client]:
    """A client of the server that this command starts, once it answers."""
    port = free_port()
    program, *arguments = [part.format(port=port) for part in command]
    log = directory / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name(program), *arguments],
            cwd=sources,
            env=os.environ
            | {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
            | {"PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        # A new connection for each request, so that several workers get their share.
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", limits=limits, timeout=10) as client:
            _eventually(lambda: process.poll() is not None or _get(client, "/inline"))
            assert _get(client, "/inline"), log.read_text()
            yield client
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _eventually(condition: Callable[[], Any]) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def _get(client: httpx.Client, path: str) -> Any:
    try:
        answer = client.get(path)
    except httpx.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None
