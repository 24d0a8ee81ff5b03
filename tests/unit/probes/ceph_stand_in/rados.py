"""As much of python3-rados as the programs on hosts use. The cluster is a folder, named by STAND_IN_CEPH."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


class Ioctx:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def close(self) -> None:
        return


class Rados:
    def __init__(self, conffile: str, rados_id: str, conf: Mapping[str, str]) -> None:
        assert (rados_id, conf["rbd_cache"]) == ("cinder", "false")
        self._folder = Path(os.environ["STAND_IN_CEPH"])

    def connect(self) -> None:
        return

    def open_ioctx(self, pool: str) -> Ioctx:
        if not (self._folder / pool).is_dir():
            raise LookupError(f"no pool {pool}")
        return Ioctx(self._folder / pool)

    def shutdown(self) -> None:
        return
