"""Bytes -> XML elements with their places, and the list of what is wrong. The only file that knows the XML parser."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from fournines.errors import SpecError
from fournines.spec.problems import Mark, Problem, show, spec_error

ROOT = "opsa-mef"
MAX_BYTES = 64 << 20
MAX_ELEMENTS = 2_000_000
"""The largest published models have some 50,000."""
MAX_DEPTH = 128
"""Elements within elements: what reads them may call itself."""
MAX_PROBLEMS = 1000
ENCODINGS = ("UTF-8", "UTF-16", "US-ASCII", "ASCII", "ISO-8859-1", "ISO-8859-15", "WINDOWS-1252", "CP1252")


class Place(NamedTuple):
    file: int
    """Which of the files that are read together."""
    mark: Mark


class Node:
    """An XML element without its text, which only labels have."""

    __slots__ = ("attributes", "children", "place", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], place: Place) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node] = []
        self.place = place

    @property
    def content(self) -> list[Node]:
        """The elements in it without its label and attributes."""
        return [child for child in self.children if child.tag not in ("label", "attributes")]


class Wrongs:
    """What is wrong with files that are read together: collected, then told all at once."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._problems: list[list[Problem]] = [[] for _ in paths]
        self.count = 0
        """Of all that is wrong, told or not."""
        self._listed = 0
        self._left_off = 0

    def add(self, place: Place, text: str, word: str = "", known: Sequence[str] = ()) -> None:
        """`word`: an unknown name, for which the nearest of `known` is suggested."""
        if self._listed < MAX_PROBLEMS:
            self._listed += 1
            self._problems[place.file].append(Problem(place.mark, text, word, known))
        else:
            self._left_off += 1
        self.count += 1

    def again(self) -> None:
        """What was told already is wrong here too."""
        self.count += 1

    def say(self, place: Place, seen_from: Place) -> str:
        """A second place, for a sentence about the first."""
        at = f"{place.mark.line}:{place.mark.column}"
        return at if place.file == seen_from.file else f"{show(str(self._paths[place.file]))}:{at}"

    def stop(self) -> None:
        """Raises SpecError when there is anything to tell."""
        if not self.count:
            return
        texts = [str(spec_error(path, found)) for path, found in zip(self._paths, self._problems, strict=True) if found]
        if self._left_off:
            texts.append(f"and {self._left_off} more")
        raise SpecError("\n".join(texts))


class _Wrong(Exception):  # noqa: N818 - ends the parser at a place that Wrongs then tells
    def __init__(self, text: str, mark: Mark = Mark(1, 1)) -> None:  # noqa: B008 - immutable
        super().__init__(text)
        self.text = text
        self.mark = mark


def parse(path: Path, file: int, wrongs: Wrongs) -> Node | None:
    """The root element of a file, or None where one could not be read; `wrongs` then says why."""
    try:
        return _Parser(file, wrongs).parse(_read(path))
    except _Wrong as wrong:
        wrongs.add(Place(file, wrong.mark), wrong.text)
        return None


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _Wrong("not a regular file")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _Wrong("there is no such file") from None
    except (OSError, ValueError) as error:
        raise _Wrong(f"cannot be read: {(isinstance(error, OSError) and error.strerror) or error}") from None
    if len(data) > MAX_BYTES:
        raise _Wrong(f"larger than {MAX_BYTES >> 20} MiB")
    return data


class _Parser:
    """Refuses what could make a small file large (entities) and what could lead elsewhere (external DTDs)."""

    def __init__(self, file: int, wrongs: Wrongs) -> None:
        self._file = file
        self._wrongs = wrongs
        self._open: list[Node] = []
        self._root: Node | None = None
        self._count = 0
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._doctype
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text

    def parse(self, data: bytes) -> Node | None:
        # The parser would look up others among Python's codecs, some of which are not made for foreign bytes.
        if found := re.match(rb"""[^>]{,99}encoding\s*=\s*["']([^"']{,99})""", data[:200]):
            name = found[1].decode("ascii", "backslashreplace")
            if name.upper() not in ENCODINGS:
                raise _Wrong(f"encoding {show(name)}: write the file in UTF-8")
        try:
            self._expat.Parse(data, True)
        except expat.ExpatError as error:
            inside = f" (inside {self._say(self._open[-1])})" if self._open else ""
            raise _Wrong(
                f"not XML: {expat.ErrorString(error.code)}{inside}", _mark(error.lineno, error.offset)
            ) from None
        except (ValueError, LookupError) as error:
            raise _Wrong(f"not XML in a known encoding: {show(str(error))}", self._here()) from None
        return self._root

    def _here(self) -> Mark:
        return _mark(self._expat.CurrentLineNumber, self._expat.CurrentColumnNumber)

    def _stop(self, text: str) -> NoReturn:
        raise _Wrong(text, self._here())

    def _say(self, node: Node) -> str:
        return f"<{node.tag}> of line {node.place.mark.line}"

    def _doctype(self, name: str, system: str | None, public: str | None, has_subset: bool) -> None:
        # The standard's own examples have <!DOCTYPE opsa-mef>: harmless.
        if has_subset or system or public:
            self._stop("document type declarations and entities are not read: take <!DOCTYPE ...> away")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            self._stop(f"more than {MAX_ELEMENTS:,} elements")
        if len(self._open) >= MAX_DEPTH:
            self._stop(f"elements are nested more than {MAX_DEPTH} deep")
        node = Node(tag, attributes, Place(self._file, self._here()))
        if self._open:
            self._open[-1].children.append(node)
        elif tag == ROOT:
            self._root = node
        else:
            self._stop(f"the outermost element is {show(tag)}, not {ROOT}")
        self._open.append(node)

    def _end(self, tag: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if not text.isspace() and self._open[-1].tag != "label":
            place = Place(self._file, self._here())
            self._wrongs.add(place, f"text in {self._say(self._open[-1])}: {show(text.strip())}; only labels have text")


def _mark(line: int, column: int) -> Mark:
    """The parser counts columns from 0."""
    return Mark(line, column + 1)
