"""The dependency tree of a route, and where each of its callables runs."""
