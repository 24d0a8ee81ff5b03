"""An OpenStack API under uWSGI by a unit of our own.

Debian's own units bind every address (which collides with HAProxy on the VIP) and pull in a local database and
broker, whose hanging start then blocks the API's.
"""

from __future__ import annotations

from collections.abc import Iterable

from fournines.services._render import ini, unit


def uwsgi_ini(*, wsgi_file: str, address: str, port: int, processes: int, threads: int) -> str:
    """`address`:`port` speaks plain HTTP to HAProxy."""
    return ini(
        {
            "uwsgi": {
                "plugins": "python3",
                "wsgi-file": wsgi_file,
                "http-socket": f"{address}:{port}",
                "master": True,
                "processes": processes,
                "threads": threads,
                "enable-threads": True,
                # Each worker loads the application itself: OpenStack's is not safe to fork after import.
                "lazy-apps": True,
                "thunder-lock": True,
                "no-orphans": True,
                "die-on-term": True,
                "close-on-exec": True,
                "buffer-size": 65535,
                "rem-header": "Content-Length",
                "http-raw-body": True,
                "http-auto-chunked": True,
                "http-chunked-input": True,
                "add-header": "Connection: close",
                "socket-timeout": 30,
                "listen": 100,
                "disable-logging": True,
                "log-5xx": True,
            }
        }
    )


def uwsgi_unit(description: str, *, user: str, ini_path: str, before: Iterable[str] = ()) -> str:
    """`before`: commands that run as root before the server."""
    return unit(
        description,
        unit=[("After", "network.target"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "notify"),
            ("NotifyAccess", "all"),
            ("User", user),
            ("Group", user),
            *(("ExecStartPre", f"+{command}") for command in before),
            ("ExecStart", f"/usr/bin/uwsgi_python3 --ini {ini_path}"),
            ("WorkingDirectory", f"/var/lib/{user}"),
            ("TimeoutStartSec", "120"),
            ("TimeoutStopSec", "20"),
            ("KillMode", "mixed"),
            ("Restart", "always"),
            ("RestartSec", "2"),
            ("LimitNOFILE", "65536"),
        ],
    )
