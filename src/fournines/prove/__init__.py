"""Break a cloud under probes, and say what its clients saw.

prober    its own process: open-loop probes -> samples
fleet     starts, follows and stops the prober
outages   samples -> outages (pure)
budgets   what a class of fault may cost; bounds: what the configured timers allow
audits/   what must still be true afterwards
drill     the order of it all; report: what is told
"""
