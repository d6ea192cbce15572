#!/bin/sh
# Two passes: when the window starts, then what is in it.
case $1 in array) input=--ijson ;; *) input=--ijsonl ;; esac
shift
start=$(mlr "$input" --onidx stats1 -a max -f timestamp \
  then put -q 'print int(floor($timestamp_max * 1000)) - 60000' "$@")
exec mlr "$input" --ojsonl \
  filter "\$timestamp * 1000 >= $start" \
  then count-distinct -f service,message \
  then filter '$message =~ "^HTTP Status Code: [1-9]"' \
  then put '$failures = $message =~ "^HTTP Status Code: [45]" ? $count : 0' \
  then stats1 -a sum -f count,failures -g service \
  then rename count_sum,total,failures_sum,failures "$@"
