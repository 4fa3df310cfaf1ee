"""Where no thread can start: in Pyodide and other WebAssembly runtimes."""

import sys
import threading


def _is_threadless() -> bool:
    if sys.platform not in ("emscripten", "wasi"):
        return False
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        return True
    return False


_threadless = _is_threadless()


def is_threadless() -> bool:
    """Whether no thread can start."""
    return _threadless
