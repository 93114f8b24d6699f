"""A relay between a browser and the app that keeps all that the app has sent."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65536
END = b'data: {"msg":"close_stream"'  # of what the app answers with


class Relay:
    """Listens at ``port`` and passes everything on to the app's port, both ways.

    What the browser may take compressed is hidden from the app, so that its words can be read. The end of a stream of
    answers is held back for ``late_s`` seconds, as a packet that is lost and sent again holds it back.
    """

    def __init__(self, port: int, late_s: float = 0.0) -> None:
        self._to = port
        self._late_s = late_s
        self.held = 0  # ends
        self._lock = threading.Lock()
        self._sent = bytearray()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def sent(self) -> str:
        """All that the app has sent so far, as text; JSON's quotes are bare."""
        with self._lock:
            return bytes(self._sent).decode("utf-8", "replace").replace('\\"', '"')

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                browser, _ = self._server.accept()
                app = socket.create_connection(("127.0.0.1", self._to))
                threading.Thread(target=self._pass_on, args=(browser, app, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(app, browser, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, is_kept: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if is_kept:
                    with self._lock:
                        self._sent += data
                    before, end, after = data.partition(END)
                    self.held += bool(end and self._late_s)
                    sink.sendall(before)
                    if end:
                        time.sleep(self._late_s)
                    sink.sendall(end + after)
                else:
                    sink.sendall(data.replace(b"Accept-Encoding:", b"X-Not-Encoding: "))
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relayed(port: int, late_s: float = 0.0) -> Iterator[Relay]:
    relay = Relay(port, late_s)
    yield relay
    relay.close()
