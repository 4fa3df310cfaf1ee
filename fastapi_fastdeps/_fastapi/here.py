"""What AnyIO is to send to a thread, called on the event loop, where no thread can start.

AnyIO sends what is sync to a worker that is idle, or starts one. There it is given one that is
always idle, and that calls what it is sent right away.
"""

from collections import deque
from typing import Any

from fastapi_fastdeps._fastapi.names import anyios_workers


class Here:
    """What AnyIO takes for a worker thread that is idle, and for the queue of its work."""

    idle_since = float("inf")

    def __init__(self, idle: deque[Any]) -> None:
        self._idle = idle
        self.queue = self

    def put_nowait(self, work: tuple[Any, ...]) -> None:
        """Do the work: a context, a function, its arguments, and the future of its result."""
        context, function, args, future = work[:4]
        try:
            result: Any = context.run(function, *args)
        except StopIteration as error:
            # No future takes one: it is what AnyIO makes of it.
            raised = RuntimeError("coroutine raised StopIteration")
            raised.__cause__ = error
            future.set_exception(raised)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            self._idle.append(self)


def work_here() -> None:
    """Have AnyIO call what is sent to a thread in the event loop that runs."""
    found = anyios_workers()
    if found is None:
        return
    idle_workers, workers = found
    idle: deque[Any]
    try:
        idle = idle_workers.get()
    except LookupError:
        idle = deque()
        idle_workers.set(idle)
        workers.set(set())
    idle.append(Here(idle))
