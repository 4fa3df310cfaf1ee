"""The application."""

import types
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter
from starlette.routing import Route
from starlette.types import ASGIApp

from fastapi_fastdeps._building.constructors import TypedFastAPI, pass_on, signature_with
from fastapi_fastdeps._building.routes import FastDepsRoute
from fastapi_fastdeps._matching.snapshots import NoticingRoute
from fastapi_fastdeps.classifiers import Classifier, default_classifier
from fastapi_fastdeps.routing import FastDepsRouter


class FastDepsAPI(TypedFastAPI):
    """`FastAPI` whose sync dependencies and endpoints run where `classifier` says.

    It takes every argument of `FastAPI`. Raises `FastDepsError` when a route is added, a
    router is included or the app starts, where a marker or a classifier is wrong.
    """

    _classifier: Classifier = default_classifier

    if not TYPE_CHECKING:

        def __init__(self, *, classifier: Classifier | None = None, **options) -> None:
            if classifier is not None:
                self._classifier = classifier
            pass_on(super().__init__, options)

        __init__.__signature__ = signature_with(__init__, FastAPI.__init__)

    @property
    def classifier(self) -> Classifier:
        """Decides where sync callables run. What is assigned holds for the next request."""
        own = self.router.classifier if isinstance(self.router, FastDepsRouter) else None
        return self._classifier if own is None else own

    @classifier.setter
    def classifier(self, classifier: Classifier) -> None:
        self._classifier = classifier
        if isinstance(self.router, FastDepsRouter):
            self.router.classifier = classifier

    def setup(self) -> None:
        # FastAPI makes its router itself, of arguments that change with its versions.
        router: Any = self.router
        router.__class__ = _router_class(self.router.__class__)
        router.decide_by(self._classifier)
        router.watch_routes()
        if router.route_class is APIRoute:
            router.route_class = FastDepsRoute
        count = len(router.routes)
        super().setup()
        for page in router.routes[count:]:
            if type(page) is Route:
                page.__class__ = NoticingRoute

    def build_middleware_stack(self) -> ASGIApp:
        if isinstance(self.router, FastDepsRouter):
            self.router.prepare()
        return super().build_middleware_stack()


def _router_class(router_class: type[APIRouter]) -> type[APIRouter]:
    """Ours, with the methods of a class that stands in the place of FastAPI's."""
    if issubclass(FastDepsRouter, router_class):
        return FastDepsRouter
    if issubclass(router_class, FastDepsRouter):
        return router_class
    names = {"__module__": router_class.__module__, "__qualname__": router_class.__qualname__}
    bases = (router_class, FastDepsRouter)
    return types.new_class(router_class.__name__, bases, exec_body=lambda body: body.update(names))
