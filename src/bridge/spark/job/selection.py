"""Which files are read: those that a source is, and those within one by their paths; each once, however many
links lead to it, since Spark lists a file for each of its paths.

A file is read by the path that leads to it without a link inside of its source. Where there is no such path, or
it has several names on the disk, the first of its paths that comes is noted in the checkpoint, and no other one
is read.
"""

import os
import re


class Selection:
    def __init__(self, plan):
        self._sources = [
            (
                os.fsencode(os.path.normpath(source["base"])),
                os.path.realpath(os.fsencode(source["base"])),
                os.fsencode(source["prefix"]),
                _expressions(source["include"]),
                _expressions(source["exclude"]),
            )
            for source in plan["sources"]
        ]
        self._notes = os.fsencode(os.path.join(plan["checkpoint"], "links"))

    def has(self, path):
        """Whether a file belongs to a source, and is not read by another path."""
        path = os.fsencode(path)
        return self._is_kept(path) and self._is_chosen(path)

    def _is_kept(self, path):
        return any(path == base or _is_within(path, base, *rest) for base, _, *rest in self._sources)

    def _is_chosen(self, path):
        real = os.path.realpath(path)
        straight = (self._straight(real, base, real_base) for base, real_base, *_ in self._sources)
        straight = next((other for other in straight if other), None)
        if straight is not None and straight != path:
            return False
        state = os.stat(path)
        return (straight is not None and state.st_nlink == 1) or self._is_first(path, state)

    def _straight(self, real, base, real_base):
        """The path below a source that leads to a file without a link, where Spark finds it there."""
        if real == real_base:
            return base
        if not real.startswith(real_base.rstrip(b"/") + b"/"):
            return None
        within = real[len(real_base.rstrip(b"/")) + 1 :]
        is_hidden = any(part.startswith((b".", b"_")) for part in within.split(b"/"))
        path = os.path.join(base, within)
        return None if is_hidden or not self._is_kept(path) else path

    def _is_first(self, path, state):
        """Notes a path, unless another one of its file is noted. A link is made by one of all tasks."""
        os.makedirs(self._notes, exist_ok=True)
        number = 0
        while True:
            note = os.path.join(self._notes, b"%x-%d" % (state.st_ino, number))
            try:
                os.symlink(path, note)
                return True
            except FileExistsError:
                known = os.readlink(note)
            if known == path:
                return True
            try:
                if os.path.samestat(os.stat(known), state):
                    return False
            except OSError:
                # It is gone; its number on the disk may have been given again.
                pass
            number += 1


def _expressions(texts):
    # Rust's mark for bytes, which Python does without.
    return [re.compile(text.removeprefix("(?-u)").encode(), re.DOTALL) for text in texts]


def _is_within(path, base, prefix, include, exclude):
    if not path.startswith(base.rstrip(b"/") + b"/"):
        return False
    within = path[len(base.rstrip(b"/")) + 1 :]
    whole = os.path.join(prefix, within)
    return any(one.fullmatch(whole) for one in include) and not any(one.fullmatch(within) for one in exclude)
