
rows, read, counted = pl.collect_all(
    [rows, lines.select(pl.len()), requests.select(pl.len())], engine="streaming"
)
print(f"read {read.item()} records, counted {counted.item()}", file=sys.stderr)
if not counted.item():
    sys.exit("no record counted: do the fields have the names that stand above?")
for row in rows.iter_rows(named=True):
    print(json.dumps({**row, "ci95": interval(row["@HITS@"], row["total"])}))
