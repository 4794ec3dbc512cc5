"""`python -m sandbox`: serve a workspace until interrupted."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from sandbox.server import Server
from sandbox.workspace import Workspace


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Slack workspace for one app.")
    parser.add_argument("--host", default="127.0.0.1", help="loopback addresses only")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--manifest", type=Path, help="the app's manifest, JSON; absent: everything is allowed")
    parser.add_argument(
        "--secrets-stdin",
        action="store_true",
        help="read a line with a JSON object from standard input, and end when that closes: signing_secret, bot_token, "
        "app_token, control_key; other processes can see the arguments below",
    )
    parser.add_argument("--signing-secret", default="sandbox-signing-secret")
    parser.add_argument("--bot-token", default="xoxb-sandbox-bot")
    parser.add_argument("--app-token", default="xapp-sandbox-app")
    parser.add_argument("--control-key", default="", help="needed for /_sandbox/ when set")
    parser.add_argument("--bot-url", help="where the bot listens; absent: Socket Mode")
    return parser.parse_args(arguments)


SECRETS = ("signing_secret", "bot_token", "app_token", "control_key")


def read_secrets(options: argparse.Namespace, text: str) -> None:
    """Put the secrets of a JSON object into the options. Raises ValueError for anything else."""
    given = json.loads(text)
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ValueError("the secrets have to be one JSON object of texts")
    if unknown := given.keys() - set(SECRETS):
        raise ValueError(f"unknown secrets {', '.join(sorted(unknown))}; there are {', '.join(SECRETS)}")
    for name, value in given.items():
        setattr(options, name, value)


async def serve(options: argparse.Namespace, manifest: dict[str, object] | None) -> None:
    """Serve until SIGINT or SIGTERM."""
    workspace = Workspace(
        manifest=manifest,
        signing_secret=options.signing_secret,
        bot_token=options.bot_token,
        app_token=options.app_token,
        control_key=options.control_key,
    )
    workspace.bot_url = options.bot_url
    server = Server(workspace)
    address = await server.start(options.host, options.port)
    print(address, flush=True)  # noqa: T201 - the address is what the caller waits for
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    # Whoever started us and handed in the secrets holds the other end; when it is gone, so are we.
    watch = asyncio.create_task(_until_closed(ended)) if options.secrets_stdin else None
    await ended.wait()
    if watch is not None:
        watch.cancel()
    await server.stop()


async def _until_closed(ended: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    ended.set()


def main() -> int:
    """Run the command line; 2 for what cannot work."""
    options = parse(sys.argv[1:])
    try:
        if options.secrets_stdin:
            read_secrets(options, sys.stdin.readline())
        manifest = json.loads(options.manifest.read_text()) if options.manifest else None
        asyncio.run(serve(options, manifest))
    except (OSError, ValueError) as fault:
        print(f"the sandbox cannot start: {fault}", file=sys.stderr)  # noqa: T201 - a command line speaks
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
