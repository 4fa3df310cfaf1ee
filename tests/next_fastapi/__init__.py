"""A FastAPI in which private names are missing or something else, and an app to serve with it."""
