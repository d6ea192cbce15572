# All fields are text, whatever they hold. A line that is no JSON has none.
logs = (
    spark.read.schema(FIELDS)
    .options(allowSingleQuotes=False, allowNonNumericNumbers=False)
    .json(paths)
)
