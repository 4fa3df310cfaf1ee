"""What a route's requests call besides its tree, placed where it was decided."""

from typing import Any

from starlette.datastructures import FormData

from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._lane.met import Met
from fastapi_fastdeps._lane.streams import place_stream
from fastapi_fastdeps._lane.tasks import place_tasks
from fastapi_fastdeps._lane.uploads import READ, place_uploads, takes_files
from fastapi_fastdeps._marks import Decision
from fastapi_fastdeps._threads import Visits
from fastapi_fastdeps.classifiers import Candidate


class Placing:
    """Places what responses do, and what is done with uploaded files."""

    def __init__(self, live: LiveGraph, body_field: Any) -> None:
        """Raises `FastDepsError` where it is known already that something is wrong."""
        self._met = Met(live)
        self._takes_files = takes_files(body_field)
        self.found()

    def found(self) -> tuple[tuple[Candidate, Decision], ...]:
        """What has been decided about so far."""
        if self._takes_files:
            self._met.decided(self._met.candidate(READ, "upload"))
        return tuple(self._met)

    def response(self, response: Any, visits: Visits) -> None:
        """What a response does in the background, and what it sends. Raises `FastDepsError`."""
        place_tasks(response, self._met, visits)
        place_stream(response, self._met, visits)

    def form(self, form: FormData) -> None:
        """The files in a form. Raises `FastDepsError`."""
        place_uploads(form, self._met)
