
files = sorted({file for pattern in SOURCES for file in glob.glob(pattern, recursive=True)})
lines = pl.LazyFrame(
    {"line": [record for file in files for record in records(Path(file).read_bytes())]},
    schema={"line": pl.String},
)
