"""The kinds of resources that are seen and done one by one; packages and units are not."""

from __future__ import annotations

from collections.abc import Callable

from fournines.converge.agent.disks import do_disk, see_disk
from fournines.converge.agent.files import (
    do_absent,
    do_directory,
    do_file,
    do_link,
    see_absent,
    see_directory,
    see_file,
    see_link,
)
from fournines.converge.agent.machine import Data, Machine, Pairs
from fournines.converge.agent.mounts import do_mount, see_mount
from fournines.converge.agent.sysctls import do_sysctl, see_sysctl
from fournines.converge.agent.users import do_user, see_user

SEE: dict[str, Callable[[Machine, Data], Pairs]] = {
    "file": see_file,
    "directory": see_directory,
    "link": see_link,
    "absent": see_absent,
    "sysctl": see_sysctl,
    "mount": see_mount,
    "user": see_user,
    "disk": see_disk,
}


SUBJECT = {"sysctl": "key", "package": "name", "user": "name", "unit": "name"}


DO: dict[str, Callable[[Machine, Data], None]] = {
    "user": do_user,
    "absent": do_absent,
    "directory": do_directory,
    "file": do_file,
    "link": do_link,
    "sysctl": do_sysctl,
    "disk": do_disk,
    "mount": do_mount,
}
"""In the order in which kinds are done."""
