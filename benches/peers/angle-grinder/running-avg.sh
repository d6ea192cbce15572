#!/bin/sh
# Equal messages are counted first, so that they are parsed once a message and not once a record.
shift
cat "$@" | agrind -o json '* | json
  | count by service, message
  | parse regex "^HTTP Status Code: (?P<status>[1-9]..)" from message
  | if(status >= 200 && status < 300, _count, 0) as hit
  | sum(_count) as total, sum(hit) as success by service'
