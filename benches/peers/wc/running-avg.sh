#!/bin/sh
# No answer, only the time it takes to find the newlines: the floor for whoever looks at each byte.
shift
exec wc -l "$@"
