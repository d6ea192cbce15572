
# A time is a number @COUNTS@,
# or a date and time as in RFC 3339, in UTC where it names no zone.
count = F.col(@TIME@).try_cast("double")
@MICROS@
text = F.regexp_extract(@TIME@, r"^\d{4}-\d\d-\d\d[Tt ]\d\d:.*$", 0)
time = F.coalesce(
    F.timestamp_micros(F.rint(micros).try_cast("bigint")),
    F.translate(text, ",", ".").try_cast("timestamp"),
)
