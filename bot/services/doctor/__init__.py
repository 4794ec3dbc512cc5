"""Is this installation in order? One small look at each thing it depends on, each with what to do about it."""

from bot.services.doctor.examine import CHECKS, examine
from bot.services.doctor.lines import Check, Level, Line, Looks

__all__ = ["CHECKS", "Check", "Level", "Line", "Looks", "examine"]
