"""The versions of FastAPI that the package works with, and where it keeps private names."""

import ast
import tomllib
from pathlib import Path

import fastapi_fastdeps
from fastapi_fastdeps._fastapi.versions import FAST_LANE, NEWEST, OLDEST, parse
from tests.conformance.versions import EVERY_RUN, RELEASES
from tests.versions.table import PAGE, page, read_results

PACKAGE = Path(fastapi_fastdeps.__file__).parent


def test_the_oldest_version_is_the_bound_of_the_metadata() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    assert f"fastapi>={OLDEST.removesuffix('.0')}" in project["dependencies"]


def test_the_list_of_what_is_tested_begins_and_ends_with_what_the_package_knows() -> None:
    versions = [release.version for release in RELEASES]
    assert versions == sorted(versions, key=parse)
    assert (versions[0], versions[-1]) == (OLDEST, NEWEST)
    assert set(FAST_LANE) <= set(versions)


def test_the_page_of_the_documentation_is_made_of_the_results() -> None:
    assert PAGE.read_text() == page(read_results())


def test_the_readme_names_the_versions_with_the_fast_lane() -> None:
    readme = " ".join((PACKAGE.parent / "README.md").read_text().split())
    last = [release.version for release in RELEASES]
    assert list(FAST_LANE) == last[last.index(FAST_LANE[0]) :]
    oldest, newest = (version.rpartition(".")[0] for version in (FAST_LANE[0], FAST_LANE[-1]))
    assert f"the last release of each minor version from FastAPI {oldest} to {newest}" in readme
    on = [version for version, each in read_results().items() if each.get("unproven") == []]
    first = min(on, key=lambda version: parse(version) or ())
    assert f"which are all from {first} to {NEWEST}" in readme
    assert f"FastAPI {OLDEST.removesuffix('.0')} and newer" in readme


def test_where_the_suite_was_passed_in_the_fast_lane_nothing_is_unproven() -> None:
    results = read_results()
    asked = [results[version].get("unproven") for version in FAST_LANE]
    assert asked == [[]] * len(FAST_LANE)


def test_the_readme_names_the_versions_that_are_tested() -> None:
    readme = " ".join((PACKAGE.parent / "README.md").read_text().split())
    *versions, last = [
        f"**{each.version}**" if each.version in EVERY_RUN else each.version for each in RELEASES
    ]
    assert f"are FastAPI {', '.join(versions)} and {last};" in readme


def test_every_run_of_ci_has_the_oldest_the_newest_and_two_between() -> None:
    assert len(EVERY_RUN) == 4
    assert (EVERY_RUN[0], EVERY_RUN[-1]) == (OLDEST, NEWEST)
    assert set(EVERY_RUN) <= {release.version for release in RELEASES}


PLACE = PACKAGE / "_fastapi"
OTHERS = ("fastapi", "starlette", "anyio", "pydantic", "pydantic_core", "contextlib")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def trees() -> dict[str, ast.Module]:
    """The package, but for the folder of private names."""
    paths = [path for path in PACKAGE.rglob("*.py") if PLACE not in path.parents]
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text()) for path in paths}


def test_private_names_of_others_are_imported_in_one_folder() -> None:
    strays = []
    for path, tree in trees().items():
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom):
                parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                names = parts if parts[0] in OTHERS else []
            elif isinstance(node, ast.Import):
                imported = [alias.name.split(".") for alias in node.names]
                names = [name for parts in imported if parts[0] in OTHERS for name in parts]
            strays += [f"{path}: {name}" for name in names if is_private(name)]
    assert strays == []


def test_private_attributes_of_others_are_read_in_one_folder() -> None:
    own = {
        "_Marker",  # One of dependency-injector, where there is one.
        "_current_frames",  # These two are documented by CPython.
        "_getframe",
        "_initializing",  # A module that is being imported says so by no other name.
        "_value_",  # A member of an enumeration keeps its value there, as `enum` documents.
        "_max_overflow",  # SQLAlchemy tells by no other name how many connections there may be.
    }
    read = []
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                own.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                own.add(node.id)
            elif isinstance(node, ast.Attribute) and is_private(node.attr):
                if isinstance(node.ctx, ast.Store):
                    own.add(node.attr)
                else:
                    read.append((path, node.attr))
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
                name = getattr(node.args[1], "value", "")
                if isinstance(name, str) and is_private(name):
                    read.append((path, name))
    assert [each for each in read if each[1] not in own] == []


def test_modules_that_no_documentation_promises_are_imported_in_one_folder() -> None:
    promised = {
        "starlette.applications",
        "starlette.background",
        "starlette.concurrency",
        "starlette.convertors",
        "starlette.datastructures",
        "starlette.endpoints",
        "starlette.exceptions",
        "starlette.middleware",
        "starlette.middleware.base",
        "starlette.middleware.errors",
        "starlette.middleware.exceptions",
        "starlette.requests",
        "starlette.responses",
        "starlette.routing",
        "starlette.types",
        "starlette.websockets",
    }
    imported = {
        node.module
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("starlette")
    }
    assert imported <= promised
