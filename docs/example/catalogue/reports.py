"""Reports: long queries, which need a thread on either app."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from catalogue.dependencies import CurrentUser
from catalogue.models import SalesReport
from catalogue.repository import Repository
from fastapi_fastdeps import threaded

router = APIRouter(prefix="/reports", tags=["reports"], dependencies=[Depends(CurrentUser)])


@router.get("/sales")
@threaded
def report_sales(
    repository: Annotated[Repository, Depends()],
    year: Annotated[int, Query(ge=2000, le=2100)] = 2024,
) -> SalesReport:
    """Reads every sale of the year. Unmarked it would be threaded too: the mark is for readers."""
    return repository.sales(year)
