"""Event time out of whatever a log writes, in microseconds since the epoch: the rules of streamlab.

A time that cannot be told, or lies outside the years 1678 to 2261, is BAD and never a wrong instant.
"""

import datetime
import re
import zoneinfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BAD = object()

NANOS_PER_UNIT = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}
# Below these, a count is seconds, milliseconds, microseconds; else nanoseconds.
MAGNITUDES = [(10**11, "s"), (10**14, "ms"), (10**17, "us")]
EARLIEST_US, END_US = -9_214_560_000_000_000, 9_214_646_400_000_000
I64_MAX = 2**63 - 1

_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?(.*)", re.DOTALL
)
_OFFSET = re.compile(r" ?([+-])([0-9]{2})(?::?([0-9]{2}))?")
_APACHE = re.compile(r"([0-9]{2})/([A-Za-z]{3})/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-][0-9]{2}:?[0-9]{2})")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_EPOCH = datetime.datetime(1970, 1, 1)
_MICROSECOND = datetime.timedelta(microseconds=1)
# What Arrow reads as we do: RFC 3339 in UTC.
_PLAIN_UTC = r'^"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{1,9})?Z"$'


class Clock:
    """How a log writes its times."""

    def __init__(self, unit, zone, latest):
        self.unit, self.latest = unit, latest
        self.zone = zoneinfo.ZoneInfo(zone)

    def read(self, value):
        """The time that a JSON value tells: None where there is none, BAD where it is no time."""
        if value is None:
            return None
        if isinstance(value, str):
            micros = self._text(value.strip())
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            return BAD
        else:
            micros = self._number(value)
        return BAD if micros is BAD or self.latest is not None and micros > self.latest else micros

    def read_tokens(self, tokens):
        """The times of an array of JSON tokens, as microseconds and as masks of what has none and of
        what is BAD."""
        known = self._float_tokens(tokens) or self._int_tokens(tokens) or self._utc_tokens(tokens)
        if known is None:
            # A dictionary, since a token that nothing else reads is often a null.
            codes = tokens.dictionary_encode()
            read = [self.read(_token_value(token)) for token in codes.dictionary.to_pylist()]
            of_code = np.array([0 if time is BAD or time is None else time for time in read], np.int64)
            masks = [np.array([time is kind for time in read], bool) for kind in (None, BAD)]
            indices = codes.indices.to_numpy()
            return of_code[indices], masks[0][indices], masks[1][indices]
        micros, bad = known
        if self.latest is not None:
            bad |= micros > self.latest
        return micros, np.zeros(len(micros), bool), bad

    def _nanos_per_unit(self, magnitude):
        if self.unit == "auto":
            return NANOS_PER_UNIT[next((unit for below, unit in MAGNITUDES if magnitude < below), "ns")]
        return NANOS_PER_UNIT[self.unit]

    def _number(self, count):
        if isinstance(count, int):
            nanos = count * self._nanos_per_unit(abs(count))
            return _in_range(nanos // 1000)
        if count != count or abs(count) == float("inf"):
            return BAD
        nanos_per_unit = self._nanos_per_unit(abs(count))
        # A double has 16 digits: today's times are sound to the microsecond, and rounding there
        # gives back the decimal that was written.
        step = min(nanos_per_unit, 1000)
        return _in_range(round(count * (nanos_per_unit // step)) * step // 1000)

    def _float_tokens(self, tokens):
        if not pc.all(pc.match_substring(tokens, ".")).as_py() or _any_text(tokens):
            return None
        counts = tokens.cast(pa.float64()).to_numpy()
        units = self._units_of(np.abs(counts))
        per_micro = np.maximum(units // 1000, 1)
        steps = np.rint(counts * per_micro)
        bad = (steps < EARLIEST_US) | (steps >= END_US)
        # Only nanoseconds are finer than the step.
        steps[bad] = 0
        nanos = units == 1
        if nanos.any():
            return None
        return steps.astype(np.int64), bad

    def _int_tokens(self, tokens):
        try:
            counts = tokens.cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            return None
        units = self._units_of(np.abs(counts))
        least = -(-EARLIEST_US * 1000 // units)
        bad = (counts < least) | (counts >= END_US * 1000 // units)
        counts = np.where(bad, 0, counts)
        return np.where(units == 1, counts // 1000, counts * (units // 1000)), bad

    def _units_of(self, magnitudes):
        if self.unit != "auto":
            return np.full(len(magnitudes), NANOS_PER_UNIT[self.unit])
        units = [NANOS_PER_UNIT[unit] for _, unit in MAGNITUDES]
        return np.select([magnitudes < below for below, _ in MAGNITUDES], units, 1)

    def _utc_tokens(self, tokens):
        if not pc.all(pc.match_substring_regex(tokens, _PLAIN_UTC)).as_py():
            return None
        try:
            times = pc.utf8_trim(tokens, '"').cast(pa.timestamp("ns", "UTC"))
        except pa.ArrowInvalid:
            return None
        micros = times.cast(pa.int64()).to_numpy() // 1000
        return micros, (micros < EARLIEST_US) | (micros >= END_US)

    def _text(self, text):
        if re.match(r"[0-9]{4}-", text):
            return self._date_time(text)
        if text[1:2] == "/" or text[2:3] == "/" or text[:1] == "[":
            return _apache(text.strip("[]"))
        if re.fullmatch(r"[+-]?[0-9]+", text) and -I64_MAX - 1 <= int(text) <= I64_MAX:
            return self._number(int(text))
        return self._number(float(text)) if _NUMBER.fullmatch(text) else BAD

    def _date_time(self, text):
        found = _DATE_TIME.fullmatch(text)
        if not found:
            return BAD
        *parts, fraction, zone = found.groups()
        micros = int((fraction or "").ljust(6, "0")[:6])
        civil = _civil(parts)
        if civil is None:
            return BAD
        if zone:
            offset = _offset_seconds(zone)
            return BAD if offset is None else _in_range((civil - _EPOCH) // _MICROSECOND - offset * 10**6 + micros)
        try:
            away = civil.replace(tzinfo=self.zone).utcoffset() // _MICROSECOND
        except OverflowError:
            return BAD
        return _in_range((civil - _EPOCH) // _MICROSECOND - away + micros)


def _civil(parts):
    year, month, day, hour, minute, second = (int(part) for part in parts)
    try:
        # A leap second is the last one of its minute.
        return datetime.datetime(year, month, day, hour, minute, 59 if second == 60 else second)
    except ValueError:
        return None


def _offset_seconds(zone):
    if zone in ("Z", "z", "UTC", " UTC", " Z"):
        return 0
    found = _OFFSET.fullmatch(zone)
    if not found:
        return None
    hours, minutes = int(found[2]), int(found[3] or 0)
    seconds = hours * 3600 + minutes * 60
    return (seconds if found[1] == "+" else -seconds) if hours < 24 and minutes < 60 else None


def _apache(text):
    found = _APACHE.fullmatch(text)
    if not found or found[2].lower() not in _MONTHS:
        return BAD
    day, month, year, *time, zone = found.groups()
    civil, offset = _civil([year, _MONTHS.index(month.lower()) + 1, day, *time]), _offset_seconds(zone)
    return BAD if civil is None or offset is None else _in_range((civil - _EPOCH) // _MICROSECOND - offset * 10**6)


def _in_range(micros):
    return micros if EARLIEST_US <= micros < END_US else BAD


def _any_text(tokens):
    return pc.any(pc.starts_with(tokens, '"')).as_py()


def _token_value(token):
    from records import strict_value

    return strict_value(token)
