"""Break a cloud again and again, unattended, and keep what was seen.

kinds     which faults this cloud can suffer, and where (pure but for the question whether its hosts can)
choice    seed -> an endless sequence of drills (pure)
folder    one campaign's evidence on disk; what makes it go on after `kill -9`
outcome   what one drill came to
tally     what drills of one kind came to
run       one drill after the other, until asked, time, a violation, or three in a row that say nothing
prepare   a real cloud under it: what is written down first, and what drills work with
evidence  of what the cloud was made: digest of its configuration, versions, predictions; logs: its daemons' words
text      a line a drill, and the closing table
"""
