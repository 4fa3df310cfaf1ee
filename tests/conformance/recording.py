"""What is written down of a FastAPI that has proven the fast lane: `_fastapi/proven.py`."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import fastapi_fastdeps
from fastapi_fastdeps._fastapi.proven import CODES, SOURCES
from fastapi_fastdeps._fastapi.versions import LANE_VARIABLE
from tests.harness.commands import inherited_variables, run

PACKAGE = Path(fastapi_fastdeps.__file__).parent
FILE = PACKAGE / "_fastapi" / "proven.py"

FINGERPRINTS = """
import json
from fastapi_fastdeps._fastapi import fingerprints as of, names

parts = [
    (part, package)
    for part in of.PARTS if getattr(names, part)
    for package in of.PACKAGES
]
print(json.dumps({
    "sources": {
        str(function): function.fingerprint()
        for part, package in parts
        for function in of.functions_of(part, package)
    },
    "python": of.PYTHON,
    "codes": {f"{part} {package}": of.code_of(part, package) for part, package in parts},
}))
"""
"""A program that prints what is there of what is on."""


def found_by(python: Path, package: Path) -> dict[str, Any]:
    """The fingerprints of the FastAPI that a Python has, with our package from that folder."""
    variables = inherited_variables("PYTHON", LANE_VARIABLE) | {
        "PYTHONPATH": str(package),
        LANE_VARIABLE: "fast",
    }
    found: dict[str, Any] = json.loads(
        run(python, "-W", "ignore", "-c", FINGERPRINTS, variables=variables)
    )
    return found


def record(found: dict[str, Any], *, is_proof: bool) -> list[str]:
    """Write down what was found, and give what is new of it. Unless it `is_proof`, that is no
    more than how another Python compiles what is proven already."""
    sources, codes = dict(SOURCES), {python: dict(each) for python, each in CODES.items()}
    new: list[str] = []
    if is_proof:
        for name, fingerprint in found["sources"].items():
            if fingerprint is not None and fingerprint not in sources.get(name, ()):
                sources[name] = (*sources.get(name, ()), fingerprint)
                new.append(name)
    known = codes.setdefault(found["python"], {})
    if all(value in sources.get(name, ()) for name, value in found["sources"].items() if value):
        for part, code in found["codes"].items():
            if code not in known.get(part, ()):
                known[part] = (*known.get(part, ()), code)
    SOURCES.update(sources)
    CODES.update(codes)
    FILE.write_text(written(sources, codes))
    return new


def written(
    sources: Mapping[str, tuple[str, ...]], codes: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> str:
    """The module with what is proven."""
    lines = [
        '"""What was proven, written by `python -m tests.conformance --lane fast`."""',
        "",
        "from typing import Final",
        "",
        "SOURCES: Final[dict[str, tuple[str, ...]]] = {",
        *_entries(sources, "    "),
        "}",
        '"""The fingerprints of sources, by function."""',
        "",
        "CODES: Final[dict[str, dict[str, tuple[str, ...]]]] = {",
    ]
    for python in sorted(codes):
        lines += [f'    "{python}": {{', *_entries(codes[python], "        "), "    },"]
    lines += ["}", '"""Those of what they were compiled into, by Python and by part."""', ""]
    return "\n".join(lines)


def _entries(of: Mapping[str, Iterable[str]], indent: str) -> Iterable[str]:
    for name in sorted(of):
        each = [f'"{value}"' for value in sorted(of[name])]
        line = f'{indent}"{name}": ({each[0]},),'
        if len(each) == 1 and len(line) <= 100:
            yield line
        else:
            yield f'{indent}"{name}": ('
            yield from (f"{indent}    {value}," for value in each)
            yield f"{indent}),"
