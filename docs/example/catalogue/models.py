"""What the service takes and returns."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Cents = Annotated[int, Field(ge=0, description="A price in cents.")]


class User(BaseModel):
    name: str
    role: Literal["reader", "editor"]


class Product(BaseModel):
    id: int
    name: str
    category: str
    price: Cents
    stock: int
    rating: float | None


class ProductPage(BaseModel):
    items: list[Product]
    total: int
    offset: int
    limit: int


class Suggestion(BaseModel):
    id: int
    name: str


class NewPrice(BaseModel):
    price: Cents


class PriceChange(BaseModel):
    product_id: int
    price: Cents


class NewReview(BaseModel):
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Annotated[str, Field(min_length=1, max_length=500)]


class Review(NewReview):
    id: int
    product_id: int
    author: str


class CategorySales(BaseModel):
    category: str
    month: str
    units: int
    revenue: Cents


class SalesReport(BaseModel):
    year: int
    rows: list[CategorySales]
