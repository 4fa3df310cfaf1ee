"""The application."""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from fastapi_fastdeps._building.constructors import TypedFastAPI, pass_on, signature_with
from fastapi_fastdeps._building.routes import FastDepsRoute
from fastapi_fastdeps.classifiers import Classifier, default_classifier
from fastapi_fastdeps.routing import FastDepsRouter


class FastDepsAPI(TypedFastAPI):
    """`FastAPI` whose sync dependencies and endpoints run where `classifier` says.

    It takes every argument of `FastAPI`. Raises `FastDepsError` when a route is added, a
    router is included or the app starts, where a marker or a classifier is wrong.
    """

    classifier: Classifier

    if not TYPE_CHECKING:

        def __init__(self, *, classifier: Classifier | None = None, **options) -> None:
            self.classifier = classifier or default_classifier
            pass_on(super().__init__, options)

        __init__.__signature__ = signature_with(__init__, FastAPI.__init__)

    def setup(self) -> None:
        # FastAPI makes its router itself, of arguments that change with its versions.
        router: Any = self.router
        router.__class__ = FastDepsRouter
        router.classify_by(self.classifier)
        if router.route_class is APIRoute:
            router.route_class = FastDepsRoute
        super().setup()

    def build_middleware_stack(self) -> ASGIApp:
        if isinstance(self.router, FastDepsRouter):
            self.router.prepare()
        return super().build_middleware_stack()
