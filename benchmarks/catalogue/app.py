"""The catalogue on FastDepsAPI."""

from benchmarks.catalogue.factory import create_app
from fastapi_fastdeps import FastDepsAPI

app = create_app(FastDepsAPI)
