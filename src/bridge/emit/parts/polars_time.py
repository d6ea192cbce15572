
# A time is a number @COUNTS@,
# or a date and time as in RFC 3339, in UTC where it names no zone.
text = field(@TIME@).str.replace(",", ".", literal=True)
count = text.cast(pl.Float64, strict=False)
@MICROS@
time = pl.coalesce(
    micros.round().cast(pl.Int64, strict=False).cast(pl.Datetime("us", "UTC")),
    text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
    (text + "Z").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
)
@AHEAD@
