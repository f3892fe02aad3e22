"""A year of 160-hour, 45-day and 90-day certificates, with a CA that is often not well.

What must hold: no expired certificate is served when the CA was up for any tenth of the lifetime
after the moment it was due; and none of Let's Encrypt's limits is ever run into.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.renewal.ari import RenewalInfo, Window
from certs.renewal.validity import Validity
from tests.support.renewal.simulated_ca import (
    Outage,
    SimulatedCa,
    Trouble,
    WindowOf,
    usual_window,
)
from tests.support.renewal.simulated_host import SimulatedHost

START = datetime(2026, 3, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
SHORT, SERVER, CLASSIC = timedelta(hours=160), timedelta(days=45), timedelta(days=90)
LIFETIMES = pytest.mark.parametrize(
    "lifetime", [SHORT, SERVER, CLASSIC], ids=["160h", "45d", "90d"]
)
A_YEAR = settings(max_examples=6, deadline=None)
SEEDS = st.integers(0, 2**32)

# Where in the year, how long in lifetimes, what kind.
OUTAGES = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0.01, 0.7), st.sampled_from(Trouble)), max_size=12
)
# Where in the year, how long in lifetimes (all together less than a tenth), hours ahead or behind.
JUMPS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0.001, 0.008), st.floats(-20_000, 20_000)), max_size=5
)


def outages_of(drawn: Sequence[tuple[float, float, Trouble]], lifetime: timedelta) -> list[Outage]:
    """In order, and one at a time: what would overlap begins later."""
    found: list[Outage] = []
    for where, length, trouble in sorted(drawn):
        start = START + YEAR * where
        if found:
            start = max(start, found[-1].end)
        found.append(Outage(start=start, end=start + lifetime * length, trouble=trouble))
    return found


def live(
    host: SimulatedHost,
    lifetime: timedelta,
    *,
    seed: int,
    jumps: Sequence[tuple[float, float, float]] = (),
) -> None:
    """Live a year: a pass when one is planned, at random moments (restarts) and with jumps."""
    rng = random.Random(seed)
    episodes = [
        (START + YEAR * where, START + YEAR * where + lifetime * length, timedelta(hours=hours))
        for where, length, hours in jumps
    ]
    edges = sorted(edge for start, stop, _ in episodes for edge in (start, stop))
    now, end = START, START + YEAR
    while now < end:
        ahead = sum((by for start, stop, by in episodes if start <= now < stop), timedelta())
        planned = host.look(now, ahead)
        restart = now + lifetime * max(0.001, rng.expovariate(15))
        edge = next((edge for edge in edges if edge > now), end)
        now = min(planned, restart, edge, end)


def host_of(
    *cas: SimulatedCa, seed: int, lineages: Sequence[str] = ("ecdsa", "rsa")
) -> SimulatedHost:
    named = {f"ca-{n}": ca for n, ca in enumerate(cas)}
    return SimulatedHost(cas=named, lineages=lineages, rng=random.Random(seed))


def assert_served_well(host: SimulatedHost, ca: SimulatedCa) -> None:
    """Every certificate that was served after its end had no tenth of its life to be renewed in."""
    for one in host.history:
        certificate = one.certificate
        if (one.replaced_at or START + YEAR) <= certificate.not_after:
            continue
        assert one.due_at is not None
        up = ca.longest_up(one.due_at, certificate.not_after)
        lifetime = certificate.not_after - certificate.not_before
        assert up < lifetime / 10, f"{certificate} expired though the CA was up for {up}"


def most_issued(lifetime: timedelta, lineages: int) -> int:
    """As many as a year needs, and no more."""
    least = lifetime * (0.45 if lifetime < timedelta(days=10) else 0.6)
    return lineages * (1 + int(YEAR / least))


def strange_window(certificate: Validity, now: datetime) -> RenewalInfo:
    """Each certificate gets its own kind of window; some move, some are nonsense."""
    usual = usual_window(certificate, now)
    rng = random.Random(certificate.cert_id.rpartition(".")[2])
    start, end = certificate.not_before, certificate.not_after
    lifetime = end - start
    called_back_at = start + lifetime * rng.uniform(0.1, 0.9)
    kinds = ("usual", "inverted", "beyond", "ancient", "late", "early", "called back", "wandering")
    match rng.choice(kinds):
        case "inverted":
            window = Window(start=usual.window.end, end=usual.window.start)
        case "beyond":
            window = Window(start=end - lifetime / 10, end=end + lifetime / 10)
        case "ancient":
            window = Window(start=start - lifetime, end=start - lifetime / 2)
        case "late":
            window = Window(start=end - lifetime / 25, end=end - lifetime / 50)
        case "early":
            window = Window(start=start + lifetime / 4, end=start + lifetime / 3)
        case "called back" if now >= called_back_at:
            called = called_back_at - timedelta(hours=1)
            window = Window(start=called, end=called + timedelta(minutes=30))
            url = "https://ca.example/incident"
            return RenewalInfo(window=window, explanation_url=url, retry_after_s=21_600.0)
        case "wandering":
            # By a minute, with every answer.
            by = timedelta(minutes=(now - start) // timedelta(hours=6))
            window = Window(start=usual.window.start + by, end=usual.window.end + by)
        case _:
            return usual
    return RenewalInfo(window=window, retry_after_s=rng.choice([None, 43_200.0, 1e9]))


@LIFETIMES
@pytest.mark.parametrize("window_of", [None, usual_window], ids=["no window", "window"])
def test_a_good_year_needs_no_more_certificates_than_it_must(
    lifetime: timedelta, window_of: WindowOf | None
) -> None:
    ca = SimulatedCa(lifetime=lifetime, window_of=window_of)
    host = host_of(ca, seed=1)
    live(host, lifetime, seed=2)
    assert ca.refusals == []
    assert host.attempts == len(ca.issued) <= most_issued(lifetime, 2)
    for one in host.history:
        assert (one.replaced_at or START) <= one.certificate.moment(1 / 4)


@LIFETIMES
@A_YEAR
@given(drawn=OUTAGES, has_window=st.booleans(), seed=SEEDS)
def test_outages(
    lifetime: timedelta,
    drawn: list[tuple[float, float, Trouble]],
    has_window: bool,
    seed: int,
) -> None:
    ca = SimulatedCa(
        lifetime=lifetime,
        outages=outages_of(drawn, lifetime),
        window_of=usual_window if has_window else None,
    )
    host = host_of(ca, seed=seed)
    live(host, lifetime, seed=seed)
    assert_served_well(host, ca)
    assert ca.refusals == []
    assert len(ca.issued) <= most_issued(lifetime, 2)


@LIFETIMES
@A_YEAR
@given(drawn=OUTAGES, seed=SEEDS)
def test_strange_windows(
    lifetime: timedelta, drawn: list[tuple[float, float, Trouble]], seed: int
) -> None:
    outages = outages_of(drawn, lifetime)
    ca = SimulatedCa(lifetime=lifetime, outages=outages, window_of=strange_window)
    host = host_of(ca, seed=seed)
    live(host, lifetime, seed=seed)
    assert_served_well(host, ca)
    assert ca.refusals == []


@LIFETIMES
@A_YEAR
@given(drawn=OUTAGES, jumps=JUMPS, has_window=st.booleans(), seed=SEEDS)
def test_clock_jumps(
    lifetime: timedelta,
    drawn: list[tuple[float, float, Trouble]],
    jumps: list[tuple[float, float, float]],
    has_window: bool,
    seed: int,
) -> None:
    ca = SimulatedCa(
        lifetime=lifetime,
        outages=outages_of(drawn, lifetime),
        window_of=usual_window if has_window else None,
    )
    host = host_of(ca, seed=seed)
    live(host, lifetime, seed=seed, jumps=jumps)
    assert_served_well(host, ca)
    # A clock that is ahead makes all look old: the circuit breaker stops it after two.
    assert len(ca.issued) <= most_issued(lifetime, 2) + 2 * 2 * len(jumps)


@LIFETIMES
def test_a_ca_that_always_says_now_does_not_make_us_renew_for_ever(lifetime: timedelta) -> None:
    def always_now(certificate: Validity, now: datetime) -> RenewalInfo:
        start = certificate.not_before
        window = Window(start=start, end=start + timedelta(minutes=1))
        return RenewalInfo(window=window, retry_after_s=3_600.0)

    ca = SimulatedCa(lifetime=lifetime, window_of=always_now)
    host = host_of(ca, seed=1, lineages=["ecdsa"])
    live(host, lifetime, seed=1)
    assert host.attempts == len(ca.issued) <= 2 + YEAR.days
    assert ca.refusals == []


@LIFETIMES
def test_when_the_preferred_ca_is_gone_for_good_the_next_one_is_used_in_time(
    lifetime: timedelta,
) -> None:
    gone = Outage(start=START + YEAR / 3, end=START + 2 * YEAR, trouble=Trouble.REFUSED)
    first = SimulatedCa(lifetime=lifetime, outages=[gone], window_of=usual_window)
    second = SimulatedCa(lifetime=lifetime, key_id="other")
    host = host_of(first, second, seed=1)
    live(host, lifetime, seed=1)
    assert first.refusals == second.refusals == []
    assert second.issued
    for one in host.history:
        assert (one.replaced_at or START + YEAR) <= one.certificate.not_after


def test_more_lineages_for_the_same_names_than_the_limit_bears_share_it() -> None:
    """Four at 160 hours would like 8.4 a week; 5 are to be had, 4.2 must be."""
    ca = SimulatedCa(lifetime=SHORT)
    host = host_of(ca, seed=1, lineages=["p256", "p384", "rsa-2048", "rsa-4096"])
    live(host, SHORT, seed=1)
    assert ca.refusals == []
    assert_served_well(host, ca)


def test_a_failing_challenge_never_reaches_the_limit_of_failures() -> None:
    """All year: daily at last, and back within a day of the operator's repair."""
    broken = Outage(start=START, end=START + YEAR * 0.9, trouble=Trouble.CHALLENGES)
    ca = SimulatedCa(lifetime=CLASSIC, outages=[broken])
    host = host_of(ca, seed=1)
    live(host, CLASSIC, seed=1)
    assert ca.refusals == []
    assert host.attempts < 2 * 365
    assert ca.issued
    assert ca.issued[0].not_before <= broken.end + timedelta(days=1.2)
