
rows, read, counted = pl.collect_all(
    [rows, lines.select(pl.len()), requests.select(pl.len())], engine="streaming"
)
print(rows.write_ndjson(), end="")
print(f"read {read.item()} records, counted {counted.item()}", file=sys.stderr)
