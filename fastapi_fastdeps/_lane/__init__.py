"""FastAPI's lane: its own handler and solver over a classified tree."""
