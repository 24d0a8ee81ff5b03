"""Write numbered blocks that no cache holds: an answer means that every copy has them on disk.

They are acknowledged writes: the audit reads every one back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fournines.probes._blocks import BlockProbe, on_new_image


class BlockWrite(BlockProbe):
    name = "block-write"
    interval_s = 0.5
    all_copies = True

    def request(self) -> Mapping[str, Any]:
        return on_new_image("write")
