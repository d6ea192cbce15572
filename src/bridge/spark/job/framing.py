"""Where records begin and end, whatever they are wrapped in: the rules of streamlab's own framing.

A stream is a sequence of JSON objects. White space, commas, array brackets, NUL bytes, byte order
marks and record separators between them mean nothing. A line that begins with `{` begins a record;
what is not an object is junk, to the end of its value or line.

Only what has no learned shape comes here (see shapes.py), so this is exact before it is quick.
"""

import re

OBJECT, JUNK, PARTIAL = "object", "junk", "partial"

MAX_DEPTH = 1024
MAX_INDENT_BYTES = 4096

_SEPARATORS = re.compile(rb"(?:[\n\r \t,\[\]\x1e\x00]|\xef\xbb\xbf)*")
_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*')
_SCALAR = re.compile(rb"[^ \t\r\n,\]}]*")
_SCALAR_WORD = re.compile(rb"true|false|null|[0-9+\-.eE]*")
_SCALAR_FIRST = re.compile(rb"[\-+.0-9a-zA-Z]")
_AFTER_VALUE = re.compile(rb"[ \t]*([,\]\n\r]|\Z)?")
# `, {"` or `, {}` within a line, or the line's end.
_ELEMENT_BREAK = re.compile(rb'\n|,(?=[ \t\r]{0,63}\{[ \t\r]{0,63}["}])')


class Unframed(Exception):
    """No object that is whole."""


class _Broken(Unframed):
    """An object that can be no record, from the place in `args[0]` on."""


class _Cut(Unframed):
    """The bytes end before the value does."""


def skip_separators(data, at):
    """The first place at or after `at` that is no separator, or the length."""
    return _SEPARATORS.match(data, at).end()


def frame(data, start, last):
    """What stands at `start`, which is no separator, as (kind, end). PARTIAL where its end has not
    been seen yet; there is no such thing in the last bytes of a stream."""
    try:
        if data[start : start + 1] != b"{":
            return JUNK, _other_value_end(data, start, last)
        try:
            return OBJECT, object_end(data, start)
        except _Broken as broken:
            place, indent = broken.args[0], indentation(data, start)
            if indent is None:
                end = _broken_element_end(data, place, start)
            else:
                end = _broken_lines_end(data, place, start, indent)
            return JUNK, _trim_end(data, start, end)
    except _Cut:
        return (JUNK, _trim_end(data, start, len(data))) if last else (PARTIAL, start)


def object_end(data, start):
    """Walks the tokens of the object at `start` to its closing brace. Checks their order, not what
    strings and numbers hold."""
    stack, expect, at = [b"}"], "key or close", start + 1
    # Written over several lines without indentation: what is nested may stand at the first column.
    is_flat = re.match(rb'\r?\n"', data[at : at + 3]) is not None
    while True:
        space = _SPACE.match(data, at)
        led = data.find(b"\n{", at, space.end() + 1)
        if led >= 0 and not (is_flat and expect in ("value", "value or close")):
            raise _Broken(led + 1)
        at = space.end()
        byte = data[at : at + 1]
        if not byte:
            raise _Cut
        if byte == b'"' and expect != "colon" and expect != "comma or close":
            at = string_end(data, at)
            expect = "colon" if expect in ("key", "key or close") else "comma or close"
        elif byte == b":" and expect == "colon":
            at, expect = at + 1, "value"
        elif byte == b"," and expect == "comma or close":
            at, expect = at + 1, "key" if stack[-1] == b"}" else "value"
        elif byte in b"{[" and expect in ("value", "value or close"):
            if len(stack) == MAX_DEPTH:
                raise _Broken(at)
            stack.append(b"}" if byte == b"{" else b"]")
            at, expect = at + 1, "key or close" if byte == b"{" else "value or close"
        elif byte == stack[-1] and expect in ("comma or close", "key or close", "value or close"):
            at, expect = at + 1, "comma or close"
            stack.pop()
            if not stack:
                return at
        elif expect in ("value", "value or close") and _SCALAR_FIRST.match(byte):
            at = _SCALAR.match(data, at).end()
            if at == len(data):
                raise _Cut
            expect = "comma or close"
        else:
            raise _Broken(at)


def string_end(data, start):
    end = _STRING.match(data, start).end()
    if data[end : end + 1] == b'"':
        return end + 1
    if data[end : end + 2] == b"\\\n":
        end += 1
    if data[end : end + 1] != b"\n":
        raise _Cut
    # Where the next line begins a record, that is the place.
    raise _Broken(end + (data[end + 1 : end + 2] == b"{"))


def indentation(data, start):
    """How far `start` is indented, if it is the first thing on its line."""
    line = start
    while line > 0 and data[line - 1] in b" \t" and start - line <= MAX_INDENT_BYTES:
        line -= 1
    leads = line == 0 or data[line - 1] == 0x0A
    return start - line if leads and start - line <= MAX_INDENT_BYTES else None


def _line_end(data, at):
    found = data.find(b"\n", at)
    if found < 0:
        raise _Cut
    return found


def _broken_lines_end(data, at, start, indent):
    """A broken record that leads its line ends with the line, or, where it spans lines, before the
    next one that is indented no deeper (with that line's brace, if it closes the record)."""
    line = data.rfind(b"\n", start, at) + 1
    if not line:
        return _line_end(data, at)
    # What broke the record is the next one.
    if data[at : at + 1] == b"{" and at - line <= indent and not data[line:at].strip(b" \t\r"):
        return line
    line_end = at - 1 if line == at else _line_end(data, at)
    while True:
        line = line_end + 1
        text = re.compile(rb"[ \t]*").match(data, line).end()
        if text == len(data):
            raise _Cut
        if text - line <= indent and data[text] not in b"\r\n":
            return text + 1 if data[text] == 0x7D else line
        line_end = _line_end(data, text)


def _broken_element_end(data, at, start):
    """A broken record inside a line ends before the next element, or with the line. Where `at`, the
    place that broke it, is a brace, that is the next element."""
    brace = at if data[at : at + 1] == b"{" else None
    found = _ELEMENT_BREAK.search(data, start + 1, len(data) if brace is None else brace)
    if found is None and brace is None:
        raise _Cut
    end = found.start() if found else brace
    return start + len(data[start:end].rstrip(b" \t\r\n,")) or end


def _other_value_end(data, start, last):
    """A value that is no object ends where it ends, if a separator follows; any other text ends with
    its line or before the next element."""
    first, end = data[start], None
    if first == 0x22:
        try:
            end = string_end(data, start)
        except _Broken:
            pass
        except _Cut:
            if not last:
                raise
    elif first in b"-0123456789abcdefghijklmnopqrstuvwxyz":
        word_end = _SCALAR.match(data, start).end()
        # More may come of what ends with the bytes.
        if _SCALAR_WORD.fullmatch(data, start, word_end) or word_end == len(data) and not last:
            end = word_end
    follower = None if end is None else _AFTER_VALUE.match(data, end)[1]
    if follower == b"" and not last:
        raise _Cut
    if follower is not None:
        return end
    return _trim_end(data, start, _broken_element_end(data, start, start))


def _trim_end(data, start, end):
    return max(start + len(data[start:end].rstrip(b" \t\r\n")), start + 1)
