"""Decorated methods bind as before, above and below the other decorators of a class body."""

from collections.abc import Callable
from typing import assert_type

from fastapi_fastdeps import inline, threaded


class Service:
    @inline
    def find(self, item: int) -> str:
        return str(item)

    @inline
    def __call__(self, item: int) -> bytes:
        return bytes(item)

    @staticmethod
    @inline
    def static_below(item: int) -> str:
        return str(item)

    @inline
    @staticmethod
    def static_above(item: int) -> str:
        return str(item)

    @classmethod
    @threaded
    def class_below(cls, item: int) -> "Service":
        return cls()

    @threaded
    @classmethod
    def class_above(cls, item: int) -> "Service":
        return cls()

    @property
    @inline
    def size(self) -> int:
        return 1

    @size.setter
    @inline
    def size(self, size: int) -> None: ...


class Special(Service):
    @threaded
    def find(self, item: int) -> str:
        return super().find(item)


service = Service()
assert_type(service.find(1), str)
assert_type(Service.find(service, 1), str)
bound: Callable[[int], str] = service.find
assert_type(service(1), bytes)
assert_type(Service.static_below(1), str)
assert_type(service.static_above(1), str)
assert_type(Service.static_above(1), str)
assert_type(Service.class_below(1), Service)
assert_type(Service.class_above(1), Service)
assert_type(service.class_above(1), Service)
assert_type(service.size, int)
service.size = 2

service.find("1")  # error: argument-type
service("1")  # error: argument-type
Service.static_above("1")  # error: argument-type
Service.class_above("1")  # error: argument-type
service.size = "2"  # error: assignment
