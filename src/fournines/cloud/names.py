"""Names of what nines itself makes inside a cloud, in the project of its administrator: by these alone it is found
again, and removed, whoever made it."""

from __future__ import annotations

from typing import Final

DEMO: Final = "nines-demo"
"""Of everything that the demo makes."""
EXTERNAL: Final = "external"
"""Of the network outside, which other projects use too."""
MARK: Final = "fournines-probe"
"""How the names begin of all that probes write and make in a drill."""
WATCHES: Final = "fournines-watch"
"""And in a watch: each removes its own."""
