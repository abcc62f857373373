"""Answers period questions with Python's zoneinfo, naively. A line in: zone, months, anchor (ISO date), instant (micros).
A line out: start and end of the period, of the day, of the hour and of the month, in micros, and the period's first day and the day behind its last."""
import calendar
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC, EPOCH, SECOND = timezone.utc, datetime(1970, 1, 1, tzinfo=timezone.utc), timedelta(seconds=1)


def micros(instant):
    return (instant - EPOCH) // timedelta(microseconds=1)


def shown(instant, zone):
    return instant.astimezone(zone).replace(tzinfo=None)


def begins(local, zone):
    """The first instant at which the clock shows the local time or a later one."""
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if shown(instant, zone).replace(fold=0) == local:
        return instant
    before, after = (datetime(local.year, local.month, local.day, local.hour, local.minute, tzinfo=UTC) + timedelta(hours=h) for h in (-26, 26))
    while after - before > SECOND:  # the clock skips this time: halve down to the second of the change
        middle = before + (after - before) // 2 // SECOND * SECOND
        if shown(middle, zone) < local:
            before = middle
        else:
            after = middle
    return after


def day_of_period(anchor, months):
    month = anchor.year * 12 + anchor.month - 1 + months
    year, month = month // 12, month % 12 + 1
    return date(year, month, min(anchor.day, calendar.monthrange(year, month)[1]))


def period(zone, months, anchor, instant):
    step = (shown(instant, zone).year - anchor.year) * 12 // months - 26 // months - 2
    start = None
    while True:
        day = day_of_period(anchor, step * months)
        end = begins(datetime(day.year, day.month, day.day), zone)
        if end > instant:
            return start, end, first, day
        start, first, step = end, day, step + 1


def day(zone, instant):
    local = shown(instant, zone).date() - timedelta(days=2)
    borders = [begins(datetime(d.year, d.month, d.day), zone) for d in (local + timedelta(days=i) for i in range(6))]
    return max(b for b in borders if b <= instant), min(b for b in borders if b > instant)


def is_hour_border(instant, zone):
    local = instant.astimezone(zone)
    return (local.minute == 0 and local.second == 0) or local.utcoffset() != (instant - SECOND).astimezone(zone).utcoffset()


def hour(zone, instant):
    start = instant.replace(second=0, microsecond=0)
    while not is_hour_border(start, zone):
        start -= timedelta(minutes=1)
    end = instant.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while not is_hour_border(end, zone):
        end += timedelta(minutes=1)
    return start, end


for line in sys.stdin:
    name, months, anchor, at = line.split()
    zone, instant = ZoneInfo(name), EPOCH + timedelta(microseconds=int(at))
    anchor = date.fromisoformat(anchor)
    start, end, first, behind = period(zone, int(months), anchor, instant)
    month = period(zone, 1, anchor, instant)
    answers = [start, end, *day(zone, instant), *hour(zone, instant), *month[:2]]
    print(*(micros(a) for a in answers), first, behind)
