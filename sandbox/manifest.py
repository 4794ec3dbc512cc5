"""The app's manifest as the workspace knows it: commands, shortcuts, scopes, events.

https://docs.slack.dev/reference/app-manifest
"""

from sandbox.records import Json

# A manifest that is not given stands for an app that may do everything the sandbox knows. `chat:write.public` is left
# out so that `not_in_channel` can be met; the message events are, so that a bot is not told of its own messages.
ALL_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "links:read",
    "links:write",
    "mpim:history",
    "mpim:read",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
)
ALL_EVENTS = (
    "app_home_opened",
    "app_mention",
    "channel_archive",
    "link_shared",
    "member_joined_channel",
    "member_left_channel",
    "team_join",
    "user_change",
)


class Manifest:
    """What an app declares. `Manifest(None)` is permissive: every command and shortcut exists."""

    def __init__(self, raw: Json | None = None) -> None:
        self.raw: Json = raw or {}
        self.permissive = raw is None
        features: Json = self.raw.get("features", {})
        settings: Json = self.raw.get("settings", {})
        self._commands: dict[str, Json] = {c["command"]: c for c in features.get("slash_commands", [])}
        self._shortcuts: dict[str, Json] = {s["callback_id"]: s for s in features.get("shortcuts", [])}
        self.unfurl_domains: list[str] = list(features.get("unfurl_domains", []))
        self.socket_mode: bool = bool(settings.get("socket_mode_enabled", False))
        home: Json = features.get("app_home", {})
        self.home_enabled: bool = self.permissive or bool(home.get("home_tab_enabled", False))
        self.dm_read_only: bool = bool(home.get("messages_tab_read_only_enabled", False))
        self.interactive: bool = self.permissive or bool(settings.get("interactivity", {}).get("is_enabled", False))
        self.scopes: frozenset[str] = frozenset(
            ALL_SCOPES if self.permissive else self.raw.get("oauth_config", {}).get("scopes", {}).get("bot", [])
        )
        self.events: frozenset[str] = frozenset(
            ALL_EVENTS if self.permissive else settings.get("event_subscriptions", {}).get("bot_events", [])
        )

    @property
    def commands(self) -> list[Json]:
        """The declared slash commands, for completion in a composer."""
        return list(self._commands.values())

    @property
    def shortcuts(self) -> list[Json]:
        """The declared shortcuts, of type global or message."""
        return list(self._shortcuts.values())

    def has_command(self, command: str) -> bool:
        """Whether the workspace knows the slash command (with its leading slash)."""
        return self.permissive or command in self._commands

    def should_escape(self, command: str) -> bool:
        """Whether `@name` and `#channel` in the command's text reach the app as ids."""
        return self.permissive or bool(self._commands.get(command, {}).get("should_escape", False))

    def has_shortcut(self, callback_id: str, kind: str) -> bool:
        """Whether the shortcut of `kind` (global or message) is declared."""
        return self.permissive or self._shortcuts.get(callback_id, {}).get("type") == kind

    def unfurls(self, place: str) -> bool:
        """Whether links to `place` (a host, or host:port) are announced to the app; domains cover their subdomains.

        Slack takes no ports; here an app on this machine may name host:port, so that its links can be tried.
        """
        host = place.partition(":")[0].lower()
        return self.permissive or any(d in {host, place} or host.endswith(f".{d}") for d in self.unfurl_domains)

    def missing(self, accepted: tuple[str, ...]) -> bool:
        """Whether none of the scopes that a method accepts is granted; a method that needs none never misses."""
        return bool(accepted) and self.scopes.isdisjoint(accepted)
