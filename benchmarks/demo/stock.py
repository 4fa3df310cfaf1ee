"""The catalogue on FastAPI, where the markers say nothing."""

from fastapi import FastAPI

from catalogue.app import create_app

app = create_app(app_class=FastAPI)
