"""Horizon in a real browser, Debian's chromium, which trusts the cloud's own authority and nothing else that is new."""

from __future__ import annotations

import csv
import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Response, expect, sync_playwright
from standing_lab import Standing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0, reason="a lab needs root: namespaces, mounts and cgroups"),
]

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It runs as root in a container, and talks to nobody but the cloud."""


@contextmanager
def browser(home: Path, ca: Path) -> Generator[Page]:
    """A page of a browser without a past."""
    trust = home / ".pki/nssdb"
    trust.mkdir(parents=True)
    for words in (("-N", "--empty-password"), ("-A", "-n", "cloud", "-t", "C,,", "-i", str(ca))):
        subprocess.run(["certutil", "-d", f"sql:{trust}", *words], check=True, timeout=60)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            home / "profile",
            executable_path="/usr/bin/chromium",
            args=FLAGS,
            env={**os.environ, "HOME": str(home)},
            viewport={"width": 1280, "height": 900},
        )
        # Of two shared cores.
        context.set_default_timeout(90_000)
        try:
            yield context.pages[0]
        finally:
            context.close()


def served(standing: Standing) -> dict[str, int]:
    """Controller -> requests to Horizon that it was sent through the VIP."""
    (holder,) = standing.json("status", exits=(0, 1))["vip"]["holders"]
    ask = (
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/haproxy.sock'); s.sendall(b'show stat\\n');"
        " print(s.makefile().read())"
    )
    rows = csv.DictReader(standing.on(holder, "python3", "-c", ask).lstrip("# ").splitlines())
    return {
        row["svname"]: int(row["stot"])
        for row in rows
        if row["pxname"] == "horizon" and row["svname"] not in ("FRONTEND", "BACKEND")
    }


def log_in(page: Page, url: str, password: str) -> None:
    page.goto(url)
    page.fill("#id_username", "admin")
    page.fill("#id_password", password)
    page.click("#loginBtn")
    page.wait_for_url(lambda address: "/auth/login" not in address)


def test_overview_and_a_session_that_outlives_its_controller(standing: Standing, tmp_path: Path):
    vault = standing.state.vault()
    url = f"https://{standing.cloud.vip}"
    with browser(tmp_path, vault.ca_file) as page:
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        before = served(standing)

        plain = page.goto(url.replace("https", "http") + "/auth/login/")
        assert plain is not None
        assert plain.url == f"{url}/auth/login/", "plain HTTP is sent to TLS"
        log_in(page, url, vault.password("admin"))
        assert shown(page, f"{url}/project/", bound=180)
        expect(page.get_by_role("heading", name="Overview").first).to_be_visible()
        expect(page.get_by_text("Limit Summary")).to_be_visible()
        expect(page.get_by_text("Instances", exact=True).first).to_be_visible()
        expect(page.locator(".alert-danger")).to_have_count(0)
        assert [(answer.status, answer.url) for answer in answers if answer.status >= 400] == []
        rules = "Array.from(document.styleSheets).reduce((sum, sheet) => sum + sheet.cssRules.length, 0)"
        assert page.evaluate(rules) > 1000, "the style sheets were found and understood"
        cookies = {cookie.get("name"): cookie for cookie in page.context.cookies()}
        assert cookies["sessionid"].get("secure") is cookies["sessionid"].get("httpOnly") is True
        assert cookies["csrftoken"].get("secure") is True

        artefacts = standing.state.folder / "artefacts"
        artefacts.mkdir(exist_ok=True)
        page.screenshot(path=artefacts / "horizon-overview.png", full_page=True)

        after = served(standing)
        victims = [name for name in after if after[name] > before[name]]
        assert len(victims) == 1, "one browser's requests go to one controller while it lives"
        standing.power(victims[0]).power_off()
        assert shown(page, f"{url}/project/", bound=240), "the session lives on, on another controller"
        assert standing.power(victims[0]).power() == "off"
        expect(page.get_by_text("Limit Summary")).to_be_visible()


def shown(page: Page, url: str, bound: float) -> bool:
    """Ask until the page comes; False when a login form comes instead, or nothing within `bound` seconds.

    A browser gives up a page when this machine's links change, and so they do with any other lab here.
    """
    end = time.monotonic() + bound
    while time.monotonic() < end:
        try:
            answer = page.goto(url, timeout=60_000)
        except Error:
            time.sleep(1)
            continue
        if answer is not None and answer.ok:
            return "/auth/login" not in page.url
        time.sleep(1)
    return False
