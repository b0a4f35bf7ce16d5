"""``skilleval worker``: a worker by itself, until it is told to stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Cli

COMMAND = [sys.executable, "-c", "from skilleval.cli import main; main()"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no signal of this kind")
def test_the_worker_works_until_it_is_told_to_stop(instance: Path) -> None:
    command = [*COMMAND, "--instance", str(instance), "worker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ, text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0

    assert "后台处理程序已启动" in told


def test_the_worker_refuses_a_folder_that_is_no_installation(cli: Cli, instance: Path) -> None:
    (instance / "config.toml").unlink()

    answer = cli("worker")

    assert answer.exit_code == 1 and "请先运行 skilleval init" in answer.output
