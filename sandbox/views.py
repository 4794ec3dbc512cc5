"""Modals and App Homes: opening, updating, pushing, closing.

https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/reference/views
"""

import secrets
from typing import TYPE_CHECKING

from sandbox.limits import check_view, with_block_ids
from sandbox.records import Json, SlackRefusal, View
from sandbox.state import initial_state

if TYPE_CHECKING:
    from sandbox.workspace import Workspace

STACK_LIMIT = 3


class Views:
    """The views of one workspace: a stack of modals and a Home for each person."""

    def __init__(self, workspace: "Workspace") -> None:
        self._ws = workspace
        self.open: dict[str, View] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        """The person's open modals, the visible one last."""
        return self.stacks.setdefault(user, [])

    def open_modal(self, user: str, body: Json) -> View:
        """views.open: a stack of its own. Raises SlackRefusal."""
        self._check(body, "modal")
        for view in self.stack(user):
            self.open.pop(view.id, None)
        self.stacks[user] = []
        return self._place(user, body)

    def push(self, user: str, body: Json) -> View:
        """On top of the stack, three at most. Raises SlackRefusal (push_limit_reached)."""
        if len(self.stack(user)) >= STACK_LIMIT:
            raise SlackRefusal("push_limit_reached")
        self._check(body, "modal")
        return self._place(user, body)

    def _place(self, user: str, body: Json) -> View:
        stack = self.stack(user)
        view_id = self._ws.new_id("V")
        view = View(
            id=view_id,
            user=user,
            body=body | {"blocks": with_block_ids(body["blocks"])},
            hash=self._hash(),
            root_id=stack[0].id if stack else view_id,
            previous_id=stack[-1].id if stack else None,
        )
        view.state = initial_state(view.blocks)
        stack.append(view)
        self.open[view.id] = view
        self._ws.feed.publish("view_opened", id=view.id, user=user)
        return view

    def update(self, view: View, body: Json, expected_hash: str | None = None) -> View:
        """Replace a view's content; what was typed stays where block_id and action_id are the same.

        Raises SlackRefusal: hash_conflict, and whatever is wrong with the body.
        """
        if expected_hash and expected_hash != view.hash:
            raise SlackRefusal("hash_conflict")
        self._check(body, view.kind, view)
        typed = view.state
        view.body = body | {"blocks": with_block_ids(body["blocks"])}
        view.state = initial_state(view.blocks)
        for block_id, actions in view.state.items():
            for action_id, value in actions.items():
                before = typed.get(block_id, {}).get(action_id)
                if before and before["type"] == value["type"]:
                    actions[action_id] = before
        view.hash = self._hash()
        view.updates += 1
        view.errors, view.trouble = {}, ""
        self._ws.feed.publish("view_updated", id=view.id, user=view.user)
        return view

    def publish(self, user: str, body: Json, expected_hash: str | None = None) -> View:
        """The person's App Home. Raises SlackRefusal."""
        home = self.homes.get(user)
        if home is not None:
            return self.update(home, body, expected_hash)
        self._check(body, "home")
        view_id = self._ws.new_id("V")
        home = View(view_id, user, body | {"blocks": with_block_ids(body["blocks"])}, self._hash(), view_id)
        home.state = initial_state(home.blocks)
        self.homes[user] = self.open[view_id] = home
        self._ws.feed.publish("home", id=view_id, user=user)
        return home

    def close(self, view: View) -> None:
        """Take one modal off its stack."""
        self.open.pop(view.id, None)
        self.stacks[view.user] = [v for v in self.stack(view.user) if v.id != view.id]
        self._ws.feed.publish("view_closed", id=view.id, user=view.user)

    def clear(self, user: str) -> None:
        """Close the whole stack."""
        for view in list(self.stack(user)):
            self.close(view)

    def by_external_id(self, external_id: str) -> View | None:
        """The open view with this external_id."""
        return next((v for v in self.open.values() if v.body.get("external_id") == external_id), None)

    def as_json(self, view: View) -> Json:
        """The view object as Slack returns it and sends it in payloads."""
        body = {k: v for k, v in view.body.items() if k not in {"blocks", "type"}}
        body.setdefault("private_metadata", "")
        body.setdefault("callback_id", "")
        body.setdefault("external_id", "")
        for flag in ("clear_on_close", "notify_on_close"):
            body.setdefault(flag, False)
        for part in ("title", "close", "submit"):
            body.setdefault(part, None)
        team = self._ws.team["id"]
        return body | {
            "id": view.id,
            "team_id": team,
            "type": view.kind,
            "blocks": view.blocks,
            "state": {"values": view.state},
            "hash": view.hash,
            "previous_view_id": view.previous_id,
            "root_view_id": view.root_id,
            "app_id": self._ws.app_id,
            "app_installed_team_id": team,
            "bot_id": self._ws.bot_id,
        }

    def _check(self, body: Json, kind: str, view: View | None = None) -> None:
        check_view(body, kind)
        if external_id := body.get("external_id"):
            other = self.by_external_id(external_id)
            if other is not None and other is not view:
                raise SlackRefusal("duplicate_external_id")

    def _hash(self) -> str:
        return f"{int(self._ws.now())}.{secrets.token_hex(4)}"
