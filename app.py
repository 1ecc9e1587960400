"""The server. Start it with `make run`, or `TOUCHSTONE_HOME=DIR streamlit run app.py`."""

import streamlit as st
from starlette.middleware import Middleware

from pages.components import errors
from pages.server.api import API_ROUTES
from pages.server.auth_middleware import AuthMiddleware
from pages.server.lifespan import lifespan
from pages.server.routes import ROUTES
from pages.server.work_routes import WORK_ROUTES

app = st.App(
    "pages/frame.py",
    lifespan=lifespan,
    routes=[*ROUTES, *API_ROUTES, *WORK_ROUTES],
    middleware=[Middleware(AuthMiddleware)],
    on_script_error=errors.show,
)
