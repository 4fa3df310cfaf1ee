"""Every FastAPI that is supported, and what this package's tests say with it."""
