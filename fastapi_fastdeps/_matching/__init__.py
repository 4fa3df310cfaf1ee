"""Which routes can match a path, in FastAPI's order."""
