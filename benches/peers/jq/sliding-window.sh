#!/bin/sh
# Two passes: when the window starts, then what is in it. jq takes the fields out, awk counts.
case $1 in array) each='.[]' ;; *) each='.' ;; esac
shift
start=$(jq -r "$each | .timestamp" "$@" |
  awk '$1 > newest { newest = $1 } END { printf "%.0f", int(newest * 1000) - 60000 }')
jq -r "$each | select(.timestamp * 1000 >= $start) | .service + \"\t\" + .message" "$@" |
  awk -F '\t' '
    $2 ~ /^HTTP Status Code: [1-9]/ { total[$1]++; failures[$1] += substr($2, 19, 1) ~ /[45]/ }
    END {
      for (service in total)
        printf "{\"service\": \"%s\", \"total\": %d, \"failures\": %d}\n", service, total[service], failures[service]
    }'
