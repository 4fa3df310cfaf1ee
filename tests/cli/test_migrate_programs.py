"""Random modules, migrated: what they make is this package's, and all else is as it was."""

import random
import typing
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter
from fastapi_fastdeps._cli.migrating import migrated

IMPORTS = {
    "from fastapi import FastAPI, APIRouter": ("FastAPI", "APIRouter"),
    "from fastapi import Depends, FastAPI as App, APIRouter": ("App", "APIRouter"),
    "from fastapi import (\n    APIRouter as R,  # one\n    FastAPI,  # other\n)": ("FastAPI", "R"),
    "from fastapi.applications import FastAPI\nfrom fastapi.routing import APIRouter": (
        "FastAPI",
        "APIRouter",
    ),
    "import fastapi": ("fastapi.FastAPI", "fastapi.APIRouter"),
    "import fastapi as f, typing": ("f.FastAPI", "f.routing.APIRouter"),
    "import fastapi.routing\nfrom fastapi import FastAPI": ("FastAPI", "fastapi.routing.APIRouter"),
    "try:\n    from fastapi import APIRouter, FastAPI\nfinally:\n    pass": (
        "FastAPI",
        "APIRouter",
    ),
    "if True:\n    from fastapi import FastAPI\n    from fastapi import APIRouter": (
        "FastAPI",
        "APIRouter",
    ),
}
MAKING = (
    "made_{n} = {c}()",
    "made_{n}: {c} = {c}()",
    "made_{n}: '{c}' = ({c})()",
    "class C{n}({c}):\n    '''Not {c}.'''\nmade_{n} = C{n}()",
    "def make_{n}(given={c}()) -> {c}:\n    return given\nmade_{n} = make_{n}()",
    "made_{n} = (lambda: {c}())()",
    "import functools\nmade_{n} = functools.partial({c})()",
)
TYPES = (
    "def type_{n}(a: {c}, *b: '{c}') -> list[{c}]: ...",
    "def same_{n}(a): return isinstance(a, {c}), type(a).__mro__[-2].__name__, '{c}'",
    "Alias_{n} = dict[str, {c}]",
    "class T{n}:\n    held: '{c} | None' = None",
    "def type_{n}(a: typing.Optional['{c}']): ...",
)


def program(pick: random.Random) -> str:
    imported = pick.choice(list(IMPORTS))
    lines = ["import typing", imported]
    for number, kind in enumerate(pick.choices((MAKING, TYPES), k=pick.randrange(1, 7))):
        lines.append(pick.choice(kind).format(n=number, c=pick.choice(IMPORTS[imported])))
    names = [each for each in IMPORTS[imported] if "." not in each]
    if names and pick.random() < 0.3:
        lines.insert(2, f"__all__ = [{pick.choice(names)!r}]")
    return "\n".join(lines) + "\n"


def ran(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "random_module"}
    exec(compile(source, "<random>", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("seed", range(60))
def test_what_is_made_is_ours_and_all_else_is_as_it_was(seed: int) -> None:
    source = program(random.Random(seed))
    changed = migrated(source)
    before, after = ran(source), ran(changed)
    assert migrated(changed) == changed
    for name in before.get("__all__", ()):
        assert after[name] is before[name], changed
    for name, value in before.items():
        if name.startswith("made_"):
            ours = FastDepsAPI if isinstance(value, FastAPI) else FastDepsRouter
            assert isinstance(value, FastAPI | APIRouter)
            assert isinstance(after[name], ours), changed
        elif name.startswith(("type_", "T")) and callable(value):
            hints = typing.get_type_hints(value, before)
            assert typing.get_type_hints(after[name], after) == hints, changed
        elif name.startswith("Alias_"):
            assert after[name] == value, changed
        elif name.startswith("same_"):
            for each in (FastAPI(), APIRouter()):
                assert after[name](each) == value(each), changed
