"""Starting, asking and ending the server processes."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 30
_STOP_SECONDS = 5


class ServerError(Exception):
    """A server didn't start, or died."""


@dataclass(frozen=True)
class RunningServer:
    name: str
    port: int
    process: Process
    errors: BinaryIO

    async def hops(self) -> int:
        """How many thread hops the server has made; all of a request's, work after it too."""
        before, now = -1, await self._ask()
        while now != before:
            await asyncio.sleep(0.02)
            before, now = now, await self._ask()
        return now

    def failure(self, reason: str) -> ServerError:
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return ServerError("\n".join([f"The {self.name} server {reason}.", *lines[-20:]]))

    async def _ask(self) -> int:
        assert self.process.stdin
        try:
            self.process.stdin.write(b"\n")
            await self.process.stdin.drain()
        except ConnectionError:
            raise self.failure("died") from None
        return await self.read_number("died")

    async def read_number(self, failure: str) -> int:
        assert self.process.stdout
        line = await self.process.stdout.readline()
        if not line:
            raise self.failure(failure)
        return int(line)


@asynccontextmanager
async def serving(name: str, app: str, database: Path) -> AsyncGenerator[RunningServer]:
    """A server for `app` on a free port of this machine, ended with the block."""
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.demo.server",
            app,
            stdin=PIPE,
            stdout=PIPE,
            stderr=errors,
            cwd=_ROOT,
            env={**os.environ, "CATALOGUE_DATABASE": str(database)},
            # Ctrl-C is for the demo alone, which then ends its servers itself.
            start_new_session=True,
        )
        try:
            starting = RunningServer(name, 0, process, errors)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    port = await starting.read_number("did not start")
            except TimeoutError:
                raise starting.failure(f"did not start in {_START_SECONDS} s") from None
            yield RunningServer(name, port, process, errors)
        finally:
            await _end(process)


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
