"""Until every test imports it from `tests.harness`."""

from tests.harness.hops import ask, everything, here, hops

__all__ = ["ask", "everything", "here", "hops"]
