
# A time is a number @COUNTS@,
# or a date and time as in RFC 3339, in UTC where it names no zone. A leap second is the one before it.
text = (
    field(@TIME@).str.strip_chars().str.replace(",", ".", literal=True)
    .str.replace(r"(:\d\d):60", "${1}:59")
    .str.replace(r"(:\d\d(?:\.\d+)?) ?([+-]\d\d)(?::?(\d\d))?$", "${1}${2}:${3}")
    .str.replace(r":$", ":00")
)
count = text.str.strip_prefix("+").cast(pl.Float64, strict=False)
@MICROS@
time = pl.coalesce(
    micros.round().cast(pl.Int64, strict=False).cast(pl.Datetime("us", "UTC")),
    text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
    (text + "Z").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
)
time = pl.when(time.dt.year().is_between(1678, 2261)).then(time)  # no other is counted by streamlab
@AHEAD@
