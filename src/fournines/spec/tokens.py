"""Bytes -> YAML tokens with their places. The only file that knows the YAML library."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from fournines.spec.problems import Mark, Problem, Problems, show

MAX_BYTES = 1 << 20


class Token(NamedTuple):
    kind: Literal["document", "scalar", "alias", "sequence", "mapping", "end"]
    """`end` closes a sequence or mapping."""
    mark: Mark
    text: str | None = None
    """A scalar's text; None when it is empty, `~` or `null` without quotes."""
    anchor: str = ""
    """Of a node its own, of an alias the one that it repeats."""
    tag: str = ""


def read(path: Path) -> bytes:
    """The bytes of a cloud file. Raises Problems when there is no readable regular file of a sane size."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            _stop(Mark(1, 1), "not a regular file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _stop(Mark(1, 1), "there is no such file")
    except (OSError, ValueError) as error:
        _stop(Mark(1, 1), f"cannot be read: {(isinstance(error, OSError) and error.strerror) or error}")
    if len(data) > MAX_BYTES:
        _stop(Mark(1, 1), f"larger than {MAX_BYTES >> 20} MiB")
    return data


def tokens(data: bytes) -> Iterator[Token]:
    """The tokens of a YAML text. Raises Problems at the first place that is not UTF-8 or not YAML."""
    text = _decode(data)
    yaml: Any = YAML(typ="safe", pure=True)
    mark = Mark(1, 1)
    try:
        for event in yaml.parse(text):
            mark = _mark(event)
            if token := _token(event, mark):
                yield token
    except MarkedYAMLError as error:
        _stop(*_syntax(error, text))
    except ReaderError as error:
        _stop(Mark(1, 1), f"not YAML: {show(str(error))}")
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # The library's own faults, such as chr() of an impossible \U escape: they carry no place.
        _stop(mark, f"not YAML after here: {type(error).__name__}: {show(str(error))}")


def _stop(mark: Mark, text: str) -> NoReturn:
    raise Problems([Problem(mark, text)]) from None


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _stop(_end(data[: error.start].decode("utf-8")), f"not UTF-8 text: byte 0x{data[error.start]:02x}")
    text = text.removeprefix("\ufeff")
    # What YAML does not allow in a text; here because the library gives no line for it.
    if found := re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]", text):
        _stop(_end(text[: found.start()]), f"control character U+{ord(found[0]):04X}")
    return text


def _end(text: str) -> Mark:
    """The place after `text`."""
    start = max(text.rfind("\n"), text.rfind("\r")) + 1
    lines = text.count("\n") + text.count("\r") - text.count("\r\n")
    return Mark(lines + 1, len(text) - start + 1)


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _token(event: Any, mark: Mark) -> Token | None:
    """Of one of the library's events, whose attributes are not typed."""
    match type(event).__name__:
        case "DocumentStartEvent":
            return Token("document", mark)
        case "SequenceEndEvent" | "MappingEndEvent":
            return Token("end", mark)
        case "AliasEvent":
            return Token("alias", mark, anchor=event.anchor)
        case "SequenceStartEvent":
            return Token("sequence", mark, None, event.anchor or "", str(event.tag or ""))
        case "MappingStartEvent":
            return Token("mapping", mark, None, event.anchor or "", str(event.tag or ""))
        case "ScalarEvent":
            null = event.style is None and event.value in ("", "~", "null", "Null", "NULL")
            return Token("scalar", mark, None if null else event.value, event.anchor or "", str(event.tag or ""))
        case _:
            return None


def _syntax(error: Any, text: str) -> tuple[Mark, str]:
    """The place and cause of a syntax error; its attributes are not typed."""
    found = error.problem_mark or error.context_mark
    mark = Mark(found.line + 1, found.column + 1) if found else Mark(1, 1)
    problem = " ".join(str(error.problem or error.context or "syntax error").split())
    line = text.splitlines()[mark.line - 1] if mark.line <= len(text.splitlines()) else ""
    if "'\\t'" in problem or re.match(r" *\t", line):
        return mark, "not YAML: a tab; indent with spaces"
    if re.search(r"\{.*[^\s\"',{}]\[[0-9]+-[0-9]+\]", line):
        return mark, 'not YAML: inside { } a value with a range needs quotes: "10.0.0.[1-3]"'
    return mark, f"not YAML: {problem}"
