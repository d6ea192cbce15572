"""Event time out of whatever a log writes, in microseconds since the epoch: the rules of streamlab.

A time that cannot be told, or lies outside the years 1678 to 2261, is BAD and never a wrong instant.
"""

import datetime
import functools
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

_MONTHS = "january february march april may june july august september october november december".split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


def _names(names):
    """A name whole, or its first three letters."""
    return "(" + "|".join(f"{name}|{name[:3]}" for name in names) + ")(?![a-z])"


_TIME = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?(.*)"
_DATE_TIME = re.compile(r"([0-9]{4})([-/])([0-9]{2})\2([0-9]{2})[Tt ]" + _TIME, re.DOTALL)
_BASIC = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})(?:[.,]([0-9]+))?(.*)", re.DOTALL
)
_WEEKDAY = re.compile(_names(_WEEKDAYS) + ",? *", re.IGNORECASE | re.ASCII)
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})([/ -])" + _names(_MONTHS) + r"\2([0-9]{4}|[0-9]{2})(?::|, | )" + _TIME, re.IGNORECASE | re.DOTALL | re.ASCII
)
_MONTH_FIRST = re.compile(
    _names(_MONTHS) + r" +([0-9]{1,2}),? +(?:([0-9]{4}),? +)?" + _TIME, re.IGNORECASE | re.DOTALL | re.ASCII
)
_SIGNED = re.compile(r"([+-])([0-9]{2})(?::?([0-9]{2}))?")
_TAG = re.compile(r"\[(!?)([^\]]+)\]")
_ABBREVIATION = re.compile("[A-Za-z]{2,5}")
# Abbreviations that stand for one offset wherever they are in use, in minutes east of UTC.
UNMISTAKABLE = {
    "ACDT": 630, "ACST": 570, "ADT": -180, "AEDT": 660, "AEST": 600, "AKDT": -480, "AKST": -540,
    "AST": -240, "AWST": 480, "BST": 60, "CAT": 120, "CEST": 120, "CET": 60, "EAT": 180,
    "EDT": -240, "EEST": 180, "EET": 120, "EST": -300, "HDT": -540, "HKT": 480, "HST": -600,
    "JST": 540, "KST": 540, "MDT": -360, "MSK": 180, "MST": -420, "NDT": -150, "NST": -210,
    "NZDT": 780, "NZST": 720, "PDT": -420, "PKT": 300, "SAST": 120, "WAT": 60, "WEST": 60,
    "WET": 0, "WIB": 420,
}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
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
        if text.startswith("["):
            text = text[1:].removesuffix("]")
        if re.match("[0-9]{4}[-/]", text):
            found = _DATE_TIME.fullmatch(text)
            return self._placed(*found.group(1, 3, 4, 5, 6, 7, 8, 9)) if found else BAD
        if re.match(".{8}[Tt][0-9]", text, re.DOTALL):
            found = _BASIC.fullmatch(text)
            return self._placed(*found.groups()) if found else BAD
        if re.match("[A-Za-z]|[0-9]{1,2}[/ -]", text):
            return self._words(text)
        if re.fullmatch(r"[+-]?[0-9]+", text) and -I64_MAX - 1 <= int(text) <= I64_MAX:
            return self._number(int(text))
        return self._number(float(text)) if _NUMBER.fullmatch(text) else BAD

    def _words(self, text):
        """A date with the name of a month."""
        weekday = _WEEKDAY.match(text)
        text = text[weekday.end() :] if weekday else text
        if found := _DAY_FIRST.fullmatch(text):
            day, _, month, year, *time, zone = found.groups()
            if len(year) == 2:
                year = int(year) + (2000 if int(year) < 69 else 1900)
        elif found := _MONTH_FIRST.fullmatch(text):
            month, day, year, *time, zone = found.groups()
            if year is None:
                ahead = re.match(" *([0-9]+)", zone)
                if ahead and len(ahead[1]) == 4:
                    year, zone = ahead[1], zone[ahead.end() :]
                else:
                    zone, _, year = zone.rpartition(" ")
                    if not re.fullmatch("[0-9]{4}", year):
                        return BAD
        else:
            return BAD
        month = next(place for place, name in enumerate(_MONTHS) if name.startswith(month.lower())) + 1
        civil = _civil([year, month, day, 0, 0, 0])
        if weekday and (civil is None or civil.weekday() != _weekday(weekday[1])):
            return BAD
        return self._placed(year, month, day, *time, zone)

    def _placed(self, year, month, day, hour, minute, second, fraction, zone):
        micros = int((fraction or "").ljust(6, "0")[:6])
        civil, zone = _civil([year, month, day, hour, minute, second or 0]), _zone(zone)
        if civil is None or zone is None:
            return BAD
        kind, value = zone
        if kind == "offset":
            return _in_range((civil - _EPOCH) // _MICROSECOND - value * 10**6 + micros)
        if kind == "abbreviation":
            away = self._abbreviated(value, civil)
        else:
            place = self.zone if kind == "local" else _place(value)
            try:
                away = place and civil.replace(tzinfo=place).utcoffset() // _MICROSECOND
            except OverflowError:
                return BAD
        return BAD if away is None else _in_range((civil - _EPOCH) // _MICROSECOND - away + micros)

    def _abbreviated(self, name, civil):
        """What an abbreviation stands for in the zone of the log, else wherever it is in use."""
        for days_away in (0, 91, 182, 273):
            for fold in (0, 1):
                try:
                    local = (civil + datetime.timedelta(days=days_away)).replace(tzinfo=self.zone, fold=fold)
                    if (local.tzname() or "").lower() == name.lower():
                        return local.utcoffset() // _MICROSECOND
                except OverflowError:
                    pass
        minutes = UNMISTAKABLE.get(name.upper())
        return None if minutes is None else minutes * 60 * 10**6


def _civil(parts):
    year, month, day, hour, minute, second = (int(part) for part in parts)
    try:
        # A leap second is the last one of its minute.
        return datetime.datetime(year, month, day, hour, minute, 59 if second == 60 else second)
    except ValueError:
        return None


def _weekday(name):
    return next(place for place, whole in enumerate(_WEEKDAYS) if whole.startswith(name.lower()))


def _zone(text):
    """What stands behind a time of day, as a kind and a value; None where it is no zone."""
    text, bracket, tags = text.partition("[")
    name = None
    if bracket:
        tags = "[" + tags
        if not re.fullmatch(f"(?:{_TAG.pattern})+", tags):
            return None
        for critical, tag in _TAG.findall(tags):
            if "=" in tag:
                if critical:
                    return None
            else:
                name = name or tag
    text = text.split(" (")[0].strip()
    if not text:
        return ("name", name) if name else ("local", None)
    first, _, rest = text.partition(" ")
    offset = _offset_seconds(first)
    if offset is not None:
        words = rest.split()
        known = (_ABBREVIATION.fullmatch(word) or _offset_seconds(word) is not None or word[:2] == "m=" for word in words)
        return ("offset", offset) if all(known) else None
    if rest or bracket:
        return None
    if _ABBREVIATION.fullmatch(first):
        return ("abbreviation", first)
    return ("name", first) if "/" in first else None


@functools.cache
def _places():
    return {name.lower(): name for name in zoneinfo.available_timezones()}


def _place(name):
    """The zone of that name, if there is one."""
    known = _places().get(name.lower())
    return known and zoneinfo.ZoneInfo(known)


def _offset_seconds(zone):
    if zone.upper() in ("Z", "UTC", "GMT", "UT"):
        return 0
    if zone[:3] in ("UTC", "GMT"):
        zone = zone[3:]
        # As Java has it.
        zone = zone[0] + "0" + zone[1] if len(zone) == 2 else zone
    found = _SIGNED.fullmatch(zone)
    if not found:
        return None
    hours, minutes = int(found[2]), int(found[3] or 0)
    seconds = hours * 3600 + minutes * 60
    return (seconds if found[1] == "+" else -seconds) if hours < 24 and minutes < 60 else None


def _in_range(micros):
    return micros if EARLIEST_US <= micros < END_US else BAD


def _any_text(tokens):
    return pc.any(pc.starts_with(tokens, '"')).as_py()


def _token_value(token):
    from records import strict_value

    return strict_value(token)
