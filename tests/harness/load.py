"""Visitors of a web server: each keeps one connection and asks for the next page as soon as it has the last."""

import re
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

#: a page answers within this, or counts as an error
PATIENCE = 60
#: seconds after the first answer until a server is at its ease: its other processes come up meanwhile
EASE = 8
_NEXT = re.compile(r'rel="next" href="([^"]+)"')


class Visitor:
    """One browser with its cookies. It notes the seconds of each request, and what went wrong."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._cookies = dict(part.split("=", 1) for part in [cookie] if part)
        self.seconds: list[float] = []
        self.errors: list[str] = []

    def get(self, address: str) -> str:
        """A page; anything but 200 is an error."""
        return self._ask("GET", address, None, 200)

    def post(self, address: str, form: dict[str, str]) -> str:
        """A form that is to be accepted: an answer that doesn't lead on is an error."""
        return self._ask("POST", address, urlencode(form), 303)

    def walk(self, start: str, pages: int) -> Iterator[None]:
        """Turn the pages of a list, one a step, and begin anew after so many; without an end."""
        while True:
            address = start
            for _turn in range(pages):
                found = _NEXT.search(self.get(address))
                yield
                if found is None:
                    break
                address = found[1].replace("&amp;", "&")

    def _ask(self, method: str, address: str, body: str | None, wanted: int) -> str:
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        try:
            self._connection.request(method, address, body, headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, HTTPException) as problem:
            self._connection.close()
            self.errors.append(f"{method} {address}: {problem!r}")
            return ""
        self.seconds.append(time.perf_counter() - begun)
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _equals, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status != wanted:
            self.errors.append(f"{method} {address}: {answer.status}")
        return text


@contextmanager
def served(command: Callable[[int], Sequence[str]], health: str) -> Iterator[int]:
    """A server in a process of its own, on a free port, until the block ends. Refused: one that does not come up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, health, server)
        time.sleep(EASE)
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait_for(port: int, health: str, server: "subprocess.Popen[bytes]") -> None:
    for _attempt in range(600):
        probe = Visitor(port)
        probe.get(health)
        if not probe.errors:
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"the server did not come up: {probe.errors}")


def visit(
    visitors: Sequence[Visitor], steps: Sequence[Iterator[None]], goes_on: Callable[[float], bool]
) -> dict[str, float]:
    """Let every visitor take its steps at once while ``goes_on`` (told the seconds since the start) says so.

    The answer: requests a second, p95 in milliseconds, p95 in turns (of all visitors once round), and errors.
    """
    begun = time.perf_counter()

    def walk(own: Iterator[None]) -> None:
        while goes_on(time.perf_counter() - begun):
            next(own)

    threads = [threading.Thread(target=walk, args=(own,)) for own in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = time.perf_counter() - begun
    seconds = [one for visitor in visitors for one in visitor.seconds]
    rate, p95 = len(seconds) / passed, statistics.quantiles(seconds, n=20)[-1]
    errors = [one for visitor in visitors for one in visitor.errors]
    return {
        "requests/s": rate,
        "p95 ms": p95 * 1000,
        "p95 in turns": p95 * rate / len(visitors),
        "errors": float(len(errors)),
    }
