"""`fastdeps migrate`: what is changed, and that nothing else is."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fastapi_fastdeps._cli.commands import command
from fastapi_fastdeps._cli.migrating import migrated


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from fastapi import Depends, FastAPI\n\napp = FastAPI(title='x')  # mine\n",
            "from fastapi import Depends\nfrom fastapi_fastdeps import FastDepsAPI\n\n"
            "app = FastDepsAPI(title='x')  # mine\n",
        ),
        (
            "from fastapi import APIRouter, FastAPI as App\nr: APIRouter = APIRouter()\n"
            "a = App()\n",
            "from fastapi_fastdeps import FastDepsRouter, FastDepsAPI as App\n"
            "r: FastDepsRouter = FastDepsRouter()\na = App()\n",
        ),
        (
            "from fastapi import FastAPI\nimport fastapi\n"
            "x = fastapi.FastAPI\ny = FastAPI(FastAPI=1)\n",
            "from fastapi_fastdeps import FastDepsAPI\nimport fastapi\n"
            "x = fastapi.FastAPI\ny = FastDepsAPI(FastAPI=1)\n",
        ),
        (
            "from fastapi_async_safe import async_safe, AsyncSafeMixin, async_unsafe, init_app\n"
            "@async_safe\nclass A(AsyncSafeMixin): ...\n@async_unsafe\n"
            "def f(): ...\ninit_app(app)\n",
            "from fastapi_fastdeps import inline, InlineMixin, threaded\n"
            "@inline\nclass A(InlineMixin): ...\n@threaded\ndef f(): ...\n",
        ),
        (
            "from fastapi_cache_di import loop_safe, patch_fastapi_run_in_threadpool\n"
            "patch_fastapi_run_in_threadpool()\n@loop_safe\ndef f(): ...\n",
            "from fastapi_fastdeps import inline\n@inline\ndef f(): ...\n",
        ),
        (
            "from fastapi import Depends\nFastAPI = 1\n",
            "from fastapi import Depends\nFastAPI = 1\n",
        ),
    ],
)
def test_names_are_replaced_and_nothing_else(before: str, after: str) -> None:
    assert migrated(before) == after
    assert migrated(after) == after


def test_nothing_is_written_before_the_diff_was_agreed_to(tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    file.write_bytes(b"from fastapi import FastAPI\r\napp = FastAPI()\r\n")
    run = CliRunner().invoke
    shown = run(command, ["migrate", str(file)], input="n\n")
    assert "+app = FastDepsAPI()" in shown.stdout
    assert file.read_bytes() == b"from fastapi import FastAPI\r\napp = FastAPI()\r\n"
    assert run(command, ["migrate", str(file), "--diff"]).exit_code == 0
    assert b"FastDepsAPI" not in file.read_bytes()
    run(command, ["migrate", str(file)], input="y\n")
    assert file.read_bytes() == (
        b"from fastapi_fastdeps import FastDepsAPI\r\napp = FastDepsAPI()\r\n"
    )


@pytest.mark.parametrize("text", [None, "def"])
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "main.py"
    if text is not None:
        file.write_text(text)
    result = CliRunner().invoke(command, ["migrate", str(file)])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
