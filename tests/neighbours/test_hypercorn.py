"""hypercorn: one process, several workers, and reload."""

from pathlib import Path

import pytest

from tests.neighbours.server import check_process, check_reload, check_workers, served
from tests.neighbours.shop import AppClass, RecordLanes, make_shop

START = ("hypercorn", "--bind", "127.0.0.1:{port}")


@pytest.mark.parametrize("worker", ["asyncio", "uvloop", "trio"])
def test_one_process_serves(
    app_class: AppClass, worker: str, tmp_path: Path, record_lanes: RecordLanes
) -> None:
    app = f"tests.neighbours.served:{served(app_class)}"
    check_process((*START, "--worker-class", worker, app), app_class, tmp_path)
    record_lanes(make_shop(app_class))


def test_several_workers_serve(tmp_path: Path) -> None:
    check_workers((*START, "--workers", "2", "tests.neighbours.served:fastdeps"), tmp_path)


def test_a_changed_app_is_reloaded(tmp_path: Path) -> None:
    check_reload((*START, "--reload", "reloaded:app"), tmp_path)
