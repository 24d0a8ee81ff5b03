"""A diagram with modules made into one diagram of basic events alone."""

from __future__ import annotations

from collections.abc import Sequence

from fournines.availability.diagram import Diagram
from fournines.availability.nodes import FALSE, TRUE, Nodes

_OPEN, _CLOSE, _DONE = 0, 1, 2


def opened(diagram: Diagram, order: Sequence[str], most: int) -> Diagram:
    """Each node that asks a module replaced by the module's own nodes, which lead to where that node led.

    `order`: all its events, those of a module adjacent and where the module is. Raises TooManyNodesError when it takes
    more than `most` nodes.
    """
    level = {name: number for number, name in enumerate(order)}
    nodes = Nodes()
    nodes.limit = most
    known: dict[tuple[int, int, int], int] = {}
    todo = [(_OPEN, diagram.root, FALSE, TRUE)]
    done: list[int] = []
    while todo:
        step, node, false, true = todo.pop()
        if step == _OPEN:
            found = (false, true)[node] if node < 2 else known.get((node, false, true))
            if found is not None:
                done.append(found)
                continue
            todo += (
                (_CLOSE, node, false, true),
                (_OPEN, diagram.low[node], false, true),
                (_OPEN, diagram.high[node], false, true),
            )
        elif step == _CLOSE:
            low = done.pop()
            high = done.pop()
            variable = diagram.variable[node]
            module = diagram.modules[variable]
            todo.append((_DONE, node, false, true))
            if module < 0:
                done.append(nodes.node(level[diagram.names[variable]], low, high))
            else:
                todo.append((_OPEN, module, low, high))
        else:
            known[node, false, true] = done[-1]
    return Diagram.of(order, [-1] * len(order), nodes, done[0])
