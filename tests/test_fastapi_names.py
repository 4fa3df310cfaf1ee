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
    *versions, last = FAST_LANE
    assert f"FastAPI {', '.join(versions)} and {last}." in readme
    assert f"FastAPI {OLDEST.removesuffix('.0')} and newer" in readme


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


def test_private_names_of_fastapi_stand_in_one_module() -> None:
    strays = []
    for path in PACKAGE.rglob("*.py"):
        if path.name == "names.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fastapi."):
                names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                strays += [f"{path.name}: {name}" for name in names if name.startswith("_")]
    assert strays == []
