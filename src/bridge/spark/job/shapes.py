"""Shapes of records, learned from the data: a regular expression that only sound records match, and
that yields the fields of thousands of them in one call.

A log writes the same record over and over. The shape of one keeps its keys, punctuation and white
space as they are, and lets any scalar stand where it has one. So what matches is one JSON object,
without a look at the rest of it; what does not goes the exact way (records.py).
"""

import json
import re

import pyarrow.compute as pc

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|[{}\[\],:]|[ \t\r\n]+')

# Without exponents and \u, which need a closer look: see records.strict_value.
_SCALAR = r'(?:"(?:[%s]|\\["\\/bfnrt])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false|null)'
_ASCII = _SCALAR % r" !#-\[\]-\x7f"
_UNICODE = _SCALAR % r'^"\\\x00-\x1f'
_SEPARATORS = r"[ \t\r\n,\[\]\x00]*"


class Shape:
    """How one kind of record is written, and where the fields of a plan are in it."""

    def __init__(self, parts, fields):
        pattern = f"^{_SEPARATORS}{''.join(parts)}{_SEPARATORS}$"
        self._ascii, self._unicode = (
            pattern.replace("<scalar>", scalar) for scalar in (_ASCII, _UNICODE)
        )
        # The slots of the plan that this shape has; the others are missing.
        self.fields = fields

    def match(self, pieces, is_ascii):
        """For each piece, the raw JSON of the fields, a struct; null where it is of another shape."""
        return pc.extract_regex(pieces, self._ascii if is_ascii else self._unicode)


def learn(text, paths):
    """The shape of the record that `text`, a sound one, is; None where it has none of use.

    `paths` are those of the fields, by slot; None for a field that the plan has not.
    """
    parts, fields, seen = [], set(), set()
    for kind, token, path in _walk(text):
        slots = [slot for slot, wanted in paths.items() if wanted and path and _leads_to(path, wanted)]
        if kind == "key":
            # A key that comes twice, or that is written with escapes, is for the exact way.
            if path in seen or "\\" in token:
                return None
            seen.add(path)
        if kind == "container" and slots or kind == "scalar" and fields.intersection(slots) or len(slots) > 1:
            return None
        if kind != "scalar":
            parts.append(_literal(token))
        elif slots:
            fields.update(slots)
            parts.append(f"(?P<{slots[0]}><scalar>)")
        else:
            parts.append("<scalar>")
    # An expression without a group yields nothing; and RE2 is quick only up to four groups.
    return Shape(parts, fields) if 0 < len(fields) <= 4 else None


def _literal(token):
    # The mark of a scalar must not be taken for one in a key.
    return re.escape(token).replace("<", r"\x3c")


def _walk(text):
    """The tokens of a JSON text as (kind, token, path of the value that it is or begins)."""
    stack, key = [], None
    for token in _TOKEN.findall(text):
        inside = stack[-1] if stack else None
        if token[0] in " \t\r\n:" or token in "}]" or token == ",":
            if token in "}]":
                stack.pop()
            elif token == ",":
                key = None
                if inside["index"] is not None:
                    inside["index"] += 1
            yield "literal", token, ()
            continue
        if inside and inside["index"] is None and key is None:
            key = json.loads(token)
            yield "key", token, (*inside["path"], key)
            continue
        step = () if not inside else (key,) if inside["index"] is None else (str(inside["index"]),)
        path = (*inside["path"], *step) if inside else ()
        if token in "{[":
            stack.append({"path": path, "index": None if token == "{" else 0})
            key = None
            yield "container", token, path
        else:
            yield "scalar", token, path


def _leads_to(path, wanted):
    """Whether a value at `path` is the field `wanted`, whose keys may stand joined by dots."""
    if not path or not wanted:
        return not path and not wanted
    return any(
        path[0] == ".".join(wanted[:taken]) and _leads_to(path[1:], wanted[taken:])
        for taken in range(1, len(wanted) + 1)
    )
