import sys

import polars as pl

schema = {"service": pl.String, "timestamp": pl.Float64, "message": pl.String}
if sys.argv[1] == "array":
    events = pl.concat([pl.read_json(file, schema=schema).lazy() for file in sys.argv[2:]])
else:
    events = pl.scan_ndjson(sys.argv[2:], schema=schema)
message = pl.col("message").str
status_class = message.slice(18, 1)
(
    events.filter(message.starts_with("HTTP Status Code: "))
    .filter(status_class.is_between(pl.lit("1"), pl.lit("9")))
    .group_by((pl.col("timestamp") / 10).floor() * 10, "service")
    .agg(total=pl.len(), failures=status_class.is_in(["4", "5"]).sum())
    .rename({"timestamp": "start"})
    .sink_csv("/dev/stdout", engine="streaming")
)
