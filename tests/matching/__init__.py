"""The route index: what it gives for a path, and that nothing tells it from FastAPI's search."""
