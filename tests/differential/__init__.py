"""FastAPI and FastDepsAPI run the same random programs and must not differ."""
