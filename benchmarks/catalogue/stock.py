"""The catalogue on FastAPI, where the markers say nothing."""

from fastapi import FastAPI

from benchmarks.catalogue.factory import create_app

app = create_app(FastAPI)
