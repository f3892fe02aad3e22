"""renewalInfo (RFC 9773 section 4): honest windows and all the others."""

import re
from datetime import datetime, timedelta
from typing import Any

from tests.support.fakeca.core import Answer, Call, Core
from tests.support.fakeca.problems import Problem, malformed
from tests.support.fakeca.retryafter import retry_after
from tests.support.fakeca.state import Issued

_CERT_ID = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


async def renewal_info(core: Core, call: Call) -> Answer:
    cert_id = call.path["id"]
    if not _CERT_ID.fullmatch(cert_id):
        core.record.violations.append(f"renewalInfo: {cert_id}")
        raise malformed("no certID")
    issued = core.state.certificate_of(cert_id)
    if issued is None or not core.faults.has_renewal_info:
        raise Problem("malformed", "no such certificate", status=404)
    window = core.faults.window
    headers = {}
    if window.retry_after is not None:
        headers["Retry-After"] = retry_after(window.retry_after, core.now())
    body: dict[str, Any] = {}
    suggested = _window(core, issued)
    if suggested is not None:
        body["suggestedWindow"] = suggested
    if window.explanation_url is not None:
        body["explanationURL"] = window.explanation_url
    return Answer(body=body, headers=headers)


def _window(core: Core, issued: Issued) -> dict[str, str] | None:
    now = core.now()
    window = core.faults.window
    day, hour = timedelta(days=1), timedelta(hours=1)
    kind = "past" if issued.revocation_reason is not None else window.kind
    match kind:
        case "natural":
            begin, end = issued.leaf.not_valid_before_utc, issued.leaf.not_valid_after_utc
            start = begin + (end - begin) * 2 / 3
            return _pair(start, start + (end - begin) / 24)
        case "past":
            return _pair(now - hour, now - hour / 2)
        case "stale":
            begin = issued.leaf.not_valid_before_utc
            return _pair(begin - 20 * day, begin - 10 * day)
        case "now":
            return _pair(now - hour, now + timedelta(seconds=1))
        case "moved":
            start_s, end_s = window.start_s, window.end_s
            return _pair(now + timedelta(seconds=start_s), now + timedelta(seconds=end_s))
        case "inverted":
            return _pair(now + 2 * day, now + day)
        case "empty":
            return _pair(now + day, now + day)
        case "absent":
            return None
        case "no_end":
            return {"start": _pair(now, now)["start"]}
        case "garbage":
            return {"start": "tomorrow", "end": "2026-13-41T99:00:00Z"}
    raise AssertionError(kind)


def _pair(start: datetime, end: datetime) -> dict[str, str]:
    return {
        name: moment.isoformat().replace("+00:00", "Z")
        for name, moment in (("start", start), ("end", end))
    }
