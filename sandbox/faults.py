"""Faults on request: what the network and Slack do on a bad day.

Rate limits: https://docs.slack.dev/apis/web-api/rate-limits
"""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.records import Channel, Json

Kind = Literal["ratelimited", "server_error", "refuse", "drop_before", "drop_after", "delay"]


@dataclass(slots=True)
class Fault:
    """One programmed fault.

    `method` is a Web API method, `response_url`, `upload` or `*`; `times` how many calls it hits (None: all until
    cleared); `skip` lets that many matching calls pass first; `delay` and `retry_after` are seconds; `error` is the
    answer of kind `refuse`; `channel` narrows it to calls that name that channel id; `after` moves the delay behind
    the work, so that the answer is late but the work is done.
    """

    kind: Kind
    method: str = "*"
    times: int | None = 1
    skip: int = 0
    retry_after: int = 1
    delay: float = 0.0
    after: bool = False
    status: int = 500
    error: str = "internal_error"
    channel: str = ""
    hits: int = 0

    def matches(self, method: str, args: Json) -> bool:
        """Whether it applies to this call; counts the calls it lets pass."""
        if self.method not in {"*", method} or (self.channel and args.get("channel") != self.channel):
            return False
        if self.skip:
            self.skip -= 1
            return False
        return self.times is None or self.times > 0

    def use(self) -> "Fault":
        """Take one hit off it."""
        self.hits += 1
        if self.times is not None:
            self.times -= 1
        return self


def _switches() -> dict[str, Fault]:
    """The faults that a page can switch on; each lasts until it is switched off."""
    return {
        "slow": Fault("delay", times=None, delay=1.5),
        "ratelimited": Fault("ratelimited", times=None, retry_after=2),
        "lost": Fault("drop_after", "chat.postMessage", times=None),
        "down": Fault("server_error", times=None, status=503),
    }


@dataclass(slots=True)
class Faults:
    """The programmed faults, the switched ones, and the switch for one message a second and channel."""

    programmed: list[Fault] = field(default_factory=list)
    channel_interval: float | None = None
    lasting: dict[str, Fault] = field(default_factory=dict)

    @property
    def switched(self) -> dict[str, bool]:
        """Each switch, and whether it is on."""
        return {name: name in self.lasting for name in _switches()}

    def switch(self, name: str, *, on: bool) -> None:
        """Switch a lasting fault. Raises LookupError for a name that is none."""
        known = _switches()
        if name not in known:
            raise LookupError(f"no switch {name}; there are {', '.join(known)}")
        self.lasting.pop(name, None)
        if on:
            self.lasting[name] = known[name]

    def add(self, kind: Kind, method: str = "*", **options: object) -> Fault:
        """Program a fault; `options` are the further fields of Fault."""
        fault = Fault(kind, method, **options)  # type: ignore[arg-type]  # the dataclass names what it does not know
        self.programmed.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults."""
        self.programmed.clear()
        self.lasting.clear()
        self.channel_interval = None

    def take(self, method: str, args: Json) -> Fault | None:
        """The fault that hits this call, or None."""
        for fault in [*self.programmed, *self.lasting.values()]:
            if fault.matches(method, args):
                return fault.use()
        return None

    def pace(self, channel: Channel, now: float) -> int:
        """Seconds to wait before the next chat.postMessage to `channel`, 0 when it may go now.

        About one message a second and channel: https://docs.slack.dev/apis/web-api/rate-limits#posting
        """
        if self.channel_interval is not None and now - channel.last_post < self.channel_interval:
            return max(1, round(self.channel_interval - (now - channel.last_post)))
        channel.last_post = now
        return 0
