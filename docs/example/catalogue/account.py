"""Who is asking."""

from typing import Annotated

from fastapi import APIRouter, Depends

from catalogue.dependencies import CurrentUser
from catalogue.models import User
from fastapi_fastdeps import inline

router = APIRouter(tags=["account"])


@router.get("/me")
@inline
def read_me(current: Annotated[CurrentUser, Depends()]) -> User:
    return current.user
