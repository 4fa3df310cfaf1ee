"""In which of all releases the fast lane is on, by the content of the functions that it stands in
for: each is tried with what else is installed here."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator

from fastapi_fastdeps._fastapi.versions import LANE_VARIABLE, PLANS_SINCE, parse
from tests.harness.commands import REPOSITORY, inherited_variables, run, run_python, uv

UNPROVEN = """
import json
from fastapi_fastdeps._fastapi import fingerprints, names

changed = fingerprints.unproven("fast_lane")
why_off = names.fast_lane.why_off
print(json.dumps([*map(str, changed)] if changed or not why_off else [why_off]))
"""
"""A program that prints what is not as it was proven, or why the fast lane is off besides."""


def releases_with_plans() -> Iterator[str]:
    """Each release that the package index has of the FastAPIs whose algorithm plans follow."""
    oldest = parse(PLANS_SINCE)
    listed = run_python("pip", "index", "versions", "fastapi")
    (line,) = (each for each in listed.splitlines() if each.startswith("Available versions: "))
    for version in line.removeprefix("Available versions: ").split(", "):
        numbers = parse(version)
        if numbers is not None and oldest is not None and numbers >= oldest:
            yield version


def unproven_in(*requirements: str) -> list[str]:
    """What keeps the fast lane off with these releases, nothing where it is on."""
    with tempfile.TemporaryDirectory() as folder:
        to = ("--python", sys.executable, "--target", folder)
        uv("pip", "install", "--no-deps", *to, *requirements)
        variables = inherited_variables("PYTHON", LANE_VARIABLE) | {
            "PYTHONPATH": os.pathsep.join((folder, str(REPOSITORY)))
        }
        found: list[str] = json.loads(
            run(sys.executable, "-W", "ignore", "-c", UNPROVEN, variables=variables)
        )
        return found
