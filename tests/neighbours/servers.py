"""What each server has to do: serve as one process and as several, and reload."""

from pathlib import Path
from typing import ClassVar

import pytest

from tests.neighbours.server import Command, check_process, check_reload, check_workers, served
from tests.neighbours.shop import AppClass, RecordLanes, make_shop


class ServerTests:
    """The tests of a server that is started by a command and given `module:app`.

    Attributes:
        START: the command, with `{port}`.
        VARIANTS: the arguments of each way to serve as one process.
        WORKERS: the arguments for two processes.
        RELOAD: the arguments for watching the sources.
    """

    START: ClassVar[Command]
    VARIANTS: ClassVar[tuple[Command, ...]]
    WORKERS: ClassVar[Command] = ("--workers", "2")
    RELOAD: ClassVar[Command] = ("--reload",)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "variant" in metafunc.fixturenames:
            metafunc.parametrize("variant", self.VARIANTS, ids=" ".join)

    def test_one_process_serves(
        self, app_class: AppClass, variant: Command, tmp_path: Path, record_lanes: RecordLanes
    ) -> None:
        app = f"tests.neighbours.served:{served(app_class)}"
        check_process((*self.START, *variant, app), app_class, tmp_path)
        record_lanes(make_shop(app_class))

    def test_several_workers_serve(self, tmp_path: Path) -> None:
        app = "tests.neighbours.served:fastdeps"
        check_workers((*self.START, *self.WORKERS, app), tmp_path)

    def test_a_changed_app_is_reloaded(self, tmp_path: Path) -> None:
        check_reload((*self.START, *self.RELOAD, "reloaded:app"), tmp_path)
