"""Token buckets as stored values."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from certs.renewal.bucket import Bucket, Limit, free_at, settle, spend, spent

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMIT = Limit(capacity=3, refill_s=3600, reserve=1)


def emptied(count: int) -> Bucket:
    bucket = Bucket()
    for _ in range(count):
        bucket = spend(bucket, LIMIT, NOW)
    return bucket


def test_the_reserve_is_for_a_person() -> None:
    assert free_at(emptied(1), LIMIT, NOW) == NOW
    assert free_at(emptied(2), LIMIT, NOW) == NOW + HOUR
    assert free_at(emptied(2), LIMIT, NOW, may_use_reserve=True) == NOW
    assert free_at(emptied(3), LIMIT, NOW, may_use_reserve=True) == NOW + HOUR
    assert free_at(emptied(3), LIMIT, NOW) == NOW + 2 * HOUR


def test_it_refills() -> None:
    bucket = emptied(3)
    assert spent(bucket, LIMIT, NOW + HOUR, lifetime_s=None) == 2
    assert free_at(bucket, LIMIT, NOW + 2 * HOUR) == NOW + 2 * HOUR
    assert spent(bucket, LIMIT, NOW + 9 * HOUR, lifetime_s=None) == 0


def test_it_refills_faster_for_certificates_that_live_for_minutes() -> None:
    bucket = emptied(3)
    assert free_at(bucket, LIMIT, NOW, lifetime_s=160.0) == NOW + timedelta(seconds=68)
    assert free_at(bucket, LIMIT, NOW, lifetime_s=160 * 3600.0) == NOW + 2 * HOUR


def test_a_clock_that_was_put_back_neither_gives_nor_blocks() -> None:
    ahead = spend(Bucket(), LIMIT, NOW + timedelta(days=365), count=3)
    settled = settle(ahead, NOW)
    assert free_at(settled, LIMIT, NOW) == NOW + 2 * HOUR
    assert settle(settled, NOW + HOUR) is settled


@given(waits_s=st.lists(st.floats(0, 10_000), max_size=60))
def test_never_more_than_a_bucket_of_the_same_size_allows(waits_s: list[float]) -> None:
    now, bucket, tokens = NOW, Bucket(), float(LIMIT.capacity)
    for wait_s in waits_s:
        now += timedelta(seconds=wait_s)
        tokens = min(LIMIT.capacity, tokens + wait_s / LIMIT.refill_s)
        if free_at(bucket, LIMIT, now, may_use_reserve=True) <= now:
            bucket = spend(bucket, LIMIT, now)
            tokens -= 1
            assert tokens > -1e-6
