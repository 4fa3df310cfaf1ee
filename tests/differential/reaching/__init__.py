"""Programs that reach inside FastAPI at random moments, on FastAPI and on FastDepsAPI.

A program is drawn from an integer. It changes trees, routes, overrides and names before the start,
in the lifespan, between requests and within one. `python -m tests.differential.reaching` runs a
range of them and shows the first that differ, each as a small program that can be run by itself.
"""
