#!/bin/sh
shift
exec kelora --input-format json --parallel --quiet --exec '
  if e.message.starts_with("HTTP Status Code: ") {
    track_freq("total", e.service);
    if e.message.starts_with("HTTP Status Code: 2") { track_freq("success", e.service) }
  }' --end '
  for service in metrics.total.keys() {
    print(#{service: service, total: metrics.total[service], success: metrics.success[service]}.to_json())
  }' "$@"
