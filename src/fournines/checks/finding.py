"""What a check says, and what `nines explain` tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""Worst first. An error keeps `nines up` from building."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One weak point of one cloud."""

    code: str
    severity: Severity
    subject: str
    """Whom it is about: a host, a rack, a service, a network."""
    why: str
    """What is so, and what follows for clients."""
    fix: str
    loc: tuple[str, ...]
    """Keys of the spec that say it, from the root; parts that the file does not have are passed over."""


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding. Its code is never given to another kind, nor changed."""

    code: str
    severity: Severity
    title: str
    """What is wrong, in a few words."""
    why: str
    """What happens in such a cloud, with figures or a source where there are some: for `nines explain`."""
    fix: str
    """What to do about it, in general."""
    builds: bool = True
    """Whether a cloud in which it is accepted can be built: not under a strategy that nothing here builds."""

    def found(
        self, subject: str, why: str, loc: tuple[str, ...] = (), *, fix: str = "", severity: Severity | None = None
    ) -> Finding:
        """This kind of finding in a cloud; `fix` and `severity` where they are not the usual ones."""
        return Finding(self.code, severity or self.severity, subject, _ended(why), _begun(_ended(fix or self.fix)), loc)


def _ended(text: str) -> str:
    """With a full stop."""
    return text if text.endswith(".") else f"{text}."


def _begun(text: str) -> str:
    """With a capital; what is found may begin with a name, which is left as it is."""
    return text[:1].upper() + text[1:]
