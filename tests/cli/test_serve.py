"""``skilleval serve``: the web application on a real port."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import Cli


@pytest.mark.slow
def test_serve_answers_a_browser(instance: Path, tmp_path: Path) -> None:
    port = "18437"
    command = [sys.executable, "-c", "from skilleval.cli import main; main()", "--instance", str(instance), "serve", "--port", port]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, env=os.environ) as server:
        try:
            assert _health(f"http://127.0.0.1:{port}/health") == "ok\n"
        finally:
            server.terminate()


def test_serve_refuses_a_folder_that_is_no_installation(cli: Cli, instance: Path) -> None:
    (instance / "config.toml").unlink()

    answer = cli("serve")

    assert answer.exit_code == 1
    assert "请先运行 skilleval init" in answer.output


def _health(address: str) -> str:
    for _try in range(200):
        try:
            with urllib.request.urlopen(address, timeout=5) as page:
                return str(page.read().decode())
        except urllib.error.URLError:
            time.sleep(0.1)
    return "no answer"
