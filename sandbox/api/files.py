"""files.*: the upload in three steps, https://docs.slack.dev/messaging/working-with-files#upload."""

from typing import TYPE_CHECKING

from sandbox.api.chat import addressed
from sandbox.api.registry import Args, invalid, method
from sandbox.records import Channel, File, Json, SlackRefusal

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

LARGEST = 1_000_000_000


@method("files.getUploadURLExternal", "files:write")
async def upload_url(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/files.getUploadURLExternal."""
    name, length = args.need("filename"), args.number("length", 0, LARGEST)
    if not length:
        raise invalid("missing required field: length")
    file = File(ws.new_id("F"), name, length, user=ws.bot.id, created=int(ws.now()))
    file.alt_txt, file.snippet_type = args.find("alt_txt") or "", args.find("snippet_type") or ""
    file.url = f"{ws.base_url}/files-pri/{file.id}/{name}"
    ws.files[file.id] = file
    return {"upload_url": f"{ws.base_url}/upload/v1/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write")
async def complete_upload(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/files.completeUploadExternal; shares by channel id only."""
    wanted = args.structure("files")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(entry, dict) for entry in wanted):
        raise invalid("missing required field: files")
    files = [_uploaded(ws, entry) for entry in wanted]
    ids = [args.find("channel_id"), *(args.find("channels") or "").split(",")]
    channels = [_target(ws, channel_id) for channel_id in ids if channel_id]
    for file, entry in zip(files, wanted, strict=True):
        file.title, file.complete = str(entry.get("title") or file.name), True
    for channel in channels:
        for file in files:
            file.channels.append(channel.id)
        ws.messages.post(
            channel,
            ws.bot.id,
            {
                "text": args.find("initial_comment") or "",
                "thread_ts": args.find("thread_ts"),
                "files": [f.as_json() for f in files],
            },
        )
    return {"files": [f.as_json() for f in files]}


def _uploaded(ws: "Workspace", entry: Json) -> File:
    file = ws.files.get(str(entry.get("id")))
    if file is None or file.content is None or file.complete:
        raise SlackRefusal("file_not_found")
    return file


def _target(ws: "Workspace", channel_id: str) -> Channel:
    if channel_id not in ws.channels:
        raise SlackRefusal("channel_not_found")
    channel = addressed(ws, channel_id)
    if channel.archived:
        raise SlackRefusal("is_archived")
    if ws.bot.id not in channel.members:
        raise SlackRefusal("not_in_channel")
    return channel


@method("files.info", "files:read")
async def files_info(ws: "Workspace", args: Args) -> Json:
    """https://docs.slack.dev/reference/methods/files.info."""
    file = ws.files.get(args.need("file"))
    if file is None or not file.complete:
        raise SlackRefusal("file_not_found")
    return {"file": file.as_json(), "comments": []}
