"""A second implementation of whole contracts, naive and in exact fractions: reads contract files with usage, one JSON a line, and says where the documents differ.

It looks at everything from the beginning for each document, knows no stored state, and shares with the other implementation only the words of the file format.
"""
import datetime as dt
import functools
from fractions import Fraction as F
from zoneinfo import ZoneInfo

import rating_oracle as prices
from rating_oracle import rounded

UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = 2 ** 62
MINOR = {"JPY": 0, "KWD": 3}
ITEM_MODELS = ("percentage", "matrix", "grouped", "capacityTiers")


@functools.cache
def micros(text):
    if len(text) == 10:
        text += "T00:00:00Z"
    return (dt.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // dt.timedelta(microseconds=1)


def moment(at):
    return EPOCH + dt.timedelta(microseconds=at)


def iso(at):
    text = moment(at).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def num(value, default=None):
    return default if value is None else F(value)


@functools.cache
def start_of(zone, day):
    local = dt.datetime(day.year, day.month, day.day, tzinfo=zone)
    return (local.astimezone(UTC) - EPOCH) // dt.timedelta(microseconds=1)


class Zone:
    def __init__(self, name):
        self.zone = ZoneInfo(name)

    def start(self, day):
        return start_of(self.zone, day)

    def date(self, at):
        day = moment(at).astimezone(self.zone).date() + dt.timedelta(days=1)
        while self.start(day) > at:
            day -= dt.timedelta(days=1)
        return day


def share(part, whole, rule, zone):
    if rule == "seconds":
        return F(part[1] - part[0], whole[1] - whole[0])

    def days(span):
        if rule == "days":
            return (zone.date(span[1]) - zone.date(span[0])).days
        return (zone.date(span[1] - 1) - zone.date(span[0])).days + 1

    return F(days(part), days(whole))


# The words of prices, as the price oracle knows them.

def model(p):
    """Made once for each price."""
    if id(p) not in made:
        made[id(p)] = p, made_of(p)
    return made[id(p)][1]


made = {}


def made_of(p):
    def tiers(unit="unit"):
        return [[t.get("upTo"), t.get(unit, "0"), t.get("flat", "0")] for t in p["tiers"]]

    kind = p["model"]
    if kind == "perUnit":
        return {"type": "per_unit", "unit": p["unitPrice"]}
    if kind == "package":
        return {"type": "package", "size": p["size"], "price": p["packagePrice"], "free": p.get("freeUnits", "0"), "rounding": p.get("rounding", "up").capitalize()}
    if kind == "graduated":
        return {"type": "graduated", "tiers": tiers(), "atZero": p.get("flatAtZeroUsage", False)}
    if kind == "graduatedPercentage":
        return {"type": "graduated_percentage", "tiers": tiers(), "atZero": p.get("flatAtZeroUsage", False)}
    if kind == "volume":
        growth = {"rerate": "Rerate", "atReachedTier": "AtReachedTier"}[p.get("growth", "rerate")]
        return {"type": "volume", "tiers": tiers(), "atZero": p.get("flatAtZeroUsage", False), "growth": growth}
    if kind == "stairstep":
        return {"type": "stairs", "tiers": [[s.get("upTo"), s["price"]] for s in p["steps"]], "atZero": p.get("priceAtZeroUsage", False)}
    if kind == "baseFee":
        return {"type": "base", "fee": p["fee"], "included": p["includedUnits"], "overage": model(p["overage"])}
    if kind == "dynamic":
        return {"type": "dynamic", "multiplier": p.get("multiplier", "1")}
    if kind == "costPlus":
        return {"type": "cost_plus", "markup": p["markupPercent"]}
    if kind == "blockTiers":
        policy = {"allTiers": "AllTiers", "topTier": "TopTier"}[p.get("policy", "allTiers")]
        return {"type": "blocks", "tiers": [[t["size"], t.get("maxBlocks"), t["price"]] for t in p["tiers"]], "policy": policy}
    if kind == "committed":
        c = p["commitment"]
        return {"type": "committed", "model": model(p["price"]), "amount": c["amount"], "factor": c.get("overageFactor", "1"), "trueUp": c.get("trueUp", True)}
    if kind == "percentage":
        return {"type": "percentage", "rate": p["ratePercent"], "fixed": p.get("fixedPerEvent", "0"), "freeEvents": p.get("freeEvents"), "freeAmount": p.get("freeAmount"),
                "min": p.get("minimumPerEvent"), "max": p.get("maximumPerEvent")}
    if kind == "matrix":
        return {"type": "matrix", "cells": [[c["values"], model(c["price"])] for c in p["cells"]], "otherwise": model(p["otherwise"])}
    if kind == "grouped":
        return {"type": "grouped", "each": model(p["each"]), "by": "Key" if p["by"] == "key" else "Item"}
    raise ValueError(kind)


plain_price, plain_items = prices.price, prices.price_items


def price(m, q, part):
    """With shares: of a price (a fee for part of its time), and of a period that stands alone."""
    if m["type"] == "share":
        return price(m["whole"], q, part) * m["share"]
    if m["type"] == "part":
        return price(m["whole"], q / m["share"], part) * m["share"]
    return plain_price(m, q, part)


def price_items(m, items, part):
    if m["type"] != "part":
        return plain_items(m, items, part)
    whole = m["whole"]
    if whole["type"] == "percentage" or (whole["type"] == "grouped" and whole["by"] == "Item"):
        return plain_items(whole, items, part)
    return plain_items(whole, [(q / m["share"], key) for q, key in items], part) * m["share"]


prices.price, prices.price_items = price, price_items


def mode(name):
    return name[0].upper() + name[1:]


def terms_of(c, currency, period, limits=True):
    r = c.get("rounding", {})
    q = c.get("quantity", {}) if c["kind"] == "usage" else {}
    conversion = q.get("conversion")
    if conversion:
        inner = conversion.get("rounding")
        conversion = {"factor": conversion["factor"], "divides": conversion.get("divides", False),
                      "rounding": inner and {"places": inner.get("places", 0), "mode": mode(inner.get("mode", "halfUp"))}}
    given = sum((F(d["value"]) for d in c.get("discounts", []) if d["type"] == "usage" and holds(d, period)), F(0))
    return {
        "negative": mode(q.get("negative", "zero")), "conversion": conversion, "place": mode(q.get("place", "cumulative")), "usageDiscount": num(q.get("usageDiscount"), F(0)) + given,
        "discounts": [[mode(d["type"]), d["value"], d.get("periods"), d.get("from", 0)] for d in c.get("discounts", []) if d["type"] != "usage"],
        "min": c.get("minimum") if limits else None, "max": c.get("maximum") if limits else None,
        "order": mode(c.get("order", "discountMaximumMinimum")), "split": mode(c.get("split", "cumulativeTiers")),
        "rounding": {"places": r.get("places", MINOR.get(currency, 2)), "mode": mode(r.get("mode", "halfUp")), "at": mode(r.get("place", "line"))},
    }


def holds(d, period):
    return period >= d.get("from", 0) and (d.get("periods") is None or period - d.get("from", 0) < d["periods"])


def scaled(t, s):
    return {**t, "usageDiscount": t["usageDiscount"] * s, "min": None if t["min"] is None else F(t["min"]) * s, "max": None if t["max"] is None else F(t["max"]) * s,
            "discounts": [[k, F(v) * s if k == "Amount" else v, p, f] for k, v, p, f in t["discounts"]]}


def rate(m, t, total, before=None, billed=F(0), final=True, period=0):
    return prices.charge({"model": m, "terms": t, "usage": {"total": total, "before": before, "billed": billed, "final": final, "period": period}})


class Account:
    """Grants in a plain list, played from event to event."""

    def __init__(self, order):
        self.grants, self.order, self.at, self.log = [], order, -FOREVER, []

    def add(self, grant):
        self.grants.append({**grant, "left": F(0), "carried": F(0), "state": "waiting"})

    def advance(self, to):
        while True:
            due = [(g["expires"], 0, i) for i, g in enumerate(self.grants) if g["state"] != "ended" and g["expires"] is not None and g["expires"] <= to]
            due += [(g["from"], 1, i) for i, g in enumerate(self.grants) if g["state"] == "waiting" and g["from"] <= to]
            if not due:
                return
            at, kind, i = min(due)
            g = self.grants[i]
            if kind == 1:
                g["state"], g["left"] = "active", g["amount"] + g["carried"]
                continue
            if g["rollOver"] and g["next"] is not None:
                low, high = g["rollOver"]
                for other in self.grants:
                    if other["id"] == g["next"]:
                        other["carried"] = min(high, max(g["left"], low))
            g["state"], g["left"] = "ended", F(0)

    def active(self, charge):
        keys = {"priority": lambda g: g["priority"], "expiry": lambda g: g["expires"] if g["expires"] is not None else FOREVER * 4, "grantedFirst": lambda g: g["kind"] == "purchased",
                "costBasis": lambda g: g["costBasis"], "created": lambda g: g["from"]}
        able = [g for g in self.grants if g["state"] == "active" and g["left"] > 0 and (g["charges"] is None or charge in g["charges"])]
        return sorted(able, key=lambda g: tuple(keys[k](g) for k in self.order))

    def burn(self, at, amount, charge):
        self.advance(at)
        burned = F(0)
        for g in self.active(charge):
            here = min(amount - burned, g["left"])
            g["left"] -= here
            burned += here
            self.log.append((g["id"], here))
        return burned


class Run:
    def __init__(self, charge, span, version):
        self.charge, self.start, self.end, self.version = charge, span[0], span[1], version

    @property
    def key(self):
        return f"{self.charge['id']}@{iso(self.start)}"


class Contract:
    def __init__(self, file, contract):
        self.c, self.id, self.currency = contract, contract["id"], contract["currency"]
        self.books = {b["id"]: b for b in file.get("priceBooks", [])}
        self.meters = {m["id"]: m for m in file["meters"]}
        self.zone = Zone(contract.get("timeZone", "UTC"))
        billing = contract.get("billing", {})
        self.months, anchor = billing.get("months", 1), billing.get("anchor")
        self.anchor = dt.date.fromisoformat(anchor) if anchor else dt.date(1, 1, 1)
        self.versions = contract["versions"]
        self.start = micros(self.versions[0]["from"])
        self.end = micros(self.versions[-1]["to"]) if self.versions[-1].get("to") else FOREVER
        self.first = 0
        while self.raw(self.first)[1] <= self.start:
            self.first += 1
        self.places = MINOR.get(self.currency, 2)

    @functools.cache
    def raw(self, k):
        """Periods counted from around the beginning of 2019."""
        def day(i):
            far = 2019 * 12
            month = far - (far - (self.anchor.year * 12 + self.anchor.month - 1)) % self.months + i * self.months
            year, m = divmod(month, 12)
            last = (dt.date(year + (m == 11), (m + 1) % 12 + 1, 1) - dt.timedelta(days=1)).day
            return dt.date(year, m + 1, min(self.anchor.day, last))
        return self.zone.start(day(k)), self.zone.start(day(k + 1))

    def whole(self, n):
        return self.raw(self.first + n)

    def period(self, n):
        a, b = self.whole(n)
        return max(a, self.start), min(b, self.end)

    def has(self, n):
        return n >= 0 and self.whole(n)[0] < self.end

    def version_at(self, at):
        return [v for v in self.versions if micros(v["from"]) <= at or v is self.versions[0]][-1]

    def segments(self, span):
        for v in self.versions:
            a, b = max(span[0], micros(v["from"])), min(span[1], micros(v["to"]) if v.get("to") else FOREVER)
            if a >= b:
                continue
            book = self.books[v["priceBook"]]["versions"] if v.get("priceBook") else [{"version": 0, "from": "2000-01-01", "charges": []}]
            if v.get("priceBookVersion"):
                book = [dict(p, **{"from": "2000-01-01"}) for p in book if p["version"] == v["priceBookVersion"]]
            for i, p in enumerate(book):
                x, y = max(a, micros(p["from"])), min(b, micros(book[i + 1]["from"]) if i + 1 < len(book) else FOREVER)
                if x < y:
                    own = {c["id"]: c for c in v.get("charges", [])}
                    listed = [own.get(c["id"], c) for c in p["charges"] if c["id"] not in v.get("remove", [])]
                    yield (x, y), v, listed + [c for c in own.values() if c["id"] not in [k["id"] for k in listed]]

    @functools.cache
    def runs(self, span):
        found = {}
        for window, v, charges in self.segments(span):
            for c in charges:
                runs = found.setdefault(c["id"], [])
                last = runs[-1] if runs else None
                cuts = last and v.get("amendment", "time") == "time" and v is not last.version and c["kind"] == "usage" and c.get("accumulate", "period") == "period"
                if last and last.end == window[0] and not cuts and last.charge == c:
                    last.end = window[1]
                else:
                    runs.append(Run(c, window, v))
        return list(found.values())

    def paid(self, run):
        days = run.charge.get("trialDays", 0)
        if not days:
            return run
        end = self.zone.start(self.zone.date(self.start) + dt.timedelta(days=days))
        return Run(run.charge, (max(run.start, end), run.end), run.version) if run.end > end else None

    def taxes(self, version, product):
        return sum((F(t["percent"]) for t in version.get("taxes", []) if t.get("products") is None or product in t["products"]), F(0)) / 100

    # Fees that follow from the terms alone.

    def line(self, kind, run, m, quantity, span, n, s=F(1)):
        t = terms_of(run.charge, self.currency, n)
        if s != 1:
            m, t = {"type": "share", "whole": m, "share": s}, scaled(t, s)
        return {"key": f"{run.charge['id']}@{iso(span[0])}", "kind": kind, "charge": run.charge["id"], "span": span, "quantity": quantity, "covered": F(0),
                "amount": rate(m, t, quantity, period=n), "tax": self.taxes(run.version, run.charge["product"])}

    def recurring(self, n, timing, due):
        lines = []
        for runs in self.runs(self.whole(n)):
            mine = lambda c: c["kind"] == "recurring" and c.get("timing", "advance") == timing
            for every in dict.fromkeys(r.charge.get("everyPeriods", 1) for r in runs if mine(r.charge)):
                if not due(every):
                    continue
                first = n - n % every
                cycle = self.whole(first)[0], self.whole(first + every - 1)[1]
                within = [r for r in self.runs(cycle) if r[0].charge["id"] == runs[0].charge["id"]][0]
                own = [r for r in within if mine(r.charge) and r.charge.get("everyPeriods", 1) == every]
                lines += self.cycle(own, cycle, timing, first if timing == "advance" else n)
        return lines

    def cycle(self, runs, cycle, timing, n):
        lines = []
        for i, run in enumerate(runs):
            c, paid = run.charge, self.paid(run)
            if paid is None:
                continue
            rule, s = c.get("proration", "days"), F(1)
            if rule != "none":
                s = share((paid.start, paid.end), cycle, rule, self.zone)
            elif not (i == 0 and paid.start == run.start if timing == "advance" else i == len(runs) - 1):
                continue
            m, quantity = ({"type": "per_unit", "unit": c["amount"]}, F(1)) if "amount" in c else (model(c["price"]), F(c["quantity"]))
            lines.append(self.line("recurring", paid, m, quantity, (paid.start, paid.end), n, s))
        return lines

    @functools.cache
    def first_in_force(self, charge):
        return next(span[0] for span, _, charges in self.segments((self.start, self.end)) if any(c["id"] == charge for c in charges))

    def one_off(self, n, opening):
        lines = []
        for run in (r for runs in self.runs(self.period(n)) for r in runs):
            c = run.charge
            if c["kind"] != "oneOff":
                continue
            due = micros(c["at"]) if c.get("at") else self.first_in_force(c["id"])
            at_start = not c.get("at") and due == self.start
            if at_start == opening and run.start <= due < run.end:
                lines.append(self.line("oneOff", run, {"type": "per_unit", "unit": c["amount"]}, F(1), (due, due + 1), n))
        return lines
