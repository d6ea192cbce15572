requests = lines.select(
    @COLUMNS@
    success=@HIT@,
).drop_nulls("success")
rows = (
    requests.group_by(KEYS)
    .agg(total=pl.len(), success=pl.col("success").sum())
    .with_columns(success_rate=pl.col("success") / pl.col("total"))
    .sort(KEYS)
)
