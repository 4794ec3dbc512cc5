"""What people type, in patterns of LIKE and ILIKE."""


def literal(text: str) -> str:
    """The text as a pattern that means nothing but itself."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
