requests = logs.select(
    @COLUMNS@
    @HIT@.alias("success"),
).dropna(subset="success")
rows = (
    requests.groupBy(KEYS)
    .agg(F.count("*").alias("total"), F.count_if("success").alias("success"))
    .withColumn("success_rate", F.col("success") / F.col("total"))
    .orderBy(KEYS)
)
