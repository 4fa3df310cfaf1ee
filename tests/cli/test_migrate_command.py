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
            "from fastapi import APIRouter\n"
            "from fastapi_fastdeps import FastDepsAPI as App, FastDepsRouter\n"
            "r: APIRouter = FastDepsRouter()\na = App()\n",
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
            "from fastapi_async_safe import async_safe, init_app\nif x:\n    init_app(app)\n"
            "@async_safe\nclass A: ...\ninit_app(app)\n",
            "from fastapi_fastdeps import inline\nif x:\n    pass\n@inline\nclass A: ...\n",
        ),
        *(
            (
                f"from fastapi_async_safe import async_safe, init_app\n{use}\n"
                "@async_safe\nclass A: ...\ninit_app(app)\n",
                "from fastapi_async_safe import init_app\nfrom fastapi_fastdeps import inline\n"
                f"{use}\n@inline\nclass A: ...\ninit_app(app)\n",
            )
            for use in (
                "set_up = init_app",
                "made = init_app(app)",
                "init_app(app); run(app)",
                "init_app(app) or run(app)",
                "run(init_app(app))",
                "__all__ = ['init_app']",
            )
        ),
        (
            "from fastapi_cache_di import loop_safe, patch_fastapi_run_in_threadpool\n"
            "patch_fastapi_run_in_threadpool()\n@loop_safe\ndef f(): ...\n",
            "from fastapi_fastdeps import inline\n@inline\ndef f(): ...\n",
        ),
        (
            "from fastapi import APIRouter  # noqa: I001\nfrom . import (\n    admin,\n)\n"
            "from .users import *\nfrom os import *\nrouter = APIRouter()\n",
            "from fastapi_fastdeps import FastDepsRouter  # noqa: I001\nfrom . import (\n"
            "    admin,\n)\nfrom .users import *\nfrom os import *\nrouter = FastDepsRouter()\n",
        ),
        (
            "import fastapi as f\nimport fastapi.routing\nx = f.FastAPI(), f.FastAPI\n"
            "y: f.APIRouter = fastapi.routing.APIRouter()\n",
            "import fastapi as f\nfrom fastapi_fastdeps import FastDepsAPI\n"
            "import fastapi.routing\nfrom fastapi_fastdeps import FastDepsRouter\n"
            "x = FastDepsAPI(), f.FastAPI\ny: f.APIRouter = FastDepsRouter()\n",
        ),
        (
            "from fastapi import FastAPI\nfrom fastapi.routing import APIRouter\n"
            "class App(FastAPI): ...\n"
            "def f(a: 'FastAPI') -> list[FastAPI]:\n    assert isinstance(a, FastAPI)\n"
            "def g(r=APIRouter()): ...\n",
            "from fastapi import FastAPI\nfrom fastapi_fastdeps import FastDepsAPI\n"
            "from fastapi_fastdeps import FastDepsRouter\nclass App(FastDepsAPI): ...\n"
            "def f(a: 'FastAPI') -> list[FastAPI]:\n    assert isinstance(a, FastAPI)\n"
            "def g(r=FastDepsRouter()): ...\n",
        ),
        (
            "from fastapi import FastAPI\n__all__ = ['FastAPI']\napp = FastAPI()\n",
            "from fastapi import FastAPI\nfrom fastapi_fastdeps import FastDepsAPI\n"
            "__all__ = ['FastAPI']\napp = FastDepsAPI()\n",
        ),
        (
            "def make():\n    from fastapi import FastAPI\n    return FastAPI()\n",
            "def make():\n    from fastapi_fastdeps import FastDepsAPI\n    return FastDepsAPI()\n",
        ),
        (
            "from dataclasses import field\nfrom fastapi import APIRouter\n"
            "class A:\n    r: APIRouter = field(default_factory=APIRouter)\n",
            "from dataclasses import field\nfrom fastapi import APIRouter\n"
            "from fastapi_fastdeps import FastDepsRouter\n"
            "class A:\n    r: APIRouter = field(default_factory=FastDepsRouter)\n",
        ),
        (
            "from fastapi import Depends\nFastAPI = 1\n",
            "from fastapi import Depends\nFastAPI = 1\n",
        ),
        (
            "from fastapi import (\n    Depends,  # one\n    status,\n    FastAPI,\n)\n"
            "app = FastAPI()\n",
            "from fastapi import (\n    Depends,  # one\n    status,\n)\n"
            "from fastapi_fastdeps import FastDepsAPI\napp = FastDepsAPI()\n",
        ),
        (
            "from fastapi import (\n    Depends,\n    FastAPI\n)\napp = FastAPI()\n",
            "from fastapi import (\n    Depends\n)\n"
            "from fastapi_fastdeps import FastDepsAPI\napp = FastDepsAPI()\n",
        ),
        (
            "from fastapi import Depends, FastAPI  # noqa\napp = FastAPI()\n",
            "from fastapi import Depends  # noqa\nfrom fastapi_fastdeps import FastDepsAPI\n"
            "app = FastDepsAPI()\n",
        ),
        (
            "from fastapi import (\n    Depends,  # one\n    FastAPI,  # other\n)\nFastAPI()\n",
            "from fastapi import (\n    Depends,  # one\n)\n"
            "from fastapi_fastdeps import FastDepsAPI\nFastDepsAPI()\n",
        ),
        (
            "from fastapi import (\n    Depends,  # one\n    FastAPI  # other\n)\nFastAPI()\n",
            "from fastapi import (\n    Depends,  # one\n)\n"
            "from fastapi_fastdeps import FastDepsAPI\nFastDepsAPI()\n",
        ),
        (
            "from fastapi import (\n    Depends,  # one\n    FastAPI)\nFastAPI()\n",
            "from fastapi import (\n    Depends,  # one\n    )\n"
            "from fastapi_fastdeps import FastDepsAPI\nFastDepsAPI()\n",
        ),
        (
            "from attrs import define, field\nfrom fastapi import APIRouter\n@define\n"
            "class A:\n    r: APIRouter = field(factory=APIRouter)\n",
            "from attrs import define, field\nfrom fastapi import APIRouter\n"
            "from fastapi_fastdeps import FastDepsRouter\n@define\n"
            "class A:\n    r: APIRouter = field(factory=FastDepsRouter)\n",
        ),
        (
            "from fastapi import (Depends, FastAPI,)\napp = FastAPI()\n",
            "from fastapi import (Depends,)\nfrom fastapi_fastdeps import FastDepsAPI\n"
            "app = FastDepsAPI()\n",
        ),
    ],
)
def test_names_are_replaced_and_nothing_else(before: str, after: str) -> None:
    assert migrated(before) == after
    assert migrated(after) == after


@pytest.mark.parametrize(
    "source",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from fastapi import FastAPI\n"
        "def f(a: 'FastAPI'): ...\n",
        "from fastapi import FastAPI\ndef f(FastAPI): return FastAPI()\n",
        "from fastapi import FastAPI\ndef f(a): return isinstance(a, FastAPI)\n",
        "from fastapi import FastAPI\nfrom other import FastAPI\nFastAPI()\n",
        "import os; from fastapi import FastAPI\nFastAPI()\n",
        "from fastapi import FastAPI as FastAPI, APIRouter\n",
        "from fastapi import FastAPI\nFastDepsAPI = 1\napp = FastAPI()\n",
        "from .web import FastAPI\napp = FastAPI()\n",
    ],
)
def test_what_is_a_type_or_something_else_stays(source: str) -> None:
    assert migrated(source) == source


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


def test_what_set_a_neighbour_up_is_told() -> None:
    told: list[tuple[int, str]] = []
    source = (
        "from fastapi_async_safe import init_app\ninit_app(app)\n\n"
        "init_app(other, all_classes_safe=True)\n"
    )
    assert migrated(source, lambda *each: told.append(each)) == "\n"
    assert told == [(4, "init_app(other, all_classes_safe=True)")]
