"""gunicorn, with uvicorn's worker and its own: one process, several workers, and reload."""

from tests.neighbours.servers import ServerTests

UVICORN = ("--worker-class", "uvicorn_worker.UvicornWorker")
OWN = ("--worker-class", "asgi")


class TestGunicorn(ServerTests):
    START = ("gunicorn", "--bind", "127.0.0.1:{port}")
    VARIANTS = (UVICORN, OWN)
    WORKERS = (*UVICORN, "--workers", "2")
    RELOAD = (*OWN, "--reload")
