"""``skilleval serve``: the web application on a real port."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from skilleval.web.serving import can_share
from tests.conftest import Cli

PORT = 18437


@contextmanager
def served(instance: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """``skilleval serve`` for as long as the block lasts."""
    program = [sys.executable, "-c", "from skilleval.cli import main; main()", "--instance", str(instance)]
    command = [*program, "serve", "--port", str(PORT), *words]
    with (instance / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, env=os.environ) as server:
        try:
            yield server
        finally:
            server.terminate()


@pytest.mark.slow
def test_serve_answers_a_browser(instance: Path) -> None:
    with served(instance, "--processes", "1"):
        assert _health() == "ok\n"


@pytest.mark.slow
@pytest.mark.skipif(not can_share(), reason="one process only on this system")
def test_a_second_process_answers_while_the_first_is_busy_and_ends_with_it(instance: Path) -> None:
    with served(instance, "--processes", "2") as server:
        assert _health() == "ok\n"
        os.kill(server.pid, signal.SIGSTOP)  # it takes no connection any more
        try:
            assert _health() == "ok\n"
        finally:
            os.kill(server.pid, signal.SIGCONT)

    assert _ends()


def test_serve_says_that_a_port_is_taken(cli: Cli, instance: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        answer = cli("serve", "--port", str(other.getsockname()[1]))

    assert answer.exit_code == 1
    assert "端口已被占用时，用 --port 换一个" in answer.output


def test_serve_refuses_a_folder_that_is_no_installation(cli: Cli, instance: Path) -> None:
    (instance / "config.toml").unlink()

    answer = cli("serve")

    assert answer.exit_code == 1
    assert "请先运行 skilleval init" in answer.output


def _health() -> str:
    for _try in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=5) as page:
                return str(page.read().decode())
        except OSError:
            time.sleep(0.1)
    return "no answer"


def _ends() -> bool:
    """Whether nobody listens at the port any more, soon."""
    for _try in range(200):
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.1)
    return False
