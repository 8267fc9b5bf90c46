"""The endless body of an HTTP answer as a file that FFmpeg reads from."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
import zlib
from typing import Any, Final

from hands3c_core.errors import UserError
from hands3c_core.sources.base import SourceLostError

#: zlib's and gzip's headers are both told.
_ANY_ZLIB: Final = 32 + zlib.MAX_WBITS
#: So much is shown of what a server says that speaks no HTTP, characters.
_SHOWN: Final = 120


class HttpBody:
    """GETs an address (Basic and Digest passwords, redirects on the same host) and reads on.

    ``cancel`` ends a blocked ``read`` from another thread by shutting the socket down.
    """

    def __init__(self, url: str, name: str, connect_timeout: float, read_timeout: float) -> None:
        """Connect.

        Args:
            url: the address, possibly with user:password@.
            name: what to call it in messages (no password).
            connect_timeout, read_timeout: seconds.

        Raises:
            UserError: nobody answers there, or not with a body.
        """
        self._name = name
        self._sockets: list[socket.socket] = []
        self._cancelled = False
        opener, plain = self._opener(url)
        try:
            self._answer = opener.open(plain, timeout=connect_timeout)
        except urllib.error.HTTPError as error:
            error.close()
            raise UserError(_refusal(name, error.code)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            text = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            raise UserError(
                f"{name} does not answer ({text[:_SHOWN]}): check the address and that the camera "
                "is on"
            ) from None
        for connected in self._sockets:
            with contextlib.suppress(OSError):
                connected.settimeout(read_timeout)
        try:
            self._unpacked = _Unpacked(self._answer, self._answer.headers, name)
        except UserError:
            self.close()
            raise
        self.content_type: str = self._answer.headers.get("Content-Type", "").lower()

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, as soon as there are any; b"" at the end.

        Raises:
            SourceLostError: nothing came for the read timeout, or the connection broke.
        """
        try:
            return b"" if self._cancelled else self._unpacked.read(size)
        except TimeoutError:
            reason = "stopped sending"
        except zlib.error:
            reason = "sends packed data that is damaged"
        except (OSError, http.client.HTTPException, ValueError):
            reason = "closed" if self._cancelled else "broke the connection"
        raise SourceLostError(f"{self._name} {reason}: check its power and network")

    def cancel(self) -> None:
        self._cancelled = True
        for connected in self._sockets:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cancel()
        with contextlib.suppress(OSError, http.client.HTTPException):
            self._answer.close()

    def _opener(self, url: str) -> tuple[urllib.request.OpenerDirector, str]:
        """An opener that knows the address's password, and the address without it."""
        parts = urllib.parse.urlsplit(url)
        plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
        handlers: list[urllib.request.BaseHandler] = [
            urllib.request.ProxyHandler({}),
            _SameHostRedirects(parts.hostname or "", self._name),
            _RecordingHandler(self._sockets),
            _RecordingTlsHandler(self._sockets),
        ]
        if parts.username is not None:
            passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
            user = urllib.parse.unquote(parts.username)
            password = urllib.parse.unquote(parts.password or "")
            passwords.add_password(None, plain, user, password)
            handlers.append(urllib.request.HTTPBasicAuthHandler(passwords))
            handlers.append(urllib.request.HTTPDigestAuthHandler(passwords))
        return urllib.request.build_opener(*handlers), plain


class _Unpacked:
    """An answer's body; one that is packed (RFC 9110, 8.4) though nobody asked is unpacked."""

    def __init__(self, answer: Any, headers: Any, name: str) -> None:
        self._answer = answer
        packed = (headers.get("Content-Encoding") or "").strip().lower()
        self._packed = packed not in ("", "identity")
        self._inflate, self._rest = zlib.decompressobj(_ANY_ZLIB), b""
        if self._packed and packed not in ("gzip", "x-gzip", "deflate"):
            raise UserError(
                f"{name} sends its pictures packed ({packed[:_SHOWN]}), which is not read: "
                "switch that off in the camera or server"
            )

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; b"" at the end."""
        if not self._packed:
            return self._answer.read1(size)
        while True:
            if not self._rest:
                self._rest = self._answer.read1(size)
                if not self._rest:
                    return b""
            piece = self._inflate.decompress(self._rest, size)
            self._rest = self._inflate.unconsumed_tail
            if self._inflate.eof:  # another packed piece may follow
                self._rest = self._inflate.unused_data
                self._inflate = zlib.decompressobj(_ANY_ZLIB)
            if piece:
                return piece


def _refusal(name: str, code: int) -> str:
    if code in (401, 403):
        return f"{name} asks for a password (HTTP {code}): use http://user:password@host/path"
    if 300 <= code < 400:
        return f"{name} points to another address (HTTP {code}): give that address instead"
    return f"{name} answers with HTTP {code}: check the address"


class _SameHostRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects on the same host only: nobody else may be contacted."""

    def __init__(self, host: str, name: str) -> None:
        self._host = host
        self._name = name

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any):
        if urllib.parse.urlsplit(newurl).hostname != self._host:
            raise urllib.error.HTTPError(req.full_url, code, "another host", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _FirstLine:
    """A connection's file whose first line, if it is SHOUTcast's, becomes HTTP's; browsers take
    'ICY 200 OK' as well."""

    def __init__(self, file: Any) -> None:
        self._file, self._is_first = file, True

    def readline(self, *arguments: Any) -> bytes:
        line: bytes = self._file.readline(*arguments)
        if self._is_first and line.startswith(b"ICY "):
            line = b"HTTP/1.0 " + line[4:]
        self._is_first = False
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Answer(http.client.HTTPResponse):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fp: Any = _FirstLine(self.fp)


class _RecordingHandler(urllib.request.HTTPHandler):
    """Remembers the sockets it opens, so that they can be shut down."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__()
        self._sockets = sockets

    def http_open(self, req: Any) -> Any:
        sockets = self._sockets

        class Connection(http.client.HTTPConnection):
            response_class = _Answer

            def connect(self) -> None:
                super().connect()
                sockets.append(self.sock)

        return self.do_open(Connection, req)  # type: ignore[arg-type]


class _RecordingTlsHandler(urllib.request.HTTPSHandler):
    """The same for https."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__(context=ssl.create_default_context())
        self._sockets = sockets

    def https_open(self, req: Any) -> Any:
        sockets = self._sockets

        class Connection(http.client.HTTPSConnection):
            response_class = _Answer

            def connect(self) -> None:
                super().connect()
                sockets.append(self.sock)

        context = ssl.create_default_context()
        return self.do_open(Connection, req, context=context)  # type: ignore[arg-type]
