"""What a cloud is for, once: a guest with a volume, on a network of its own behind a router, reached by a floating IP.

`build.build` makes what is missing of it and waits until the guest answers; `remove.remove` leaves nothing. Both find
things by their names alone, so both may be killed and run again.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "nines-demo"
"""Of everything that the demo makes, in the project of the cloud's administrator."""
EXTERNAL: Final = "external"
"""Of the network outside, which other projects use too."""
