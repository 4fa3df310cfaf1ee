"""A catalogue service on SQLite: one program, built on FastAPI and on FastDepsAPI.

`benchmarks.catalogue.app` and `benchmarks.catalogue.stock` differ in one class name.
Try it: `fastapi run benchmarks/catalogue/app.py`, then open `/docs` and authorize with
`reader-key` or `editor-key`.
"""
