"""What a campaign's drills say about how many nines the cloud will hold. Drills show that failovers work, never how
often parts fail: each figure has an interval, and what no drill showed is called assumed.

    read -> observation -> trial -> classes (coverage; recovery: how long)
    rates file -> event_rates (gamma)         predict -> model: sources of outages, cut sets, as plain data
    trial, model -> takeovers -> services -> years: P(yearly downtime <= budget), and what it hangs on
    trial, model -> cuts                      all of them -> posterior -> text

Pure but for `read`. Random draws are seeded by what is drawn, so nothing depends on the order of things.
"""
