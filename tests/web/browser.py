"""A plain browser for tests: it keeps cookies, follows links and sends the forms it was shown."""

import re
from html import unescape
from typing import Any

import httpx
from fastapi import FastAPI

from tests.web.conftest import PASSWORD


class Browser:
    """Ask a site in-process, as one reader."""

    def __init__(self, site: FastAPI, address: str = "127.0.0.1") -> None:
        transport = httpx.ASGITransport(site, raise_app_exceptions=False, client=(address, 5000))
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(path, **more)

    async def token(self, path: str = "/") -> str:
        """Give the form token that a page shows."""
        found = re.search(r'name="form_token" value="([^"]*)"', (await self.get(path)).text)
        return unescape(found.group(1)) if found else ""

    async def send(self, path: str, form_path: str = "/", **fields: str) -> httpx.Response:
        """Send a form with the token that `form_path` shows."""
        return await self.client.post(path, data={"form_token": await self.token(form_path), **fields})

    async def log_in(self, name: str, password: str = PASSWORD, back: str = "/") -> httpx.Response:
        return await self.send("/login", "/login", name=name, password=password, next=back)
