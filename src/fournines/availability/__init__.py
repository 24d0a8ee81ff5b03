"""How often a design is down: fault trees, their exact probability and minimal cut sets, and simulated years.

Knows nothing of clouds: `fournines.predict` makes the trees. Arrows:

    openpsa -> tree <- graph <- bdd <- cut_sets, importance     exact
    tree <- live <- renewal;  streams <- downtime               simulated
    beta <- coverage                                            what drills show
"""
