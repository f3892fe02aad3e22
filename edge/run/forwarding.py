"""From the workers' pipe to standard error: a thread of the control process.

A thread, because a slow reader of standard error (a full journal, a stopped terminal) must hold up
nothing but the log. It rests between reads, so that a busy edge pays for one pass for many lines.
"""

import os
import select
import threading
import time

_READ_BYTES = 1 << 20
_REST_S = 0.02


class LogForwarder:
    """Owns the read end of the pipe while it runs."""

    def __init__(self, source_fd: int, target_fd: int) -> None:
        self._source = source_fd
        self._target = target_fd
        self._wake_r, self._wake_w = os.pipe()
        self._thread = threading.Thread(target=self._run, name="log-forwarder", daemon=True)

    def start(self) -> None:
        """Begin to forward."""
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """Forward what is in the pipe still, then end; give up after `patience_s`."""
        os.write(self._wake_w, b".")
        self._thread.join(patience_s)

    def _run(self) -> None:
        os.set_blocking(self._source, False)
        poller = select.poll()
        poller.register(self._source, select.POLLIN)
        poller.register(self._wake_r, select.POLLIN)
        is_stopping = False
        while not is_stopping:
            ready = {fd for fd, _ in poller.poll()}
            is_stopping = self._wake_r in ready
            self._forward()
            if not is_stopping:
                time.sleep(_REST_S)

    def _forward(self) -> None:
        try:
            while data := os.read(self._source, _READ_BYTES):
                while data:
                    data = data[os.write(self._target, data) :]
        except OSError:
            return  # empty for now; or standard error is gone, and with it whoever would read
