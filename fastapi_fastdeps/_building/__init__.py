"""How FastAPI's objects come to carry decisions: routes, inclusions, frontends."""
