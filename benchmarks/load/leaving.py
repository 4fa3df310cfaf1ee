"""Clients that ask and are gone, most of them before they are answered."""

import asyncio
import random
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress

_RESET = struct.pack("ii", 1, 0)


async def leave_again_and_again(
    port: int, paths: Sequence[str], seconds: float, clients: int = 30
) -> int:
    """Have so many clients do so for some seconds. How many connections they have left."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    left = 0
    async with asyncio.TaskGroup() as tasks:

        async def client(rng: random.Random) -> None:
            nonlocal left
            while loop.time() < until:
                with suppress(OSError):
                    await _ask_and_leave(port, rng.choice(paths), rng)
                    left += 1

        for number in range(clients):
            tasks.create_task(client(random.Random(number)))
    return left


async def _ask_and_leave(port: int, path: str, rng: random.Random) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: t\r\n\r\n".encode())
        await writer.drain()
        with suppress(TimeoutError):
            async with asyncio.timeout(rng.uniform(0, 0.5)):
                await reader.read(1)
        if rng.random() < 0.5:
            # The server is told by a reset, not by an end.
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    finally:
        writer.close()
    await asyncio.sleep(rng.uniform(0, 0.02))
