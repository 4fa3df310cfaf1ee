"""`fastapi run` and `fastapi dev`: the app is found, several workers serve, changes reload."""

from pathlib import Path

import pytest

from tests.neighbours.server import SERVED, check_process, check_reload, check_workers, served
from tests.neighbours.shop import AppClass, RecordLanes, make_shop

ADDRESS = ("--host", "127.0.0.1", "--port", "{port}")


@pytest.mark.parametrize("command", ["run", "dev"])
def test_one_process_serves(
    app_class: AppClass, command: str, tmp_path: Path, record_lanes: RecordLanes
) -> None:
    app = ("--app", served(app_class), str(SERVED))
    check_process(("fastapi", command, *ADDRESS, "--no-reload", *app), app_class, tmp_path)
    record_lanes(make_shop(app_class))


def test_several_workers_serve(tmp_path: Path) -> None:
    app = ("--app", "fastdeps", str(SERVED))
    check_workers(("fastapi", "run", *ADDRESS, "--workers", "2", *app), tmp_path)


def test_the_app_is_found_and_its_change_is_reloaded(tmp_path: Path) -> None:
    check_reload(("fastapi", "dev", *ADDRESS, "reloaded.py"), tmp_path)
