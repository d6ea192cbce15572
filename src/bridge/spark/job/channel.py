"""The way back to streamlab: one JSON object a line on its Unix socket."""

import json
import socket
import threading


class Channel:
    """Sends messages, and notices when streamlab wants no more of them.

    streamlab asks for an orderly end by closing its sending half, or goes away altogether; both show
    as the end of what there is to read. `on_end` is called once for that, on another thread.
    """

    def __init__(self, path, on_end):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._lock = threading.Lock()
        self._on_end = on_end
        threading.Thread(target=self._watch, daemon=True).start()

    def send(self, **message):
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            with self._lock:
                self._socket.sendall(line.encode())
        except OSError:
            self._on_end()

    def _watch(self):
        try:
            while self._socket.recv(4096):
                pass
        except OSError:
            pass
        self._on_end()
