"""Break a cloud under probes, and say what its clients saw.

prober     its own process: open-loop probes -> samples
processes  starts and ends these; fleet: with what probes on hosts, and follows their samples
outages    samples -> outages (pure)
budgets    what a class of fault may cost; bounds: what the configured timers allow
audits/    what must still be true afterwards
errands    which hosts make the probes that only a host can make; leftovers: what probes leave, and its removal
drill      the order of it all; report: what is told
"""
