"""An OpenStack API under uWSGI by a unit of our own.

Debian's own units bind every address (which collides with HAProxy on the VIP) and pull in a local database and
broker, whose hanging start then blocks the API's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fournines.converge.resources import Directory, File, Resource
from fournines.converge.steps import Command
from fournines.services._render import IniValue, ini, on_host, unit

ARENAS = "MALLOC_ARENA_MAX=2"
"""A heap for each of many threads keeps memory that none of them needs."""
DRAIN = "/usr/local/lib/fournines/drain.py"
_NOTHING: Mapping[str, IniValue] = {}


def uwsgi_ini(
    *,
    wsgi_file: str,
    address: str,
    port: int,
    processes: int,
    threads: int,
    options: Mapping[str, IniValue] = _NOTHING,
) -> str:
    """`address`:`port` speaks plain HTTP to HAProxy. `options`: more of uWSGI's own."""
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
                # One that cannot load (its database answers late) would else answer 500 for ever: it ends, and is
                # started again.
                "need-app": True,
                "thunder-lock": True,
                "no-orphans": True,
                "die-on-term": True,
                "close-on-exec": True,
                "buffer-size": 65535,
                "http-raw-body": True,
                "http-chunked-input": True,
                "add-header": "Connection: close",
                "socket-timeout": 30,
                "listen": 100,
                "disable-logging": True,
                "log-5xx": True,
                # A client that went away is no error of the application.
                "ignore-sigpipe": True,
                "ignore-write-errors": True,
                "disable-write-exception": True,
                **options,
            }
        }
    )


def drain_program() -> Iterable[Resource]:
    """What the units run so that no request is lost when they stop or start."""
    yield Directory(path="/usr/local/lib/fournines")
    yield File(path=DRAIN, content=on_host("drain.py"))


def out_of_service(servers: Iterable[str], *, out: bool) -> Command:
    """Run on a host that has these servers (ADDRESS:PORT): no new connections, and the old ones have ended; or all are
    taken again. All at once. Prints whose connections are still open in the end."""
    # As a unit that stops its server, which serves on here.
    verb = f"MAINPID=1 python3 {DRAIN} drain" if out else f"python3 {DRAIN} open"
    script = "; ".join([*(f"{verb} {server} &" for server in sorted(servers)), "wait"]).replace("&;", "&")
    return Command(awaits="the last requests to end", argv=("sh", "-c", script), timeout=120)


def uwsgi_unit(name: str, *, user: str, ini_path: str, before: Iterable[str] = ()) -> str:
    """`before`: commands that run as root before the server. The host has `drain_program`."""
    drain = f"+/usr/bin/python3 {DRAIN}"
    return unit(
        name,
        # At a shutdown it ends before those through which it reaches other APIs and its database.
        unit=[("After", "network.target haproxy.service haproxy-local.service"), ("StartLimitIntervalSec", "0")],
        service=[
            ("Type", "notify"),
            ("NotifyAccess", "all"),
            ("User", user),
            ("Group", user),
            ("RuntimeDirectory", f"{user} lock/{user}"),
            # Its other daemons use them too.
            ("RuntimeDirectoryPreserve", "yes"),
            ("WorkingDirectory", f"/var/lib/{user}"),
            ("Environment", ARENAS),
            # Lasting queue names are made of the host's name and this. uWSGI gives green threads no time when nothing
            # is asked: heartbeats need a thread of their own.
            ("Environment", f"OS_OSLO_MESSAGING_RABBIT__PROCESSNAME={name}"),
            ("Environment", "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD=true"),
            *(("ExecStartPre", f"+{command}") for command in before),
            ("ExecStartPre", f"{drain} close {ini_path}"),
            ("ExecStart", f"/usr/bin/uwsgi_python3 --ini {ini_path}"),
            ("ExecStartPost", f"{drain} open {ini_path}"),
            ("ExecStop", f"{drain} drain {ini_path}"),
            ("TimeoutStartSec", "120"),
            # Each for itself: draining, which bounds itself, and then ending.
            ("TimeoutStopSec", "40"),
            ("KillMode", "mixed"),
            ("Restart", "always"),
            ("RestartSec", "2"),
            ("LimitNOFILE", "65536"),
        ],
    )
