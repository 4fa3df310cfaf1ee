"""FastAPI's own test suite, run with FastAPI's classes replaced by this package's."""
