requests = lines.select(
    @COLUMNS@
    start=@START@,
    failures=pl.when(@TIMELY@).then(@HIT@),
).drop_nulls("failures")
rows = (
    @WINDOWS@.group_by("start", *KEYS)
    .agg(total=pl.len(), failures=pl.col("failures").sum())
    .sort("start", *KEYS)
    .select(
        pl.col("start").dt.to_string(TIME_FORMAT),
        (pl.col("start") + SIZE).dt.to_string(TIME_FORMAT).alias("end"),
        *KEYS,
        "total",
        "failures",
        failure_rate=pl.col("failures") / pl.col("total"),
    )
)
