"""Backups: made, proven, kept, checked, restored."""

from bot.services.backups.asked import ENTRY, Asked, ask, carry_out
from bot.services.backups.files import BackupFailed
from bot.services.backups.restore import Restored, Wanted, restore
from bot.services.backups.run import Busy, Order, back_up, directory_of
from bot.services.backups.verify import Checked, verify
from bot.services.backups.watch import list_backups, watch

__all__ = [
    "ENTRY",
    "Asked",
    "BackupFailed",
    "Busy",
    "Checked",
    "Order",
    "Restored",
    "Wanted",
    "ask",
    "back_up",
    "carry_out",
    "directory_of",
    "list_backups",
    "restore",
    "verify",
    "watch",
]
