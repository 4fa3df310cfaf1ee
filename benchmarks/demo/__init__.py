"""`python -m benchmarks.demo`: the catalogue of `docs/example`, on FastAPI and on FastDepsAPI."""
