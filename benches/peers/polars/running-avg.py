import sys

import polars as pl

schema = {"service": pl.String, "message": pl.String}
if sys.argv[1] == "array":
    events = pl.concat([pl.read_json(file, schema=schema).lazy() for file in sys.argv[2:]])
else:
    events = pl.scan_ndjson(sys.argv[2:], schema=schema)
message = pl.col("message").str
answer = (
    events.filter(message.starts_with("HTTP Status Code: "))
    .group_by("service")
    .agg(total=pl.len(), success=message.starts_with("HTTP Status Code: 2").sum())
    .collect(engine="streaming")
)
print(answer.write_ndjson())
