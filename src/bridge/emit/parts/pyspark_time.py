
# A time is a number @COUNTS@,
# or a date and time as in RFC 3339, in UTC where it names no zone. A leap second is the one before it.
stamp = F.trim(@TIME@)
count = stamp.try_cast("double")
@MICROS@
text = F.regexp_extract(F.translate(stamp, ",", "."), r"^\d{4}-\d\d-\d\d[Tt ]\d\d:.*$", 0)
text = F.regexp_replace(text, r"(:\d\d):60", "$1:59")
text = F.regexp_replace(text, r"(:\d\d(?:\.\d+)?) ?([+-]\d\d):?(\d\d)?$", "$1$2:$3")
text = F.regexp_replace(text, r":$", ":00")
time = F.coalesce(
    F.timestamp_micros(F.rint(micros).try_cast("bigint")),
    text.try_cast("timestamp"),
)
time = F.when(F.year(time).between(1678, 2261), time)  # no other is counted by streamlab
