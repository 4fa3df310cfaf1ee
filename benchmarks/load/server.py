"""Serves the app: `python -m benchmarks.load.server PORT`."""

import sys

from benchmarks.http.server import serve
from benchmarks.load.app import app

if __name__ == "__main__":
    serve(app, int(sys.argv[1]))
