"""From a folder of evidence to one HTML page and its data. Pure: the same folder gives the same bytes.

files       what the JSON files of a folder must look like
read        folder -> Evidence
recompute   outages anew from the samples
evidence    the data types
verdict     what was seen, per user-visible service, and in one sentence
classes     percentiles per class of fault, against budget and bound
forecast    what was predicted before each drill against what was measured
checks      the audits of all drills
weak        what the verdict stands on that nobody measured
statistics  what drills and rates say of a year (`posterior`), and which weak points were drilled
document    all of it; also the `--json` contract
words       numbers as people read them
draw/       inline SVG
page        the HTML
"""
