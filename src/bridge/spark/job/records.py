"""One record, exactly: strict JSON, the fields that a plan names, its time, status and key."""

import json
import re
import time

import framing
from times import Clock

MISSING = object()
NESTED_LABEL = "(nested)"
I64_MIN, U64_MAX = -(2**63), 2**64 - 1

# A number beyond the range of a double has such an exponent, or so many digits.
_HUGE = re.compile(r"[0-9][eE]\+?[0-9]{3}|[0-9]{300}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_STATED = re.compile(r"\+?[0-9]+")
_DIGITS = re.compile(r"([1-9][0-9]{2})(?![0-9])")
MARK = "HTTP Status Code: "


def _refuse(_):
    raise ValueError("not valid JSON")


def _finite(text):
    number = float(text)
    return _refuse(text) if number in (float("inf"), float("-inf")) else number


def _finite_integer(text):
    return int(text) if len(text) < 300 else _finite(text)


_decoder = json.JSONDecoder(parse_constant=_refuse)
_wary_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite, parse_int=_finite_integer)
# Keeps each of several fields of one name.
_pairs_decoder = json.JSONDecoder(object_pairs_hook=list)


def strict_value(text):
    """The value of a JSON text; a ValueError where JSON, or streamlab, has none."""
    value = (_wary_decoder if _HUGE.search(text) else _decoder).decode(text)
    if _SURROGATE.search(text):
        # Half a pair has no UTF-8, wherever it is; that is a ValueError too.
        json.dumps(_pairs_decoder.decode(text), ensure_ascii=False).encode()
    return value


def strict_object(raw):
    """The object whose bytes are `raw`, or None. Needs a recursion limit beyond the depth allowed."""
    try:
        text = raw.decode()
        if text.count("{") + text.count("[") > framing.MAX_DEPTH:
            # An early check: the parser would go as deep as the text says.
            framing.object_end(raw + b"\n", 0)
        value = strict_value(text)
    except (ValueError, framing.Unframed):
        return None
    return value if isinstance(value, dict) else None


def find(value, keys):
    """The field below `value` at a path. A key may hold the dots of the path itself, a key of digits
    also takes an element of an array; of several, the last one counts."""
    if not keys:
        return value
    if isinstance(value, dict):
        if len(keys) == 1:
            return value.get(keys[0], MISSING)
        rests = {".".join(keys[:taken]): keys[taken:] for taken in range(1, len(keys) + 1)}
        found = MISSING
        for key, inner in value.items():
            if key in rests:
                inner = find(inner, rests[key])
                found = found if inner is MISSING else inner
        return found
    if isinstance(value, list) and keys[0].isdigit() and int(keys[0]) < len(value):
        return find(value[int(keys[0])], keys[1:])
    return MISSING


def stated_status(value):
    """The status in a status field, 0 where there is none."""
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if _STATED.fullmatch(text) and len(text) < 10 else 0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        return 0
    return int(value) if 100 <= value <= 999 else 0


def told_status(message):
    """The status behind the first mark in a message, 0 where there is none."""
    place = message.find(MARK)
    digits = _DIGITS.match(message, place + len(MARK)) if place >= 0 else None
    return int(digits[1]) if digits else 0


def key_value(value):
    """A field as a part of a key: what JSON can tell apart stays apart."""
    if value is MISSING:
        return None
    if isinstance(value, (dict, list)):
        return NESTED_LABEL
    if isinstance(value, int) and not I64_MIN <= value <= U64_MAX:
        return float(value)
    return value


def key_text(values):
    """The canonical JSON of a key."""
    return json.dumps([key_value(value) for value in values], ensure_ascii=False, separators=(",", ":"))


class Reader:
    """Reads records as a plan says."""

    def __init__(self, plan):
        ahead = plan["max_ahead_us"]
        # A reader lives as long as a task: a run may go on for longer than times may be ahead.
        latest = None if ahead is None else time.time_ns() // 1000 + ahead
        self.clock = Clock(plan["time_unit"], plan["time_zone"], latest)
        self.roles = plan["roles"]
        self.by = [column["path"] for column in plan["by"]]

    def read(self, raw):
        """Time (None, times.BAD), status (0 for none) and key of the record in `raw`; None where it is no
        JSON object."""
        record = strict_object(raw)
        if record is None:
            return None
        time = self.clock.read(self._known(record, "time"))
        status = stated_status(self._known(record, "status"))
        if not status:
            message = self._known(record, "message")
            status = told_status(message) if isinstance(message, str) else 0
        key = [(status or None) if path is None else find(record, path) for path in self.by]
        return time, status, key_text(key)

    def _known(self, record, role):
        path = self.roles[role]
        value = MISSING if path is None else find(record, path)
        return None if value is MISSING else value
