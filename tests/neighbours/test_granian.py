"""granian: one process, several workers, and reload."""

from tests.neighbours.servers import ServerTests


class TestGranian(ServerTests):
    START = ("granian", "--interface", "asgi", "--port", "{port}")
    VARIANTS = (("--loop", "asyncio"), ("--loop", "uvloop"))
