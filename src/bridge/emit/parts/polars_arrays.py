
lines = pl.LazyFrame(
    {"line": [record for file in files() for record in records(Path(file).read_bytes())]},
    schema={"line": pl.String},
)
