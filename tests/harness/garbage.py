"""Garbage that is looked for often."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def only_new_garbage() -> Iterator[None]:
    """In it, garbage is looked for only among what was made in it: to look through all that a test
    session has made takes as long each time as the test does. What is part of the garbage has to
    be made in it, too."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
