"""What `/deploy stats` shows: both periods in words, a chart of the recent one, and the measures side by side."""

from datetime import date, timedelta

from bot.rules.dora import DeploymentStats, Measures, Span
from bot.rules.durations import HOUR, MINUTE, format_duration
from bot.views import kit
from bot.views.answers import Block, Reply
from bot.views.charts import bar_chart
from bot.views.wording import join_words, line

_SUCCEEDED = "Succeeded"
_BROKEN = "Failed, rolled back"
_NOTHING = "no data"
_ENVIRONMENTS = 8
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def deployment_stats(stats: DeploymentStats, *, project_name: str | None) -> Reply:
    """Show how deployments went, against the period before; of all projects where none is named."""
    days = stats.window.days
    whose = line(project_name, 80) if project_name else "All projects"
    heading = f"{whose}, last {days} days"
    over = f"{stats.window.first.isoformat()} to {stats.window.last.isoformat()}"
    earlier = f"In the {days} days before: {_sentence(stats.before)}"
    told = f"{heading} ({over}): {_sentence(stats.recent)} {earlier}"
    if not stats.recent.finished:
        return kit.say(told)
    blocks = [
        kit.header(f"Deployments: {heading}"),
        kit.section(f"{over}: {_sentence(stats.recent)}\n{earlier}"),
        _chart(stats),
        _in_words(stats),
        _table(stats.recent, stats.before),
        _by_environment(stats),
        kit.context(
            "Counted is what succeeded, failed or was rolled back, on days of your own time zone, today included. "
            "Restored: from what failed or was rolled back to the next success of its project and environment."
        ),
    ]
    return kit.reply(kit.escape(told), blocks)


def _sentence(it: Measures) -> str:
    if not it.finished:
        return "no deployments finished."
    parts = [f"{kit.count(it.finished, 'deployment')} finished, {_pace(it)}", _broken(it)]
    if it.restore is not None:
        parts.append(f"restored after {_took(it.restore)} (median)")
    if it.unrestored:
        parts.append(f"{it.unrestored:,} not restored yet")
    if it.p50 is not None and it.p95 is not None:
        parts.append(f"duration {_took(it.p50)} (p50) and {_took(it.p95)} (p95)")
    parts.append(f"{it.unapproved:,} without approval" if it.unapproved else "none without approval")
    return f"{'; '.join(parts)}."


def _broken(it: Measures) -> str:
    return f"{it.broken:,} of {it.finished:,} failed or rolled back ({_percent(it.failure_rate)})"


def _chart(stats: DeploymentStats) -> Block:
    length = stats.window.days // len(stats.spans)
    return bar_chart(
        f"Deployments, last {stats.window.days} days",
        [_day(span.first) for span in stats.spans],
        {_SUCCEEDED: [it.succeeded for it in stats.spans], _BROKEN: [it.broken for it in stats.spans]},
        x=f"First of {length} days",
        y="Deployments",
    )


def _in_words(stats: DeploymentStats) -> Block:
    """Say what the chart shows."""
    length = stats.window.days // len(stats.spans)
    lines = [f"\n{_span(span, length)}" for span in stats.spans]
    return kit.rich(kit.Bold(f"By {length} days"), "".join(lines))


def _span(it: Span, length: int) -> str:
    last = it.first + timedelta(days=length - 1)
    return f"{_day(it.first)} to {_day(last)}: {it.succeeded:,} succeeded, {it.broken:,} failed or rolled back"


def _table(now: Measures, before: Measures) -> Block:
    rows = [
        _row("Measure", f"Last {now.days} days", f"{now.days} days before", "Change"),
        _row("Deployment frequency", *map(_frequency, (now, before)), _relative(now.per_day, before.per_day)),
        _row("Change failure rate", *map(_rate, (now, before)), _points(now.failure_rate, before.failure_rate)),
        _row("Time to restore (median)", *map(_restore, (now, before)), _relative(now.restore, before.restore)),
        _row("Duration p50", *map(_took, (now.p50, before.p50)), _relative(now.p50, before.p50)),
        _row("Duration p95", *map(_took, (now.p95, before.p95)), _relative(now.p95, before.p95)),
        _row(
            "Without approval",
            f"{now.unapproved:,}",
            f"{before.unapproved:,}",
            _difference(now.unapproved, before.unapproved),
        ),
    ]
    settings = [{"align": "left"}, *({"align": "right", "is_wrapped": True} for _ in range(3))]
    return {"type": "table", "rows": rows, "column_settings": settings}


def _row(*cells: str) -> list[Block]:
    return [{"type": "raw_text", "text": cell} for cell in cells]


def _by_environment(stats: DeploymentStats) -> Block:
    lines = [f"\n{line(name, 50)}: {_short(it)}" for name, it in stats.environments[:_ENVIRONMENTS]]
    left = len(stats.environments) - _ENVIRONMENTS
    return kit.rich(kit.Bold("By environment"), "".join(lines), *([f"\nand {left:,} more"] if left > 0 else []))


def _short(it: Measures) -> str:
    parts = [kit.count(it.finished, "deployment"), f"{_percent(it.failure_rate)} failed or rolled back"]
    if it.restore is not None:
        parts.append(f"restored after {_took(it.restore)}")
    if it.p50 is not None:
        parts.append(f"p50 {_took(it.p50)}, p95 {_took(it.p95)}")
    return join_words(parts)


def _frequency(it: Measures) -> str:
    return f"{it.finished:,}: {_pace(it)}" if it.finished else "none"


def _pace(it: Measures) -> str:
    return f"{_number(it.per_day)} a day, {_number(it.per_day * 7)} a week"


def _rate(it: Measures) -> str:
    return f"{_percent(it.failure_rate)} ({it.broken:,} of {it.finished:,})" if it.finished else _NOTHING


def _restore(it: Measures) -> str:
    if not it.broken:
        return "nothing to restore" if it.finished else _NOTHING
    return f"{_took(it.restore)}, {it.unrestored:,} not yet" if it.unrestored else _took(it.restore)


def _took(seconds: float | None) -> str:
    """Write a time; from an hour on without seconds."""
    if seconds is None:
        return _NOTHING
    unit = 1 if seconds < HOUR else MINUTE
    return format_duration(round(seconds / unit) * unit)


def _percent(share: float | None) -> str:
    return _NOTHING if share is None else f"{_number(share * 100)} %"


def _number(value: float) -> str:
    """Write a number with one decimal, a small one with two, without zeros at the end."""
    shown = f"{value:,.2f}" if value < 1 else f"{value:,.1f}"
    return shown.rstrip("0").rstrip(".")


def _relative(now: float | None, before: float | None) -> str:
    if now is None or not before:
        return _NOTHING
    percent = round((now - before) / before * 100)
    return f"{'up' if percent > 0 else 'down'} {abs(percent):,} %" if percent else "same"


def _points(now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return _NOTHING
    points = round((now - before) * 100, 1)
    return f"{'up' if points > 0 else 'down'} {_number(abs(points))} points" if points else "same"


def _difference(now: int, before: int) -> str:
    if now == before:
        return "same"
    return f"{now - before:,} more" if now > before else f"{before - now:,} fewer"


def _day(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.day}"
