"""How often a token may call: a bucket that fills again as time goes by, in the memory of each process."""

from dataclasses import dataclass, field
from typing import Final

_SECONDS: Final = 60.0
# Buckets that have filled again say nothing; they are dropped when there are more than this.
_MANY: Final = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Buckets:
    """One bucket a key. `per_minute` calls fit at once and come back over a minute; times are seconds."""

    per_minute: int
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def wait(self, key: str, now: float) -> float:
        """Seconds until the next call is allowed, 0.0 where it is now."""
        return max(0.0, (1.0 - self._filled(key, now).left) * _SECONDS / self.per_minute)

    def take(self, key: str, now: float) -> None:
        """Count a call; what is not there is not owed."""
        bucket = self._filled(key, now)
        bucket.left = max(0.0, bucket.left - 1.0)

    def _filled(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            self._forget(now)
            bucket = self._buckets[key] = _Bucket(float(self.per_minute), now)
        gained = max(0.0, now - bucket.at) * self.per_minute / _SECONDS
        bucket.left, bucket.at = min(float(self.per_minute), bucket.left + gained), now
        return bucket

    def _forget(self, now: float) -> None:
        if len(self._buckets) >= _MANY:
            self._buckets = {key: it for key, it in self._buckets.items() if now - it.at < _SECONDS}
