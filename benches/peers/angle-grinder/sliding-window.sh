#!/bin/sh
# Two passes: when the window starts, then what is in it.
shift
start=$(cat "$@" | agrind -o json '* | json | max(timestamp) as newest' |
  awk -F '[:}]' '{ printf "%.0f", int($2 * 1000) - 60000 }')
cat "$@" | agrind -o json "* | json
  | where timestamp * 1000 >= $start
  | count by service, message
  | parse regex \"^HTTP Status Code: (?P<status>[1-9]..)\" from message
  | if(status >= 400 && status < 600, _count, 0) as hit
  | sum(_count) as total, sum(hit) as failures by service"
