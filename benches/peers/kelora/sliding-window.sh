#!/bin/sh
# Two passes: when the window starts, then what is in it.
shift
start=$(kelora --input-format json --parallel --quiet --exec 'track_max("newest", e.timestamp)' \
  --end 'print((metrics.newest * 1000).floor().to_int() - 60000)' "$@")
exec kelora --input-format json --parallel --quiet --filter "e.timestamp * 1000 >= $start" --exec '
  if e.message.starts_with("HTTP Status Code: ") {
    let class = e.message.sub_string(18, 1);
    if class >= "1" && class <= "9" { track_freq("total", e.service) }
    if class == "4" || class == "5" { track_freq("failures", e.service) }
  }' --end '
  for service in metrics.total.keys() {
    print(#{service: service, total: metrics.total[service], failures: metrics.failures[service]}.to_json())
  }' "$@"
