"""From a cloud to how often its user-visible services are down: the needs graph as fault trees, rates, predictions."""
