"""The workspace that is there when nothing else is asked for."""

from sandbox.records import Channel, User

TEAM_ID = "T0SANDBOX"
TEAM_DOMAIN = "sandbox"
TEAM_NAME = "Sandbox"
APP_ID = "A0TECHOPS"
BOT_ID = "B0TECHOPS"
BOT_USER = "U0TECHOPS"


def bot_user() -> User:
    """The app's own user."""
    return User(BOT_USER, "techops", "TechOps", is_bot=True, bot_id=BOT_ID)


def users() -> list[User]:
    """Ten people and bots: two engineers in other zones, one who is in another workspace, a guest, one who has left."""
    return [
        User("U0ADMIN", "ada", "Ada Admin", "ada@example.com", "Europe/Berlin", is_admin=True, is_owner=True),
        User("U0ENG", "erik", "Erik Engineer", "erik@example.com", "America/New_York"),
        User("U0ENG2", "eva", "Eva Engineer", "eva@example.com", "Asia/Kolkata"),
        User("U0USER", "uma", "Uma User", "uma@example.com", "Europe/London"),
        User("U0OUT", "otto", "Otto Outsider", "otto@elsewhere.example", team_id="T0ELSEWHERE", is_stranger=True),
        User("U0GUEST", "gus", "Gus Guest", "gus@example.com", "Europe/Paris", is_restricted=True),
        User("U0GONE", "gerda", "Gerda Gone", "gerda@example.com", deleted=True),
        User("U0UNCONFIRMED", "ulf", "Ulf Unconfirmed", "ulf@example.com", is_email_confirmed=False),
        User("U0OTHERBOT", "otherbot", "Other Bot", is_bot=True, bot_id="B0OTHER"),
        bot_user(),
    ]


def channels() -> list[Channel]:
    """#ops and #deployments with the bot, #general without, a private channel without it, and an archived one."""
    everyone = {"U0ADMIN", "U0ENG", "U0ENG2", "U0USER", "U0GUEST", "U0OUT", "U0UNCONFIRMED"}
    return [
        Channel("C0OPS", "ops", members=everyone | {BOT_USER}),
        Channel("C0DEPLOY", "deployments", members=everyone | {BOT_USER}),
        Channel("C0GENERAL", "general", members=set(everyone)),
        Channel("C0SECRET", "secret", kind="private", members={"U0ADMIN"}),
        Channel("C0OLD", "old", members=everyone | {BOT_USER}, archived=True),
    ]
