"""How often a design is down: fault trees, their exact probability and minimal cut sets, and simulated years.

Knows nothing of clouds: `fournines.predict` makes the trees. Arrows: openpsa, ccf -> tree <- bdd <- cut_sets; simulate.
"""
