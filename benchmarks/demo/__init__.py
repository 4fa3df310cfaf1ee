"""The catalogue on FastAPI and on FastDepsAPI, side by side: `python -m benchmarks.demo`."""
