"""Bytes to columns: the time, status and key of every record, and how many there are that are none.

The bytes are cut into pieces where a record is likely to begin. Pieces of a known shape are read by
the thousand, all others exactly; and a piece counts only if what stands before it ends there, as if
all were read from left to right.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import framing
import records
import shapes
from times import BAD

# Enough for the parser to go as deep as a record may be.
RECURSION_LIMIT = 4 * framing.MAX_DEPTH
MAX_SHAPES = 16
# What is left of a block is read exactly where it is less than this.
FEW_PIECES = 32
LONG_NUMBER = "[0-9]{300}"

NOTHING, RECORD, DEAD = 0, 1, 2


class Columns:
    """One entry a piece: what it is, and of a record, what is in it."""

    def __init__(self, count):
        self.kind = np.zeros(count, np.int8)
        self.time = np.zeros(count, np.int64)
        self.has_time = np.zeros(count, bool)
        self.status = np.zeros(count, np.int16)
        self.key = np.zeros(count, np.int32)

    def append(self, entries):
        """Adds records as (time, status, key code), where a None is a dead letter."""
        more = Columns(len(entries))
        for place, entry in enumerate(entries):
            if entry is None or entry[0] is BAD:
                more.kind[place] = DEAD
                continue
            time, more.status[place], more.key[place] = entry
            more.kind[place], more.has_time[place], more.time[place] = RECORD, time is not None, time or 0
        for name, column in vars(self).items():
            setattr(self, name, np.concatenate([column, getattr(more, name)]))


class Decoder:
    """Decodes blocks of one plan; it knows the shapes that it has met."""

    def __init__(self, plan):
        sys.setrecursionlimit(max(RECURSION_LIMIT, sys.getrecursionlimit()))
        self.reader = records.Reader(plan)
        roles = plan["roles"]
        self.paths = {"time": roles["time"], "message": roles["message"], "status": roles["status"]}
        # A field that also has a role is read once.
        self.key_slots = []
        for place, path in enumerate(self.reader.by):
            known = next((slot for slot, other in self.paths.items() if path and path == other), None)
            self.key_slots.append("code" if path is None else known or f"key{place}")
            if path and not known:
                self.paths[f"key{place}"] = path
        self.shapes = []

    def decode(self, data, last):
        """The columns of a block, the texts of its keys, and, where more will follow, what has to
        stand before that: the record that is not whole yet."""
        starts = _piece_starts(data)
        columns, keys = Columns(len(starts)), {}
        self._match_shapes(data, starts, columns, keys)
        rest = self._read_others(data, starts, columns, keys, last)
        return columns, list(keys), rest

    def _match_shapes(self, data, starts, columns, keys):
        pieces, is_ascii = _string_array(data, starts)
        left = np.arange(len(starts))
        if len(starts) and np.diff(starts, append=len(data)).max() >= 300:
            left = np.flatnonzero(~pc.match_substring_regex(pieces, LONG_NUMBER).to_numpy(zero_copy_only=False))
        tried, refused = 0, 0
        while len(left) >= FEW_PIECES and (tried < len(self.shapes) or refused < MAX_SHAPES):
            if tried == len(self.shapes):
                shape, left, refused = self._learn(data, starts, left, refused)
                if shape is None:
                    continue
                self.shapes.append(shape)
            shape = self.shapes[tried]
            tried += 1
            matched = shape.match(pieces if len(left) == len(starts) else pieces.take(left), is_ascii)
            hits = matched.is_valid().to_numpy(zero_copy_only=False)
            if hits.any():
                fields = matched.filter(hits) if not hits.all() else matched
                self._take(shape, fields, left[hits], columns, keys)
                left = left[~hits]
        del self.shapes[MAX_SHAPES:]

    def _learn(self, data, starts, left, refused):
        """A shape of the first piece of those left. A piece that has none is left to others."""
        piece = int(left[0])
        end = starts[piece + 1] if piece + 1 < len(starts) else len(data)
        raw = data[starts[piece] : end].strip(b" \t\r\n,[]\x00")
        record = records.strict_object(raw)
        shape = None if record is None else shapes.learn(raw.decode(), self.paths)
        # One that does not match its own record again, as with an exponent, is passed over too.
        if shape and not shape.match(pa.array([raw.decode()]), raw.isascii()).is_valid()[0].as_py():
            shape = None
        return (shape, left, refused + 1) if shape else (None, left[1:], refused + 1)

    def _take(self, shape, matched, places, columns, keys):
        """Puts the fields of the records that matched into their places."""
        count = len(matched)
        nulls = pa.repeat(pa.scalar("null"), count)
        tokens = {slot: matched.field(slot) if slot in shape.fields else nulls for slot in self.paths}
        bad = np.zeros(count, bool)
        if "time" in shape.fields:
            time, none, bad = self.reader.clock.read_tokens(tokens["time"])
            columns.time[places], columns.has_time[places] = time, ~none
        status = np.zeros(count, np.int16)
        if "status" in shape.fields:
            status = _map_tokens(tokens["status"], lambda token: records.stated_status(records.strict_value(token)))
        if "message" in shape.fields and not status.all():
            status = np.where(status == 0, _told_statuses(tokens["message"]), status)
        columns.status[places] = status
        columns.kind[places] = np.where(bad, DEAD, RECORD)
        columns.key[places] = self._keys(tokens, status, keys)

    def _keys(self, tokens, status, keys):
        if "code" in self.key_slots:
            codes = pa.array(status, mask=status == 0).cast(pa.string()).fill_null("null")
            tokens = {**tokens, "code": codes}
        parts = [tokens[slot] for slot in self.key_slots]
        joined = parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, ",")

        def code_of(text):
            values = records.strict_value(f"[{text}]")
            return keys.setdefault(records.key_text(values), len(keys))

        return _map_tokens(joined, code_of)

    def _read_others(self, data, starts, columns, keys, last):
        """Reads from left to right what no shape has matched; answers what is left over."""
        extra, resume, end = [], 0, len(data)
        for piece in np.flatnonzero(columns.kind == NOTHING).tolist():
            if starts[piece] < resume:
                continue
            at = int(starts[piece])
            while True:
                at = framing.skip_separators(data, at)
                follower = int(np.searchsorted(starts, at, "right")) - 1
                if at == len(data) or follower > piece and framing.skip_separators(data, int(starts[follower])) == at:
                    break
                start = at
                kind, at = framing.frame(data, start, last)
                if kind == framing.PARTIAL:
                    at, end = len(data), start
                    break
                extra.append(self._read(data[start:at], kind, keys))
            # What matched inside of something else is no record.
            resume = at if at == len(data) else int(starts[follower])
            columns.kind[piece : len(starts) if at == len(data) else follower] = NOTHING
        columns.append(extra)
        return b"" if last else _rest(data, end)

    def _read(self, raw, kind, keys):
        record = self.reader.read(raw) if kind == framing.OBJECT else None
        if record is None:
            return None
        time, status, key = record
        return time, status, keys.setdefault(key, len(keys))


def _rest(data, end):
    """What follows `end`, behind what says whether that leads its line."""
    indent = framing.indentation(data, end)
    return b"," + data[end:] if indent is None else data[end - indent :]


def _piece_starts(data):
    """Where lines begin, and, in lines that do not begin with a record, where elements of an array do."""
    octets = np.frombuffer(data, np.uint8)
    starts = np.concatenate([[0], np.flatnonzero(octets == ord("\n")) + 1])
    starts = starts[starts < len(octets)]
    in_array = octets[starts] != ord("{")
    if in_array.any():
        braces = np.flatnonzero(octets[2:] == ord("{")) + 2
        before, space = octets[braces - 1], octets[braces - 1] == ord(" ")
        follows_comma = (before == ord(",")) | space & (octets[braces - 2] == ord(","))
        braces = braces[follows_comma]
        braces = braces[in_array[np.searchsorted(starts, braces, "right") - 1]]
        starts = np.union1d(starts, braces)
    return starts


def _string_array(data, starts):
    """The pieces without a copy, and whether none but ASCII may be matched in them."""
    is_ascii = data.isascii()
    if not is_ascii:
        try:
            data.decode()
        except UnicodeDecodeError:
            is_ascii = True
    offsets = np.append(starts, len(data)).astype(np.int32)
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets), pa.py_buffer(data)), is_ascii


def _map_tokens(tokens, function):
    """Calls a function once for each distinct token."""
    codes = tokens.dictionary_encode()
    values = np.array([function(token) for token in codes.dictionary.to_pylist()], np.int32)
    return values[codes.indices.to_numpy()]


def _told_statuses(messages):
    """The statuses told in messages, which may all be different: what follows the mark is not."""
    codes = messages.dictionary_encode()
    found = pc.extract_regex(codes.dictionary, f"(?s)(?P<told>{records.MARK}.{{0,4}})")
    told = pc.struct_field(found, "told").fill_null("")
    return _map_tokens(told, records.told_status)[codes.indices.to_numpy()]
