"""The names of what blocks: blockbuster's table of functions, and what that leaves to libraries."""

import tomllib
from functools import cache
from pathlib import Path

from blockbuster.blockbuster import BlockBuster


@cache
def names_that_block() -> frozenset[str]:
    """Names of functions and methods that block."""
    data = tomllib.loads(Path(__file__).with_name("blocking.toml").read_text(encoding="utf-8"))
    names = set(BlockBuster().functions) - set(data["short"]["functions"])
    for kind, methods in data["methods"].items():
        names.update(f"{kind}.{method}" for method in methods)
    return frozenset(names | set(data["functions"]["names"]))
