"""Callables with what is right for each, decided by hand."""
