"""``skilleval serve``: the web application on this machine."""

import socket
from contextlib import ExitStack
from datetime import date

import click

from skilleval import companions
from skilleval.cli.output import Workplace, _, pass_workplace


@click.command(help=_("启动网页应用（默认只供本机浏览器使用：http://127.0.0.1:8000）。"))
@click.option("--host", default="127.0.0.1", show_default=True, help=_("监听的地址；供局域网使用时为服务器的地址"))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help=_("监听的端口"))
@click.option("--processes", type=click.IntRange(1, 8), help=_("网页进程数；不写时为 2，只有一个处理器或 Windows 上为 1"))
@pass_workplace
@click.pass_context
def serve(ctx: click.Context, workplace: Workplace, host: str, port: int, processes: int | None) -> None:
    """Serve the web application until it is stopped, with a worker process beside it for what takes long."""
    from skilleval.installation import Installation
    from skilleval.web.application import create_app
    from skilleval.web.serving import can_share, serve_on, usual_processes

    if processes is not None and processes > 1 and not can_share():
        raise click.UsageError(_("这个系统上只能有一个网页进程，请去掉 --processes"))
    today: date | None = ctx.find_root().params["on"]
    app = create_app(Installation(workplace.folder), today=today)
    with ExitStack() as beside:
        listener = beside.enter_context(_listener(host, port))
        beside.enter_context(companions.kept("skilleval.worker", str(workplace.folder)))
        for _more in range((processes or usual_processes()) - 1):
            words = (str(workplace.folder), str(listener.fileno()), str(today or "-"))
            beside.enter_context(companions.kept("skilleval.web", *words, descriptors=(listener.fileno(),)))
        click.echo(_("网页应用已启动：http://{host}:{port}（按 Ctrl+C 停止）").format(host=host, port=port))
        serve_on(app, listener)


def _listener(host: str, port: int) -> socket.socket:
    """The socket on which the application is reached. Refused: a port that is taken, an address that is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as problem:
        raise click.ClickException(
            _("不能在 {host}:{port} 上监听（{problem}）。端口已被占用时，用 --port 换一个；地址须是本机的。").format(
                host=host, port=port, problem=problem.strerror
            )
        ) from problem
