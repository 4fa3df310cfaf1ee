"""The demo's driver, with next to no load: what it prints and how it ends, not how fast."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.demo.__main__ import main
from benchmarks.demo.client import UnexpectedResponseError, drive, fetch, request
from benchmarks.demo.process import RunningServer, ServerError, serving
from tests.harness.commands import REPOSITORY

STOCK = "benchmarks.demo.stock:app"


def test_the_demo_compares_both_apps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rounds", "1", "--seconds", "0.05", "--connections", "4"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("FastDepsAPI") == 8
    assert "FastDepsAPI  120 answered; " in printed
    assert "the same status" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    async def start() -> None:
        async with serving("broken", "benchmarks.missing:app", tmp_path / "x.sqlite3"):
            pass

    with pytest.raises(ServerError, match=r"(?s)broken server did not start.*benchmarks\.missing"):
        asyncio.run(start())


def test_a_server_that_dies_and_one_that_refuses_are_reported(tmp_path: Path) -> None:
    async def use(server: RunningServer) -> None:
        with pytest.raises(UnexpectedResponseError, match="401 Unauthorized"):
            await drive(
                server.port,
                iter([request("GET", "/me", key=None)]),
                status=200,
                connections=1,
                seconds=0.01,
            )
        assert (await fetch(server.port, request("GET", "/me"))).status == 200
        server.process.kill()
        await server.process.wait()
        with pytest.raises(ServerError, match="stock server died"):
            await server.usage()

    async def start() -> None:
        async with serving("stock", STOCK, tmp_path / "x.sqlite3") as server:
            await use(server)

    asyncio.run(start())


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_ends_the_demo_and_its_servers(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.demo"],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A background job of a shell inherits that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert demo.stdout is not None
    # The first line is printed when the servers are up; their files go when they are down.
    demo.stdout.readline()
    demo.send_signal(signal.SIGINT)
    _, errors = demo.communicate(timeout=90)
    assert (demo.returncode, errors) == (130, "Stopped.\n")
    assert list(tmp_path.iterdir()) == []
