"""``skilleval serve``: the web application on this machine."""

import click

from skilleval.cli.output import Workplace, _, pass_workplace

#: more threads make one process slower, for each waits for the others' turn (measured); a second process is the way up
THREADS = 4


@click.command(help=_("启动网页应用（默认只供本机浏览器使用：http://127.0.0.1:8000）。"))
@click.option("--host", default="127.0.0.1", show_default=True, help=_("监听的地址；供局域网使用时为服务器的地址"))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help=_("监听的端口"))
@pass_workplace
@click.pass_context
def serve(ctx: click.Context, workplace: Workplace, host: str, port: int) -> None:
    """Serve the web application until it is stopped, with a worker process beside it for what takes long."""
    import waitress

    from skilleval.installation import Installation
    from skilleval.web.application import create_app
    from skilleval.worker.keeper import kept_worker

    app = create_app(Installation(workplace.folder), today=ctx.find_root().params["on"])
    click.echo(_("网页应用已启动：http://{host}:{port}（按 Ctrl+C 停止）").format(host=host, port=port))
    with kept_worker(workplace.folder):
        waitress.serve(app, host=host, port=port, threads=THREADS, ident="")
