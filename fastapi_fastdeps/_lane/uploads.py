"""Uploaded files: what of them is on a disk is read, written and closed in threads."""

from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import Any, Final
from weakref import WeakKeyDictionary

from fastapi import params
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as StarletteUploadFile

from fastapi_fastdeps._fastapi.names import uploads
from fastapi_fastdeps._fastapi.requests import is_on_disk, upload_names
from fastapi_fastdeps._lane.met import Met
from fastapi_fastdeps._lane.standins import is_awaited_by_fastapi
from fastapi_fastdeps._threads import NO_APPS, Threads, current_visits, limiter_of
from fastapi_fastdeps.marking import Execution, Inline

_names: Final = upload_names()

READ: Final[Callable[..., Any]] = vars(SpooledTemporaryFile)["read"]
"""What is decided about, for all that is done with a file."""


def takes_files(body_field: Any) -> bool:
    """Whether a route has parameters that are files."""
    return bool(uploads) and isinstance(getattr(body_field, "field_info", None), params.File)


def place_uploads(form: FormData, met: Met) -> None:
    """Have the files of a form be read where it was decided. Raises `FastDepsError`."""
    if not uploads or _methods() != _STARLETTES:
        return
    for _, upload in form.multi_items():
        if type(upload) is StarletteUploadFile:
            execution = met.decided(met.candidate(READ, "upload")).execution
            placed: Any = upload
            # Starlette has made it for this request.
            placed.__class__ = UploadFile
            placed.place(execution, met.threads)


def _methods() -> tuple[Any, ...]:
    """The code that reads and writes Starlette's files."""
    found = (vars(StarletteUploadFile).get(name) for name in ("write", "read", "seek", "close"))
    return tuple(getattr(each, "__code__", None) for each in found)


_FILE: Final = FormData.close.__code__.co_filename
_STARLETTES: Final = tuple(
    code if getattr(code, "co_filename", "") == _FILE else object() for code in _methods()
)
"""What it is where nobody has replaced anything, equal to nothing where someone has before."""


class UploadFile(StarletteUploadFile):
    """Starlette's, whose file is read, written and closed where it was decided. In a thread, too,
    that does not wait behind first visits: what the request holds it holds meanwhile."""

    def place(self, execution: Execution | None, threads: Threads) -> None:
        _places[self] = execution, threads

    async def write(self, data: bytes) -> None:
        if self._is_starlettes(len(data)):
            await super().write(data)
            return
        if self.size is not None:
            self.size += len(data)
        await self._do(self.file.write, data)

    async def read(self, size: int = -1) -> bytes:
        if self._is_starlettes():
            return await super().read(size)
        data: bytes = await self._do(self.file.read, size)
        return data

    async def seek(self, offset: int) -> None:
        if self._is_starlettes():
            await super().seek(offset)
        else:
            await self._do(self.file.seek, offset)

    async def close(self) -> None:
        if self._is_starlettes():
            await super().close()
        else:
            await self._do(self.file.close)

    def _is_starlettes(self, more: int = 0) -> bool:
        """Whether Starlette does it here and now, or in a way that someone has replaced."""
        return not is_on_disk(self, more) or (
            not is_awaited_by_fastapi(_place(self)[0])
            and _names["run_in_threadpool"] is not run_in_threadpool
        )

    async def _do(self, function: Callable[..., Any], *args: Any) -> Any:
        execution, threads = _place(self)
        if isinstance(execution, Inline):
            return function(*args)
        visits = current_visits(threads)
        return await visits.run(limiter_of(execution), function, *args)


# A file shows its attributes in an error about it, so these are none.
_places: Final[WeakKeyDictionary[UploadFile, tuple[Execution | None, Threads]]] = (
    WeakKeyDictionary()
)


def _place(upload: UploadFile) -> tuple[Execution | None, Threads]:
    """What was decided about a file, and where it waits; of a copy of one nothing is known."""
    return _places.get(upload, (None, NO_APPS))
