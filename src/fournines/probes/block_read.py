"""Read blocks that were written before the run: what comes must be what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fournines.probes._blocks import BlockProbe, on_new_image


class BlockRead(BlockProbe):
    name = "block-read"
    interval_s = 1

    def request(self) -> Mapping[str, Any]:
        return on_new_image("read")
