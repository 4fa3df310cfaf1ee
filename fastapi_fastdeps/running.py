"""Calling what is sync from async code: in a thread, or right here."""

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from fastapi_fastdeps._observing.observer import Called
from fastapi_fastdeps._threads import visits_here

Arguments = TypeVarTuple("Arguments")
Returned = TypeVar("Returned")


async def run_threaded(
    function: Callable[[*Arguments], Returned], /, *args: *Arguments, limiter: str | None = None
) -> Returned:
    """What a sync function returns, called in a worker thread. Raises what it raises.

    Within a request it waits for a thread as the request's sync dependencies do: of the app's
    limiter of this name, or of that which all share that name none; once the request has been
    there, it does not wait again. In a WebSocket endpoint it always waits.

    Raises `LimiterError`, a `FastDepsError`, for a limiter that the app of the request does not
    have, and for any where no request of a `FastDepsAPI` is handled.

    ```python
    import asyncio
    import threading

    from fastapi_fastdeps import run_threaded


    async def main() -> None:
        here = threading.get_ident()
        print(here == await run_threaded(threading.get_ident))


    asyncio.run(main())
    ```

    ```text
    False
    ```
    """
    returned: Returned = await visits_here().run(limiter, function, *args)
    return returned


def run_inline(function: Callable[[*Arguments], Returned], /, *args: *Arguments) -> Returned:
    """What a sync function returns, called right here, on the event loop, as code that says
    that it is meant to be. Raises what it raises. A guard of the app times it.

    ```python
    from fastapi_fastdeps import run_inline

    print(run_inline(max, 3, 5))
    ```

    ```text
    5
    ```
    """
    visits = visits_here()
    observer = visits.threads.observer
    if observer is None:
        return function(*args)
    called = Called(function, "function", visits.path)
    returned: Returned = observer.call(called, "call", function, *args)
    return returned
