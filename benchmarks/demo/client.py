"""An HTTP/1.1 client that costs less than the servers it drives."""

import asyncio
import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import cast

KEY = "editor-key"
PATIENCE_SECONDS = 20
"""How long a server may take for a response."""


@dataclass(frozen=True, slots=True)
class Response:
    head: bytes
    body: bytes
    seconds: float

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    @property
    def headers(self) -> list[bytes]:
        """The header lines, but for the one that tells the time."""
        lines = self.head.split(b"\r\n")[1:]
        return sorted(line for line in lines if not line.lower().startswith(b"date:"))


class UnexpectedResponseError(Exception):
    """A server answered, but not as it should."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"Unexpected response:\n{response.head.decode()}\n{response.body[:500]!r}")


@dataclass
class Load:
    """What came of one load."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])
    client_cpu: float = 0.0


Script = Generator[bytes, Response, None]
"""What to send on a connection: yields requests, is sent their responses."""


def request(method: str, path: str, body: object = None, key: str | None = KEY) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: demo", "accept: */*"]
    if key is not None:
        lines.append(f"authorization: Bearer {key}")
    if content:
        lines += ["content-type: application/json", f"content-length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def fetch(port: int, data: bytes) -> Response:
    """The response to one request."""
    responses: list[Response] = []

    def once() -> Script:
        responses.append((yield data))

    async with asyncio.timeout(PATIENCE_SECONDS):
        await _play(port, once())
    return responses[0]


async def drive(
    port: int, requests: Iterator[bytes], *, status: int, connections: int, seconds: float
) -> Load:
    """Keep `connections` busy for `seconds`, each with one request after another."""
    load = Load()
    cpu, start = time.process_time(), time.perf_counter()
    deadline = start + seconds

    def until_deadline() -> Script:
        while True:
            response = yield next(requests)
            if response.status != status:
                raise UnexpectedResponseError(response)
            load.latencies.append(response.seconds)
            if time.perf_counter() >= deadline:
                return

    try:
        async with asyncio.timeout(seconds + PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
            for _ in range(connections):
                tasks.create_task(_play(port, until_deadline()))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    load.seconds = time.perf_counter() - start
    load.client_cpu = time.process_time() - cpu
    return load


async def _play(port: int, script: Script) -> None:
    loop = asyncio.get_running_loop()
    transport, connection = await loop.create_connection(
        lambda: _Connection(script, loop.create_future()), "127.0.0.1", port
    )
    try:
        await connection.done
    finally:
        transport.close()


class _Connection(asyncio.Protocol):
    """A protocol, for nothing then stands between a response and the next request."""

    def __init__(self, script: Script, done: asyncio.Future[None]) -> None:
        self.done = done
        self._script = script
        self._received = b""
        self._sent = 0.0
        self._write: Callable[[bytes], None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, for uvloop's transports don't inherit from it.
        self._write = cast("asyncio.Transport", transport).write
        self._send_next(lambda: next(self._script))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        self._received = b""
        response = Response(head, body, time.perf_counter() - self._sent)
        self._send_next(lambda: self._script.send(response))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("The server hung up"))

    def _send_next(self, step: Callable[[], bytes]) -> None:
        if self.done.done():
            # What arrives after Ctrl-C is no longer waited for.
            return
        try:
            data = step()
        except StopIteration:
            self.done.set_result(None)
        except Exception as error:
            self.done.set_exception(error)
        else:
            self._sent = time.perf_counter()
            self._write(data)


def _content_length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0] or 0)
