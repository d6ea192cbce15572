requests = logs.select(
    @COLUMNS@
    time.alias("time"),
    F.when(@TIMELY@, @HIT@).alias("failures"),
).dropna(subset="failures")
rows = (
    requests.groupBy(F.window("time", @LENGTHS@), *KEYS)
    .agg(F.count("*").alias("total"), F.count_if("failures").alias("failures"))
    .orderBy("window", *KEYS)
    .select(
        F.date_format("window.start", TIME_FORMAT).alias("start"),
        F.date_format("window.end", TIME_FORMAT).alias("end"),
        *KEYS,
        "total",
        "failures",
        (F.col("failures") / F.col("total")).alias("failure_rate"),
    )
)
