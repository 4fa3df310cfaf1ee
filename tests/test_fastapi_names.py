"""A FastAPI that lacks what the package is built on is told at import."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import fastapi
import pytest

import fastapi_fastdeps
from fastapi_fastdeps import _fastapi
from fastapi_fastdeps.errors import FastDepsError, UnsupportedFastAPIError

PACKAGE = Path(fastapi_fastdeps.__file__).parent


def told(name: str) -> str:
    return (
        f"FastAPI {fastapi.__version__} has no {name}. This version of fastapi-fastdeps works "
        f"with FastAPI {_fastapi.OLDEST} and newer and was tested up to {_fastapi.TESTED}: "
        "install one of these, or a newer fastapi-fastdeps."
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [("fastapi.routing", "_Missing"), ("fastapi.missing", "name"), ("fastapi.missing.sub", "name")],
)
def test_a_missing_name_says_which_versions_work(module: str, name: str) -> None:
    with pytest.raises(UnsupportedFastAPIError) as raised:
        _fastapi._find(module, name)
    assert isinstance(raised.value, FastDepsError)
    assert str(raised.value) == told(f"{module}.{name}")


@pytest.mark.parametrize(
    "removal",
    [
        "import fastapi.routing; del fastapi.routing._effective_route_context_var",
        "import sys; sys.modules['fastapi.dependencies.models'] = type(sys)('models')",
    ],
)
def test_importing_the_package_with_such_a_fastapi_raises(removal: str) -> None:
    command = [sys.executable, "-c", f"import fastapi; {removal}; import fastapi_fastdeps"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("fastapi_fastdeps.errors.UnsupportedFastAPIError: FastAPI ")
    missing = re.search(r"has no (\S+)\. ", error)
    assert missing is not None
    assert error.endswith(told(missing[1]))


def test_the_versions_that_it_names_are_those_of_the_metadata() -> None:
    from importlib.metadata import requires

    assert f"fastapi>={_fastapi.OLDEST.removesuffix('.0')}" in (requires("fastapi-fastdeps") or [])


def test_private_names_of_fastapi_stand_in_one_module() -> None:
    strays = []
    for path in PACKAGE.rglob("*.py"):
        if path.name == "_fastapi.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fastapi."):
                names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                strays += [f"{path.name}: {name}" for name in names if name.startswith("_")]
    assert strays == []
