
@STREAM@
found = [row.asDict() for row in rows.collect()]
spark.stop()
for row in found:
    print(json.dumps({**row, "ci95": interval(row["@HITS@"], row["total"])}))
if not found:
    sys.exit("no record counted: do the fields have the names that stand above?")
