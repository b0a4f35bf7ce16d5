"""``skilleval worker``: the worker process, for whoever serves with another server than ``skilleval serve``."""

import logging
import signal
import threading

import click

from skilleval.cli.output import Workplace, _, pass_workplace


@click.command(help=_("办理网页上的后台任务（大文件的检查与写入、整批打印）。skilleval serve 已自带，用 gunicorn 时另开一个。"))
@pass_workplace
def worker(workplace: Workplace) -> None:
    """Work until stopped (Ctrl+C, SIGTERM); what is being written is finished, what is not goes back to those that wait."""
    from skilleval.installation import Installation
    from skilleval.worker import loop

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    installation = Installation(workplace.folder)
    installation.settings  # noqa: B018 # refuses a folder that is no installation before anything is said
    stopping = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_told: stopping.set())
    click.echo(_("后台处理程序已启动（按 Ctrl+C 停止）"))
    loop.run(installation, stopping)
