"""The probes of drills, standing: they ask a cloud in production for ever, and Prometheus asks what they saw.

    probers (fournines.prove.prober) -> pipe -> Metrics -> /metrics      `nines watch`
    Cloud.sla -> recording and alerting rules                            `nines watch --rules`

standing.py   the prober processes, and the pipe that their samples come through
outcome.py    what one sample says of the cloud; nothing, where the prober was late itself
condition.py  what a probe's samples come to: served or not, since when
metrics.py    the same in Prometheus' words
serve.py      /metrics over HTTP
rules.py      burn rates that wake somebody
run.py        all of it together, until a signal
"""
