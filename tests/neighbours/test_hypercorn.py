"""hypercorn: one process, several workers, and reload."""

from tests.neighbours.servers import ServerTests


class TestHypercorn(ServerTests):
    START = ("hypercorn", "--bind", "127.0.0.1:{port}")
    VARIANTS = tuple(("--worker-class", worker) for worker in ("asyncio", "uvloop", "trio"))
