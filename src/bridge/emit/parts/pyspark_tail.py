
@STREAM@
for row in rows.collect():
    print(json.dumps(row.asDict()))
spark.stop()
