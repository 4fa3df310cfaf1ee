"""A catalogue service on SQLite, as an example of an application on FastDepsAPI.

`app` makes the application, `dependencies` says what its endpoints depend on and where each
part may run, `repository` holds the queries, the other modules what those are made of.

Try it: `fastapi run docs/example/catalogue/app.py`, then open `/docs` and authorize with
`reader-key` or `editor-key`.
"""
