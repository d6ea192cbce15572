#!/bin/sh
# jq takes the fields out, awk counts: three times as fast as counting in jq.
case $1 in array) each='.[]' ;; *) each='.' ;; esac
shift
jq -r "$each | .service + \"\t\" + .message" "$@" |
  awk -F '\t' '
    $2 ~ /^HTTP Status Code: [1-9]/ { total[$1]++; success[$1] += substr($2, 19, 1) == "2" }
    END {
      for (service in total)
        printf "{\"service\": \"%s\", \"total\": %d, \"success\": %d}\n", service, total[service], success[service]
    }'
