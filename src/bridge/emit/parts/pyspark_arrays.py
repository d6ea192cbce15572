# All fields are text, whatever they hold. A record that is no JSON has none.
lines = (
    spark.read.format("binaryFile")
    .load(paths)
    .select(F.explode(F.udf(records, "array<string>")("content")).alias("line"))
)
strict = {"allowSingleQuotes": False, "allowNonNumericNumbers": False}
logs = lines.select(F.from_json("line", FIELDS, strict).alias("record")).select("record.*")
