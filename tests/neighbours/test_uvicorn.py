"""uvicorn: one process, several workers, and reload."""

from tests.neighbours.servers import ServerTests


class TestUvicorn(ServerTests):
    START = ("uvicorn", "--port", "{port}")
    VARIANTS = (("--loop", "asyncio"), ("--loop", "uvloop"))
