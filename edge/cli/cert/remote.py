"""The edge that runs, over HTTP on its unix socket. No event loop: one request, one answer."""

import http.client
import socket
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

import msgspec

from edge.cli.cert.asking import CallError, OnEvent
from edge.ops.certcalls import Call, request_of
from edge.ops.certproblems import Problem

_NDJSON: Final = "application/x-ndjson"
_CONNECT_S: Final = 5.0
_LOOK_S: Final = 30.0
"""For what is only looked at. An order takes as long as the CA takes."""
_MAX_ANSWER_BYTES: Final = 16 << 20
_MAX_LINE_BYTES: Final = 1 << 20


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of an answer has one of these; the others are events."""

    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: Problem | msgspec.UnsetType = msgspec.UNSET


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, sock: socket.socket) -> None:
        # The Host field must say something; nobody looks it up.
        super().__init__("localhost")
        self.sock = sock


class Remote:
    """A running edge, connected to."""

    def __init__(self, sock: socket.socket, path: Path) -> None:
        self._sock = sock
        self._path = path

    def call(self, call: Call, on_event: OnEvent) -> bytes:
        """Ask for it, passing on events as they come. Raises CallError."""
        request = request_of(call)
        self._sock.settimeout(None if request.method == "POST" else _LOOK_S)
        connection = _UnixConnection(self._sock)
        try:
            headers = {} if request.body is None else {"Content-Type": "application/json"}
            connection.request(request.method, request.target, request.body, headers)
            with connection.getresponse() as response:
                return self._answer(response, on_event)
        except TimeoutError:
            message = f"the edge at {self._path} did not answer in {_LOOK_S:g} s"
            raise CallError(message, "Look into its log.") from None
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            raise CallError(
                f"the edge at {self._path} broke off: {type(error).__name__}",
                "Look into its log; `stalwart-edge cert list` shows what was done.",
            ) from error
        finally:
            connection.close()

    def _answer(self, response: http.client.HTTPResponse, on_event: OnEvent) -> bytes:
        if response.status != HTTPStatus.OK:
            raise self._refusal(response)
        if response.headers.get_content_type() != _NDJSON:
            return response.read(_MAX_ANSWER_BYTES)
        while line := response.readline(_MAX_LINE_BYTES):
            last = msgspec.json.decode(line, type=_Line)
            if last.error is not msgspec.UNSET:
                raise CallError(last.error.message, last.error.remedy)
            if last.result is not msgspec.UNSET:
                return bytes(last.result)
            on_event(msgspec.json.decode(line, type=dict[str, object]))
        raise http.client.IncompleteRead(b"")

    def _refusal(self, response: http.client.HTTPResponse) -> CallError:
        try:
            problem = msgspec.json.decode(response.read(_MAX_LINE_BYTES), type=Problem)
        except msgspec.DecodeError:
            message = f"what listens at {self._path} answers {response.status}"
            return CallError(message, "Is this command of the same version as the edge?")
        return CallError(problem.message, problem.remedy)


def connect(paths: Sequence[Path]) -> Remote | None:
    """The edge that listens at the first of `paths`; None when none does at any.

    Raises CallError when one is there that this user may not ask.
    """
    for path in paths:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(_CONNECT_S)
        try:
            sock.connect(str(path))
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            sock.close()
        except OSError as error:
            sock.close()
            reason = (error.strerror or "no answer").lower()
            raise CallError(
                f"the edge at {path} cannot be asked: {reason}",
                "Use sudo, or a user who may write to the socket.",
            ) from error
        else:
            return Remote(sock, path)
    return None
