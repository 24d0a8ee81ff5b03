#!/bin/sh
# Sourced. Prints how many microseconds ago it was START, a value of EPOCHREALTIME.
since() {
    local now=$EPOCHREALTIME
    # Seconds and microseconds apart, for the shell counts in whole numbers. 10#: a leading 0 is no octal.
    echo $(((${now%.*} - ${1%.*}) * 1000000 + 10#${now#*.} - 10#${1#*.}))
}
