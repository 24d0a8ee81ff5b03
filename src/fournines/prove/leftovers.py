"""What probes leave in a cloud: rows, objects, images, guests, volumes. It goes after a drill, and before one: the last
may have been killed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fournines.errors import DrillError, HostError
from fournines.hosts import Host
from fournines.probes import Api, Probe
from fournines.prove import blocks, lasting, objects, rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """Of these probes."""

    probes: Sequence[Probe]
    api: Api
    """Objects go through it."""
    members: Sequence[Host]
    """Of the database: rows go through the first that answers."""
    client: Host | None
    """Images go through it; None: no probe makes any."""
    guests: bool
    """Whether the cloud can have any: they are what else lasts there, with volumes and floating IPs."""
    note: Callable[[str, str], None]
    """Hears what was done about rows, about images, about guests."""

    def clear(self) -> None:
        """Before they begin; and the bucket is made ready for them. Raises DrillError."""
        self._rows()
        self._images()
        self._lasting()
        objects.ready(self.api, self.probes)

    def quiet(self, failed: Callable[[str], None]) -> None:
        """When they have ended, however: guests, which work and which audits would meet on their way out. `failed`
        hears when that could not be done."""
        try:
            self._lasting()
        except DrillError as error:
            failed(f"{error.message}; the next drill removes them")

    def remove(self) -> None:
        """When they have ended. Raises DrillError."""
        self._rows()
        objects.remove(self.api, self.probes)
        self._images()

    def _lasting(self) -> None:
        if self.guests and (removed := lasting.remove(self.api)):
            self.note("guests", f"removed {removed} guests, floating IPs and volumes of the probes")

    def _rows(self) -> None:
        refused: list[str] = []
        for member in self.members:
            try:
                removed = rows.remove(member, self.probes)
            except HostError as error:
                refused.append(error.message)
                continue
            if removed:
                self.note("rows", f"removed {removed} rows of the probes")
            return
        raise DrillError(f"could not remove the probes' rows: {'; '.join(refused)}", "see nines status")

    def _images(self) -> None:
        """Also those of a drill that was killed, unless just now."""
        if self.client is None:
            return
        try:
            busy = blocks.remove(self.client)["busy"]
        except HostError as error:
            raise DrillError(f"could not remove the probes' images: {error.message}", "see nines status") from None
        if busy:
            self.note("images", f"{len(busy)} are still in use: the next drill removes them")
