"""Starting, asking and ending the server processes."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

_ROOT = Path(__file__).parents[2]
_EXAMPLE = _ROOT / "docs" / "example"
_START_SECONDS = 30
_STOP_SECONDS = 5


class ServerError(Exception):
    """A server didn't start, or died."""


class Usage(NamedTuple):
    """What a server has used since it started."""

    hops: int
    cpu_seconds: float


@dataclass(frozen=True)
class RunningServer:
    name: str
    port: int
    process: Process
    errors: BinaryIO

    async def usage(self) -> Usage:
        """What it has used so far, when work that outlives its response is done as well."""
        before, now = None, await self._ask()
        while before is None or now.hops != before.hops:
            await asyncio.sleep(0.02)
            before, now = now, await self._ask()
        return now

    def failure(self, reason: str) -> ServerError:
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return ServerError("\n".join([f"The {self.name} server {reason}.", *lines[-20:]]))

    @contextmanager
    def blamed_for(self, request: str) -> Generator[None]:
        """A connection that fails or goes quiet is the server's failure."""
        try:
            yield
        except OSError as error:
            raise self.failure(f"did not answer {request} ({error!r})") from None

    async def read(self, failure: str) -> bytes:
        assert self.process.stdout
        line = await self.process.stdout.readline()
        if not line:
            raise self.failure(failure)
        return line

    async def _ask(self) -> Usage:
        assert self.process.stdin
        try:
            self.process.stdin.write(b"\n")
            await self.process.stdin.drain()
        except ConnectionError:
            raise self.failure("died") from None
        hops, cpu_seconds = (await self.read("died")).split()
        return Usage(int(hops), float(cpu_seconds))


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
            env={
                **os.environ,
                "CATALOGUE_DATABASE": str(database),
                "PYTHONPATH": os.pathsep.join((str(_EXAMPLE), os.environ.get("PYTHONPATH", ""))),
            },
            # Ctrl-C is for the demo alone, which then ends its servers itself.
            start_new_session=True,
        )
        try:
            starting = RunningServer(name, 0, process, errors)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    port = int(await starting.read("did not start"))
            except TimeoutError:
                raise starting.failure(f"did not start in {_START_SECONDS} s") from None
            yield RunningServer(name, port, process, errors)
        finally:
            await _end(process)


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
