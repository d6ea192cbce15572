#!/bin/sh
shift
exec kelora --input-format json --parallel --quiet --exec '
  if e.message.starts_with("HTTP Status Code: ") {
    let class = e.message.sub_string(18, 1);
    if class >= "1" && class <= "9" { track_freq("total", e.service) }
    if class == "2" { track_freq("success", e.service) }
  }' --end '
  for service in metrics.total.keys() {
    print(#{service: service, total: metrics.total[service], success: metrics.success[service]}.to_json())
  }' "$@"
