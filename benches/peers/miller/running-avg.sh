#!/bin/sh
# Equal messages are counted first, so that the expressions run once a message and not once a record.
case $1 in array) input=--ijson ;; *) input=--ijsonl ;; esac
shift
exec mlr "$input" --ojsonl \
  count-distinct -f service,message \
  then filter '$message =~ "^HTTP Status Code: [1-9]"' \
  then put '$success = $message =~ "^HTTP Status Code: 2" ? $count : 0' \
  then stats1 -a sum -f count,success -g service \
  then rename count_sum,total,success_sum,success "$@"
