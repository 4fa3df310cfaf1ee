"""Imports point one way: from what users import down to what is known of FastAPI."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "fastapi_fastdeps"

LAYERS = (
    "errors",
    "guarding",
    "_sending",
    "_fastapi",
    "_watching",
    "_observing",
    "_reading",
    "marking",
    "_threads",
    "_marks",
    "_written",
    "classifiers",
    "_deciding",
    "_lane",
    "_plan",
    "_compiling",
    "_serving",
    "_matching",
    "_building",
    "routing",
    "running",
    "applications",
    "explanation",
    "_cli",
    "__main__",
    "__init__",
    "pytest_plugin",
)
"""The modules and folders of the package; each may import those before it."""


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """What a module imports when it is run: what only type checkers see is no dependency."""
    tree = ast.parse(path.read_text())
    for block in ast.walk(tree):
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            block.body = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        package, *rest = (node.module or "").split(".")
        if package == "fastapi_fastdeps":
            yield from rest[:1] or (alias.name for alias in node.names)


def test_every_module_imports_only_what_is_below_it() -> None:
    upwards = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in PACKAGE.rglob("*.py")
        for name in imported(path)
        if LAYERS.index(name) > LAYERS.index(layer_of(path))
    ]
    assert upwards == []


def test_every_module_has_its_layer() -> None:
    found = {layer_of(path) for path in PACKAGE.rglob("*.py")}
    assert found <= set(LAYERS)


def test_what_users_do_not_import_is_visibly_private() -> None:
    public = {layer_of(path) for path in PACKAGE.rglob("*.py") if layer_of(path)[0] != "_"}
    assert public == {
        "applications",
        "classifiers",
        "errors",
        "explanation",
        "guarding",
        "marking",
        "pytest_plugin",
        "routing",
        "running",
    }
