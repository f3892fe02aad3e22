"""Record the first bytes a real TLS client sends: `capture.py NAME COMMAND...`.

`{port}` in the command becomes the port of a listener on 127.0.0.1 that reads until the client
waits for an answer, writes NAME.bin beside this file and closes. The client's failure is expected.
"""

import socket
import subprocess
import sys
from pathlib import Path

_PORT = 24433
_QUIET_S = 1.0
_CONNECT_LIMIT_S = 15.0


def capture(command: list[str]) -> bytes:
    """Run the client once and return what it sent before it waited for the server."""
    with socket.create_server(("127.0.0.1", _PORT)) as listener:
        listener.settimeout(_CONNECT_LIMIT_S)
        arguments = [word.replace("{port}", str(_PORT)) for word in command]
        client = subprocess.Popen(arguments, stdin=subprocess.DEVNULL)
        connection, _ = listener.accept()
        received = bytearray()
        with connection:
            connection.settimeout(_QUIET_S)
            try:
                while part := connection.recv(65536):
                    received += part
            except TimeoutError:
                pass
        client.wait()
    return bytes(received)


if __name__ == "__main__":
    name, *words = sys.argv[1:]
    Path(__file__).with_name(f"{name}.bin").write_bytes(capture(words))
