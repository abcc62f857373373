"""The documents of random contracts, by the naive implementation of contract_oracle.py; see there."""
import copy
import json
import sys
import traceback
from fractions import Fraction as F

import rating_oracle as prices
from contract_oracle import FOREVER, ITEM_MODELS, Account, Contract, iso, made, micros, model, num, rate, scaled, share, terms_of
from rating_oracle import rounded, spread


class Documents:
    def __init__(self, contract, usage):
        self.k = contract
        charges = [(span, c) for span, _, cs in contract.segments((contract.start, contract.end)) for c in cs if c["kind"] == "usage"]
        usage = [dict(u, t=micros(u["at"]), q=F(u["quantity"])) for u in usage]
        self.usage = sorted((u for u in usage if any(c["meter"] == u["meter"] and span[0] <= u["t"] < span[1] for span, c in charges)), key=lambda u: u["t"])
        self.accumulated, self.advance, self.fees, self.carried, self.lifetime = {}, [], {}, F(0), F(0)
        order = self.k.versions[0].get("credits", {}).get("burnOrder", ["priority", "expiry", "created"])
        self.money, self.units, self.given = Account(order), {}, set()
        self.documents, self.paid = [], []

    # Usage.

    def combined(self, meter, entries):
        """The figure of a meter from those of its parts, by group."""
        groups = {}
        for u in entries:
            key = tuple(u.get("dimensions", {}).get(d, "") for d in self.k.meters[meter].get("groupBy", []))
            groups.setdefault(key, []).append(u["q"])
        how = {"sum": sum, "max": max, "min": min}[self.k.meters[meter].get("aggregation", "sum")]
        return {key: how(values) for key, values in sorted(groups.items())}

    def quantity(self, meter, entries):
        return sum(self.combined(meter, entries).values(), F(0))

    def items(self, c, entries):
        m = c["price"]
        if m["model"] == "percentage" or (m["model"] == "grouped" and m["by"] == "event"):
            return [(u["q"], []) for u in entries]
        names = self.k.meters[c["meter"]].get("groupBy", [])
        chosen = [names.index(d) for d in m["dimensions"]] if m["model"] == "matrix" else range(len(names))
        return [(q, [key[i] for i in chosen]) for key, q in self.combined(c["meter"], entries).items()]

    def year(self, c, n):
        return n * self.k.months // 12 if c.get("accumulate") == "year" else 0

    def is_last(self, c, n, final):
        by = c.get("accumulate", "period")
        more = self.k.has(n + 1)
        return final and (by == "period" or not more or (by == "year" and (n + 1) * self.k.months // 12 != n * self.k.months // 12))

    def usage_runs(self, n, until):
        for runs in self.k.runs(self.k.period(n)):
            paid = [p for p in (self.k.paid(r) for r in runs if r.charge["kind"] == "usage") if p]
            for p in paid:
                p.entries = [u for u in self.usage if u["meter"] == p.charge["meter"] and p.start <= u["t"] < p.end and u["t"] < until]
            if paid:
                yield paid

    def by_quantity(self, c):
        return c["price"]["model"] not in ITEM_MODELS

    def usage_lines(self, n, until, parts, covered, final):
        lines, after = [], dict(self.accumulated)
        for runs in self.usage_runs(n, until):
            c = runs[-1].charge
            if len(runs) > 1 and runs[-1].version.get("amendment", "time") == "time" and c.get("accumulate", "period") == "period":
                spans = [share((r.start, r.end), self.k.whole(n), "days", self.k.zone) for r in runs]
                if min(spans) == 0:
                    spans = [share((r.start, r.end), self.k.whole(n), "seconds", self.k.zone) for r in runs]
                for r, s in zip(runs, spans):
                    t = scaled(terms_of(r.charge, self.k.currency, n), s)
                    lines.append(self.usage_line(r, {"type": "part", "whole": model(r.charge["price"]), "share": s}, t, None, F(0), [], [], F(0), F(0), parts, covered, final, n))
                continue
            standing = self.accumulated.get(c["id"])
            if standing and (runs[0].charge.get("accumulate", "period") == "period" or standing[0] != self.year(runs[0].charge, n)):
                standing = None
            start, paid = (standing[1], standing[2]) if standing else (None, F(0))
            base, entries, items, given = start or F(0), [], [], F(0)
            for i, r in enumerate(runs):
                if i and runs[i - 1].charge["meter"] != r.charge["meter"]:
                    start, base, entries, items, given = None, F(0), [], [], F(0)
                t = terms_of(r.charge, self.k.currency, n, limits=i == len(runs) - 1)
                line = self.usage_line(r, model(r.charge["price"]), t, start, base, entries, items, given, paid, parts, covered, i == len(runs) - 1 and self.is_last(r.charge, n, final), n)
                lines.append(line)
                if self.by_quantity(r.charge):
                    entries = entries + r.entries
                    given += covered.get(r.key, F(0))
                    start = base + self.quantity(r.charge["meter"], entries) - given
                else:
                    items = items + self.items(r.charge, r.entries)
                paid += line["amount"] + parts.get(r.key, (F(0), F(0), F(0)))[2]
            if c.get("accumulate", "period") != "period":
                after[c["id"]] = (self.year(c, n), start or F(0), paid)
        return lines, after

    def usage_line(self, r, m, t, start, base, entries, items, given, paid, parts, covered, last, n):
        part = parts.get(r.key)
        once = {**t, "split": "CumulativeTiers"}
        if self.by_quantity(r.charge):
            mine = covered.get(r.key, F(0))
            whole = base + self.quantity(r.charge["meter"], entries + r.entries) - given - mine
            grown = whole - (start or F(0))
            if part is None:
                amount = rate(m, once, whole, start, paid, last, n)
            elif t["split"] == "CumulativeTiers":
                amount = rate(m, t, whole, (start or F(0)) + part[0], paid + part[2], last, n)
            elif t["split"] == "RestartTiers":
                amount = rate(m, t, grown, part[0], paid + part[2], last, n)
            else:
                amount = rate(m, once, whole, start, paid, last, n) - part[2]
        else:
            mine, own = F(0), self.items(r.charge, r.entries)
            grown = sum((q for q, _ in own), F(0))
            amount = rate(m, once, items + own, items or None, paid, last, n) - (part[2] if part else F(0))
        return {"key": r.key, "kind": "usage", "charge": r.charge["id"], "span": (r.start, r.end), "quantity": grown - (part[0] if part else 0), "covered": mine - (part[1] if part else 0),
                "amount": amount, "tax": self.k.taxes(r.version, r.charge["product"])}

    # Credit.

    def give(self, until):
        for v in self.k.versions:
            for g in v.get("credits", {}).get("grants", []):
                start = micros(g["from"]) if g.get("from") else micros(v["from"])
                end = micros(g["expires"]) if g.get("expires") else None
                times = [(g["id"], start, end, None)]
                if "recurrence" in g:
                    stop = min(x for x in (FOREVER, end or FOREVER, micros(v["to"]) if v.get("to") else FOREVER))
                    at, i, times = start, 0, []
                    while at < stop and at <= until:
                        after = self.again(start, g["recurrence"], i + 1)
                        times.append((f"{g['id']}#{i + 1}", at, after, f"{g['id']}#{i + 2}" if after < stop else None))
                        at, i = after, i + 1
                for name, a, b, following in times:
                    if a > until or name in self.given:
                        continue
                    self.given.add(name)
                    account = self.money if "amount" in g else self.units.setdefault(g["meter"], Account(self.money.order))
                    over = g.get("rollOver")
                    account.add({"id": name, "amount": F(g.get("amount", g.get("units"))), "priority": g.get("priority", 0), "kind": g.get("kind", "granted"), "costBasis": F(g.get("costBasis", "0")),
                                 "from": a, "expires": b, "charges": g.get("charges"), "rollOver": (F(over.get("minimum", "0")), F(over["maximum"])) if over else None, "next": following})

    def again(self, start, recurrence, i):
        if "every" in recurrence:
            return start + i * int(recurrence["every"][1:-1]) * 24 * 3600 * 10 ** 6
        day = self.k.zone.date(start)
        month = day.year * 12 + day.month - 1 + recurrence["months"] * i
        first = day.replace(day=1, year=month // 12, month=month % 12 + 1)
        following = first.replace(year=(month + 1) // 12, month=(month + 1) % 12 + 1)
        last = (following - first).days
        return self.k.zone.start(first.replace(day=min(day.day, last))) + start - self.k.zone.start(day)

    def asked(self, n, until, meter, parts):
        """What usage asks of the grants of a meter's units, in the order of time."""
        if self.k.meters[meter].get("aggregation", "sum") != "sum":
            return []
        growths = []
        for r in (r for runs in self.usage_runs(n, until) for r in runs if r.charge["meter"] == meter and self.by_quantity(r.charge)):
            level, highest = F(0), sum(parts.get(r.key, (F(0), F(0), F(0)))[:2])
            for u in r.entries:
                level += u["q"]
                if level > highest:
                    growths.append((u["t"], r.key, r.charge["id"], level - highest))
                    highest = level
        return sorted(growths, key=lambda g: g[0])

    def cover(self, n, until, parts):
        covered = {key: part[1] for key, part in parts.items() if part[1]}
        for meter, account in sorted(self.units.items()):
            for at, key, charge, grown in self.asked(n, until, meter, parts):
                known = len(account.log)
                units = account.burn(at, grown, charge)
                self.paid += [(n, meter, key, grant, amount) for grant, amount in account.log[known:]]
                if units:
                    covered[key] = covered.get(key, F(0)) + units
        return covered

    def restricted(self):
        return any(g.get("charges") for v in self.k.versions for g in v.get("credits", {}).get("grants", []))

    def changes(self, a, b):
        times = [x for g in self.money.grants if g["state"] != "ended" for x in ((g["from"],) if g["state"] == "waiting" else ()) + ((g["expires"],) if g["expires"] else ())]
        return any(a < x < b for x in times)

    def due(self, line, n, until):
        end = self.k.period(n)[1]
        a, b = line["span"]
        if line["kind"] == "oneOff" or a >= end:
            return [(a, line["charge"], line["amount"])]
        last = min(b, end) - 1
        if line["kind"] != "usage" or not self.changes(a, b):
            return [(last, line["charge"], line["amount"])]
        entries = [u for runs in self.usage_runs(n, until) for r in runs if r.key == line["key"] for u in r.entries if u["q"] > 0]
        units = sum((u["q"] for u in entries), F(0))
        if not units:
            return [(last, line["charge"], line["amount"])]
        return [(u["t"], line["charge"], line["amount"] * u["q"] / units) for u in entries]

    def pay(self, payable, fees, places):
        if payable <= 0 or not fees:
            return F(0)
        positive = sorted((f for f in fees if f[2] > 0), key=lambda f: f[0])
        joined = {}
        for t, charge, amount in positive:
            key = t, charge if self.restricted() else ""
            joined[key] = joined.get(key, F(0)) + amount
        positive = [(t, charge, amount) for (t, charge), amount in joined.items()]
        if not positive:
            latest = max(fees, key=lambda f: f[0])
            positive = [(latest[0], latest[1], F(1))]
        paid = F(0)
        for (at, charge, _), part in zip(positive, spread(payable, [f[2] for f in positive], places)):
            self.money.advance(at)
            at_hand = sum((g["left"] for g in self.money.active(charge)), F(0))
            amount = min(part, rounded(at_hand, places, "Down"))
            if amount > 0:
                paid += self.money.burn(at, amount, charge)
        return paid

    # Documents.

    def sums(self, version, lines, n, used, net_before, maximum, minimum):
        d = version.get("document", {})
        places = d.get("places") if d.get("places") is not None else self.k.places
        way = d.get("mode", "halfUp")
        cents = lambda value: rounded(value, places, way[0].upper() + way[1:])
        fine = d.get("couponPlaces") if d.get("couponPlaces") is not None else places
        left, coupons, total = [max(l["amount"], F(0)) for l in lines], {}, F(0)
        taken = [F(0)] * len(lines)
        for c in version.get("coupons", []):
            if not (n >= c.get("from", 0) and (c.get("periods") is None or n - c.get("from", 0) < c["periods"])):
                continue
            eligible = [max(a, F(0)) if c.get("appliesTo") is None or l["charge"] in c["appliesTo"] else F(0) for l, a in zip(lines, left)]
            whole = sum(eligible, F(0))
            worth = whole * F(c["value"]) / 100 if c["type"] == "percent" else min(max(F(c["value"]) - used.get(c["id"], F(0)), F(0)), whole)
            worth = min(rounded(worth, fine, "HalfUp"), rounded(whole, fine, "Down"))
            for i, part in enumerate(spread(worth, eligible, fine)):
                left[i], taken[i] = left[i] - part, taken[i] + part
            coupons[c["id"]] = worth
            total += worth
        subtotal, total = cents(sum((l["amount"] for l in lines), F(0))), cents(total)
        net = goal = subtotal - total
        if maximum and version.get("maximum") is not None:
            goal = min(goal, max(F(version["maximum"]) - net_before, F(0)))
        if minimum and version.get("minimum") is not None and goal == net:
            goal = max(goal, max(F(version["minimum"]) - net_before, F(0)))
        adjustment = cents(goal - net)
        bases = [(l["amount"] - t, l["tax"]) for l, t in zip(lines, taken)] + [(adjustment, sum((F(p) for p in d.get("adjustmentTaxPercents", [])), F(0)) / 100)]
        if d.get("taxBase") == "rounded":
            bases = [(cents(b), r) for b, r in bases]
        how = d.get("taxRounding", "document")
        if how == "line":
            tax = sum((cents(b * r) for b, r in bases), F(0))
        elif how == "rate":
            tax = sum((cents(sum((b for b, r in bases if r == one), F(0)) * one) for one in {r for _, r in bases}), F(0))
        else:
            tax = cents(sum((b * r for b, r in bases), F(0)))
        return {"subTotal": subtotal, "coupons": coupons, "couponTotal": total, "adjustment": adjustment, "tax": tax, "net": subtotal - total + adjustment}

    def settle(self, name, n, version, lines, sums, fees, at):
        d = version.get("document", {})
        payable = sums["net"] + (F(0) if d.get("credit") == "beforeTax" else sums["tax"])
        credit = self.pay(payable, fees + [(at, "", max(sums["adjustment"], F(0)))], d.get("places", self.k.places)) if self.money.grants else F(0)
        due = sums["net"] + sums["tax"] - credit
        carried, forward = (F(0), -due) if due < 0 else (min(self.carried, due), F(0))
        self.carried += forward - carried
        for l in lines:
            if l["kind"] != "trueUp":
                self.fees[l["charge"]] = self.fees.get(l["charge"], F(0)) + l["amount"]
        self.documents.append({"id": f"{self.k.id}/{n:04}/{name}", "lines": [[l["key"], l["quantity"], l["covered"], l["amount"]] for l in lines],
                               "sums": [sums["subTotal"], sums["couponTotal"], sums["adjustment"], sums["tax"], credit, carried, forward, due - carried + forward]})

    def open(self):
        lines = self.k.one_off(0, True) + self.k.recurring(0, "advance", lambda every: True)
        self.advance = lines[len(self.k.one_off(0, True)):]
        self.used, self.net, self.spent, self.parts, self.count = {}, F(0), F(0), {}, 0
        if not lines:
            return
        version = self.k.version_at(self.k.start)
        sums = self.sums(version, lines, 0, {}, F(0), False, False)
        self.give(self.k.start)
        self.used = dict(sums["coupons"])
        self.settle("opening", 0, version, lines, sums, [(self.k.start, l["charge"], l["amount"]) for l in lines], self.k.start)

    def threshold(self, n, at):
        version = self.k.version_at(at)
        t = version.get("threshold")
        if not t:
            return
        saved = copy.deepcopy((self.given, self.money, self.units, self.paid))
        self.give(at)
        lines, _ = self.usage_lines(n, at + 1, self.parts, self.cover(n, at + 1, self.parts), False)
        spent = max(sum((l["amount"] for l in lines), F(0)) + sum((p[2] for p in self.parts.values()), F(0)), self.spent)
        earlier = F(0) if t.get("scope") == "period" else self.lifetime
        marks = [F(x) for x in t.get("thresholds", [])]
        step = num(t.get("recurring"))
        mark = (marks[-1] if marks else F(0)) + step if step else None
        while mark is not None and mark <= earlier + spent:
            marks.append(mark)
            mark += step
        before, self.spent = self.spent, spent
        reached = [x for x in marks if x <= earlier + spent]
        if not reached or reached[-1] <= earlier + before:
            self.given, self.money, self.units, self.paid = saved
            return
        lines = [l for l in lines if l["amount"] or l["quantity"] or l["covered"]]
        sums = self.sums(version, lines, n, self.used, self.net, True, False)
        fees = [f for l in lines for f in self.due(l, n, at + 1)]
        self.count += 1
        self.settle(f"threshold-{self.count}", n, version, lines, sums, fees, at)
        for l in lines:
            p = self.parts.get(l["key"], (F(0), F(0), F(0)))
            self.parts[l["key"]] = (p[0] + l["quantity"], p[1] + l["covered"], p[2] + l["amount"])
        for c, amount in sums["coupons"].items():
            self.used[c] = self.used.get(c, F(0)) + amount
        self.net += sums["net"]

    def close(self, n):
        end = self.k.period(n)[1]
        self.give(end)
        lines, usage, after, advance, sums = self.rated(n, self.cover(n, FOREVER, self.parts))
        due = [f for l in lines for f in self.due(l, n, FOREVER)]
        self.settle("period", n, self.k.version_at(end - 1), lines, sums, due, end)
        self.lifetime += sum((l["amount"] for l in usage), F(0)) + sum((p[2] for p in self.parts.values()), F(0))
        self.accumulated = after
        self.advance = self.k.recurring(n, "advance", lambda every: (n + 1) % every != 0) + advance if self.k.has(n + 1) else []
        self.used, self.net, self.spent, self.parts, self.count = {}, F(0), F(0), {}, 0

    def rated(self, n, covered):
        """The lines and sums that end a period, as things stand."""
        k, (start, end) = self.k, self.k.period(n)
        version = k.version_at(end - 1)
        usage, after = self.usage_lines(n, FOREVER, self.parts, covered, True)
        arrears = k.recurring(n, "arrears", lambda every: (n + 1) % every == 0 or not k.has(n + 1))
        once = k.one_off(n, False)
        expected = k.recurring(n, "advance", lambda every: True)
        settled = self.settled(expected, self.advance)
        advance = k.recurring(n + 1, "advance", lambda every: (n + 1) % every == 0) if k.has(n + 1) else []
        fees = [(l["charge"], l["amount"] + self.parts.get(l["key"], (F(0), F(0), F(0)))[2]) for l in usage]
        fees += [(l["charge"], l["amount"]) for l in arrears + once] + [(l["charge"], l["amount"]) for l in expected if start <= l["span"][0] < end]
        lines = usage + arrears + once + settled
        lines = lines + self.true_ups(n, version, fees, lines + advance) + advance
        return lines, usage, after, advance, self.sums(version, lines, n, self.used, self.net, True, True)

    def settled(self, expected, billed):
        """What begins (or ends) within what was billed in advance."""
        keys = [l["key"] for l in expected] + [l["key"] for l in billed if l["key"] not in {e["key"] for e in expected}]
        lines = []
        for key in keys:
            now, then = ([l for l in side if l["key"] == key] for side in (expected, billed))
            change = dict((now or then)[0])
            for what in ("quantity", "amount"):
                change[what] = (now[0][what] if now else F(0)) - (then[0][what] if then else F(0))
            if change["quantity"] or change["amount"]:
                lines.append(change)
        return lines

    def true_ups(self, n, version, fees, billed):
        k, (start, end) = self.k, self.k.period(n)
        whole, found = k.whole(n), []
        d = version.get("document", {})
        way = d.get("mode", "halfUp")
        inside = [(v, (max(start, micros(v["from"])), min(end, micros(v["to"]) if v.get("to") else FOREVER))) for v in k.versions]
        inside = [(v, span) for v, span in inside if span[0] < span[1]]
        totals = dict(self.fees)
        for l in billed:
            totals[l["charge"]] = totals.get(l["charge"], F(0)) + l["amount"]

        def add(c, due, amounts, span):
            one = {"amount": due, "part": 1, "whole": 1, "fees": amounts, "order": {"roundThenSubtract": "RoundThenSubtract", "subtractThenRound": "SubtractThenRound"}[c.get("trueUp", "roundThenSubtract")],
                   "rounding": {"places": d.get("places", k.places), "mode": way[0].upper() + way[1:]}}
            missing = prices.true_up(one)
            if missing:
                found.append({"key": f"{c['id']}@{iso(span[0])}", "kind": "trueUp", "charge": c["id"], "span": span, "quantity": F(1), "covered": F(0), "amount": missing, "tax": k.taxes(version, c.get("product", ""))})

        for c in version.get("commitments", []):
            if c.get("per", "period") != "period":
                continue
            counted = [a for charge, a in fees if c.get("charges") is None or charge in c["charges"]]
            if version.get("amendment", "time") == "usage" or len(inside) == 1:
                due = F(c["amount"]) * share((start, end), whole, "days", k.zone)
            else:
                due = sum((F(o["amount"]) * share(span, whole, "days", k.zone) for v, span in inside for o in v.get("commitments", []) if o["id"] == c["id"] and o.get("per", "period") == "period"), F(0))
            add(c, due, counted, (start, end))
        if not k.has(n + 1):
            for c in version.get("commitments", []):
                if c.get("per") == "term":
                    add(c, F(c["amount"]), [a for charge, a in sorted(totals.items()) if c.get("charges") is None or charge in c["charges"]], (k.start, k.end))
        return found

    def run(self):
        latest = max((u["t"] for u in self.usage), default=self.k.start)
        self.open()
        n = 0
        while self.k.has(n):
            start, end = self.k.period(n)
            if any(v.get("threshold") for v in self.k.versions):
                for at in sorted({u["t"] for u in self.usage if start <= u["t"] < end}):
                    self.threshold(n, at)
            self.close(n)
            if latest < self.k.whole(n)[1]:
                break
            n += 1
        return self.documents


def differences(one):
    """What differs first; a seed makes the same contract again."""
    if "refused" in one:
        return f"documents, found: {one['refused']}"
    found = Documents(Contract(one["file"], one["file"]["contracts"][0]), one["usage"]).run()
    return compared(one["ours"], found)


def compared(ours, found):
    if [d["id"] for d in found] != [d["id"] for d in ours]:
        return f"documents {[d['id'] for d in found]}, found {[d['id'] for d in ours]}"
    for mine, theirs in zip(found, ours):
        lines = [[key] + [F(x) for x in rest] for key, *rest in theirs["lines"]]
        if mine["lines"] != lines:
            return f"{mine['id']}: lines {[[str(x) for x in l] for l in mine['lines']]}, found {theirs['lines']}"
        if mine["sums"] != [F(x) for x in theirs["sums"]]:
            return f"{mine['id']}: sums {[str(x) for x in mine['sums']]}, found {theirs['sums']}"
    return None


def main(differences=differences):
    count = documents = 0
    for text in sys.stdin:
        one = json.loads(text)
        try:
            difference = differences(one)
        except Exception:
            difference = traceback.format_exc()[-600:].replace("\n", " | ")
        if difference:
            print(f"seed {one['seed']}: expected {difference}")
        for known in (Contract.runs, Contract.raw, Contract.first_in_force):
            known.cache_clear()
        made.clear()
        count, documents = count + 1, documents + len(one["ours"])
    print(f"{count} contracts, {documents} documents")


if __name__ == "__main__":
    main()
