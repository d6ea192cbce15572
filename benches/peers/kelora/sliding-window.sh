#!/bin/sh
# Two passes: when the window starts, then what is in it.
shift
start=$(kelora --input-format json --parallel --quiet --exec 'track_max("newest", e.timestamp)' \
  --end 'print((metrics.newest * 1000).floor().to_int() - 60000)' "$@")
exec kelora --input-format json --parallel --quiet --filter "e.timestamp * 1000 >= $start" --exec '
  if e.message.starts_with("HTTP Status Code: ") {
    track_freq("total", e.service);
    if e.message.sub_string(18, 1) in ["4", "5"] { track_freq("failures", e.service) }
  }' --end '
  for service in metrics.total.keys() {
    print(#{service: service, total: metrics.total[service], failures: metrics.failures[service]}.to_json())
  }' "$@"
