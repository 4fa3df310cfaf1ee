"""Runs when an interpreter of the suite starts, those that tests start themselves included."""

from fastdeps_conformance.replacement import replace_on_import

replace_on_import()
