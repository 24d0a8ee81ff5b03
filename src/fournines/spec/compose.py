"""YAML tokens -> document.

Not accepted: tags, merge keys, several documents, keys that are not text, control characters. Aliases are accepted
as far as the tree with all of them expanded stays below MAX_NODES.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fournines.spec.document import Entry, Mapping, Node, Scalar, Sequence
from fournines.spec.problems import Mark, Problem, Problems, show
from fournines.spec.tokens import Token

MAX_NODES = 200_000
MAX_DEPTH = 32


def compose(tokens: Iterator[Token]) -> tuple[Mapping, list[Problem]]:
    """The document, and what is wrong with single nodes of it.

    Raises Problems when there is no document to speak of: not YAML, empty, too deep, too large.
    """
    composer = _Composer(tokens)
    try:
        return composer.document(), composer.problems
    except Problems as fatal:
        raise Problems([*composer.problems, *fatal.problems]) from None


@dataclass(slots=True)
class _Composer:
    tokens: Iterator[Token]
    problems: list[Problem] = field(default_factory=list[Problem])
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict[str, tuple["Node", int]])
    """Anchor -> node and number of values in it."""
    nodes: int = 0

    def document(self) -> Mapping:
        root: Node | None = None
        for token in self.tokens:
            if token.kind != "document":
                root = self.node(token, 0)
            elif root is not None:
                self.wrong(token.mark, "a second document; a file holds one cloud")
                break
        if root is None or (isinstance(root, Scalar) and root.text is None):
            raise Problems([Problem(Mark(1, 1), "the file is empty; it needs at least name, networks and hosts")])
        if not isinstance(root, Mapping):
            raise Problems([Problem(root.mark, "expected `key: value` lines, beginning with `name:`")])
        return root

    def wrong(self, mark: Mark, text: str) -> None:
        self.problems.append(Problem(mark, text))

    def grow(self, mark: Mark, by: int) -> None:
        self.nodes += by
        if self.nodes > MAX_NODES:
            raise Problems([Problem(mark, f"more than {MAX_NODES} values (aliases expanded)")])

    def node(self, token: Token, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise Problems([Problem(token.mark, f"nested deeper than {MAX_DEPTH} levels")])
        if token.kind == "alias":
            return self.alias(token)
        before = self.nodes
        self.grow(token.mark, 1)
        if token.tag:
            self.wrong(token.mark, f"the tag {show(token.tag)}: tags are not accepted")
        if token.kind == "sequence":
            node = Sequence(tuple(self.node(item, depth + 1) for item in self.until_end()), token.mark)
        elif token.kind == "mapping":
            node = self.mapping(token.mark, depth)
        else:
            node = Scalar(token.text, token.mark)
            if token.text and not token.text.replace("\n", "").replace("\t", "").isprintable():
                self.wrong(token.mark, f"control characters in {show(token.text)}")
        # Only now: an alias inside its own anchor is then an alias to nothing, and the tree has no circles.
        if token.anchor:
            self.anchors[token.anchor] = node, self.nodes - before
        return node

    def until_end(self) -> Iterator[Token]:
        for token in self.tokens:
            if token.kind == "end":
                return
            yield token

    def alias(self, token: Token) -> Node:
        if token.anchor not in self.anchors:
            name = show(token.anchor)
            self.wrong(token.mark, f"the alias {name} has no complete anchor of that name before it")
            return Scalar(None, token.mark)
        node, size = self.anchors[token.anchor]
        self.grow(token.mark, size)
        return node

    def mapping(self, mark: Mark, depth: int) -> Mapping:
        found: dict[str, Entry] = {}
        for token in self.until_end():
            key = self.node(token, depth + 1)
            value = self.node(next(self.tokens), depth + 1)
            if not isinstance(key, Scalar) or key.text is None:
                self.wrong(token.mark, "a key must be text")
            elif key.text == "<<":
                self.wrong(token.mark, "merge keys are not accepted; write a range such as c[1-3] instead")
            elif key.text in found:
                line = found[key.text].key.line
                self.wrong(token.mark, f"the key {show(key.text)} is already at line {line}")
            else:
                found[key.text] = Entry(token.mark, value)
        return Mapping(found, mark)
