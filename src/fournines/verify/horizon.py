"""Horizon: the login page, and its style sheets, which the same daemons serve."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from fournines.verify import Client, Trip
from fournines.verify.client import want


class Horizon(Trip):
    name = "horizon"

    def clean(self, at: Client) -> None:
        """It makes nothing."""

    def go(self, at: Client) -> str:
        page = at.http.get(urljoin(at.cloud.url(self.name).rstrip("/") + "/", "auth/login/"))
        want(page.status_code == 200, f"status {page.status_code} to GET {page.url}")
        want('name="password"' in page.text, "a login page that asks for no password")
        sheets = re.findall(r'href="([^"]+\.css)"', page.text)
        want(sheets, "a login page without a style sheet")
        for sheet in sheets:
            answer = at.http.get(urljoin(page.url, sheet))
            want(answer.status_code == 200 and answer.content, f"status {answer.status_code} to GET {sheet}")
        return f"the login page, {len(sheets)} style sheets"
