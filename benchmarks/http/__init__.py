"""Apps behind uvicorn, under the load of wrk."""
