"""The server process of the demo: uvicorn, its thread hops counted.

It prints its port when it serves, answers every line on stdin with the hops and the seconds
of CPU so far, and leaves when stdin ends: it never outlives the demo, however that ended.
"""

import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn

from benchmarks.threads import each_hop


class Hops:
    """Counts them, and keeps none of the functions."""

    def __init__(self) -> None:
        self.count = 0

    def note(self, _function: Callable[..., Any]) -> None:
        self.count += 1


class AnnouncingServer(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            port = self.servers[0].sockets[0].getsockname()[1]
            print(port, flush=True)


def main(app: str) -> None:
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        loop="asyncio" if sys.platform == "win32" else "uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
    server = AnnouncingServer(config)
    hops = Hops()
    with each_hop(hops.note):
        threading.Thread(target=_answer, args=(server, hops), daemon=True).start()
        server.run()


def _answer(server: uvicorn.Server, hops: Hops) -> None:
    for _ in sys.stdin:
        print(hops.count, time.process_time(), flush=True)
    server.should_exit = True


if __name__ == "__main__":
    main(sys.argv[1])
