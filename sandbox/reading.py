"""What the page reads: messages page by page, unread marks, the log in brief; and the files people choose."""

from typing import Any, Final

from aiohttp import web

from sandbox.acts import Person
from sandbox.records import Call, Channel, Delivery, File, Json, Message, Refusal
from sandbox.wire import plain
from sandbox.workspace import Workspace

_PAGE: Final = 60
_LARGEST_PAGE: Final = 500
_LOG: Final = 200


class Reading:
    """Reads one workspace for one person at a time (`?as=USER`)."""

    def __init__(self, workspace: Workspace) -> None:
        self._ws = workspace

    def _reader(self, request: web.Request) -> tuple[Channel, Person]:
        channel, person = self._ws.channel(request.match_info["channel"]), self._ws.person(request.query["as"])
        if person.id not in channel.members:
            raise LookupError(f"{person.user.name} is not in {channel.name or channel.id}")
        return channel, person

    def _seen(self, message: Message, person: Person) -> Json:
        return dict(plain(self._ws, message)) | {"chosen": person.chosen(message.ts)}

    async def history(self, request: web.Request) -> web.Response:
        """GET channels/{channel}/history?as=&before=TS&limit=N: without replies, oldest first; are there older ones."""
        channel, person = self._reader(request)
        limit = min(int(request.query.get("limit", _PAGE)), _LARGEST_PAGE)
        before = float(request.query.get("before") or "inf")
        own = [m for m in person.ephemerals(channel.id) if m.thread_ts is None]
        posted = [m for m in channel.messages.values() if not m.is_reply or m.broadcast]
        older = sorted((m for m in [*posted, *own] if float(m.ts) < before), key=lambda m: float(m.ts))
        shown = older[-limit:] if limit > 0 else []
        return web.json_response(
            {"messages": [self._seen(m, person) for m in shown], "has_more": len(older) > len(shown)}
        )

    async def replies(self, request: web.Request) -> web.Response:
        """GET channels/{channel}/replies/{ts}?as=: a thread, its first message included."""
        channel, person = self._reader(request)
        root = channel.messages.get(request.match_info["ts"])
        if root is None:
            raise LookupError("that message is gone")
        own = [m for m in person.ephemerals(channel.id) if m.thread_ts == root.ts]
        shown = sorted([*channel.threads.get(root.ts, []), *own], key=lambda m: float(m.ts))
        return web.json_response({"messages": [self._seen(m, person) for m in [root, *shown]]})

    async def message(self, request: web.Request) -> web.Response:
        """GET channels/{channel}/messages/{ts}?as=: one message, 404 when the person does not see it."""
        channel, person = self._reader(request)
        found = self._ws.messages.find(channel, request.match_info["ts"])
        if found is None or not person.sees(found):
            raise LookupError("that message is gone")
        return web.json_response(self._seen(found, person))

    async def unread(self, request: web.Request) -> web.Response:
        """GET people/{user}/unread: for each channel the last message read and the number of new ones."""
        return web.json_response(self._ws.person(request.match_info["user"]).unread())

    async def upload(self, request: web.Request) -> web.Response:
        """POST people/{user}/files, a form: what a person chooses in a file input; answers the file objects."""
        person = self._ws.person(request.match_info["user"])
        form = await request.post()
        fields = [value for value in form.values() if isinstance(value, web.FileField)]
        return web.json_response([self._keep(person, field).as_json() for field in fields])

    def _keep(self, person: Person, field: web.FileField) -> File:
        ws, content = self._ws, field.file.read()
        file = File(ws.new_id("F"), field.filename, len(content), user=person.id, created=int(ws.now()))
        file.content, file.complete = content, True
        file.url = f"{ws.base_url}/files-pri/{file.id}/{file.name}"
        ws.files[file.id] = file
        return file

    async def log(self, request: web.Request) -> web.Response:
        """GET log?after=SEQ: calls, requests to the bot and refusals together, in brief, oldest first, the last 200."""
        after_seq = int(request.query.get("after", "0"))
        lines = [line for line in self._lines() if line.seq > after_seq]
        return web.json_response([brief(line) for line in sorted(lines, key=lambda line: line.seq)[-_LOG:]])

    async def line(self, request: web.Request) -> web.Response:
        """GET log/lines/{seq}: everything about one line of the log."""
        wanted = int(request.match_info["seq"])
        for line in self._lines():
            if line.seq == wanted:
                return web.json_response(plain(self._ws, line))
        raise LookupError("that line is no longer kept")

    def _lines(self) -> list[Call | Delivery | Refusal]:
        return [*self._ws.calls, *self._ws.deliveries, *self._ws.refusals]


def brief(line: Call | Delivery | Refusal) -> Json:
    """One line of the log without arguments and bodies."""
    common: dict[str, Any] = {"seq": line.seq, "at": line.at, "error": line.error}
    match line:
        case Call():
            return common | {"kind": "call", "what": line.method, "ms": line.ms, "ok": line.ok, "fault": line.fault}
        case Delivery():
            waiting = line.status is None and not line.error
            return common | {"kind": line.kind, "what": line.summary, "ms": line.ms, "ok": not line.error} | {
                "transport": line.transport, "waiting": waiting, "retry_num": line.retry_num
            }  # fmt: skip
        case Refusal():
            return common | {"kind": "refusal", "what": line.where, "messages": line.messages, "ok": False}
