"""Closed periods that are corrected, by the naive implementation of contract_oracle.py; see there. Written from docs/invoicing.md.

What grants of units hold is worked out anew each time, from all that they were asked to pay for since the contract began.
"""
from fractions import Fraction as F

from contract_oracle import FOREVER, Contract, micros
from contract_oracle_documents import Documents, compared, main


class Corrections(Documents):
    def __init__(self, contract, usage):
        super().__init__(contract, [])
        known = Documents(contract, usage).usage
        self.all, self.closed, self.next = known, {}, 0

    def see(self, step):
        """The usage that is known at a step."""
        self.usage = [u for u in self.all if u["since"] <= step and (u["until"] is None or step < u["until"])]

    def close_next(self):
        n, k = self.next, self.k
        start, end = k.period(n)
        opening = dict(self.used) if n == 0 else {}
        if any(v.get("threshold") for v in k.versions):
            for at in sorted({u["t"] for u in self.usage if start <= u["t"] < end}):
                self.threshold(n, at)
        kept = {"accumulated": self.accumulated, "advance": self.advance, "coupons": opening, "corrections": 0, "void": False}
        parts, count, fees = dict(self.parts), self.count, dict(self.fees)
        self.close(n)
        kept["covered"] = self.by_line(n)
        kept["asked"] = {meter: self.asked(n, FOREVER, meter, {}) for meter in self.units}
        for key, part in parts.items():
            charge = key.rsplit("@", 1)[0]
            fees[charge] -= part[2]
        kept["lines"], kept["sums"], _, kept["billed"] = self.at_once(n, kept, fees, kept["covered"])
        self.closed[n], self.next = kept, n + 1

    def by_line(self, n):
        covered = {}
        for period, _, key, _, amount in self.paid:
            if period == n:
                covered[key] = covered.get(key, F(0)) + amount
        return covered

    def at_once(self, n, kept, fees, covered):
        """A period in one document, whatever it was billed in."""
        names = ("accumulated", "advance", "used", "net", "parts", "fees")
        saved = [getattr(self, name) for name in names]
        for name, value in zip(names, (kept["accumulated"], kept["advance"], kept["coupons"], F(0), {}, fees)):
            setattr(self, name, value)
        lines, _, after, advance, sums = self.rated(n, covered)
        for name, value in zip(names, saved):
            setattr(self, name, value)
        return lines, sums, after, advance

    # Grants of units.

    def pay_again(self, first, until):
        """Periods from the first on: where what grants were asked to pay for has changed, nobody has paid; then they pay, one period after the other."""
        changed = []
        for n in range(first, self.next):
            kept = self.closed[n]
            for meter in kept["asked"]:
                asked = None if kept["void"] else self.asked(n, FOREVER, meter, {})
                if asked is None or asked != kept["asked"][meter]:
                    changed.append((n, meter, asked))
                    kept["asked"][meter] = asked
        before = self.paid
        self.paid = [p for p in before if (p[0], p[1]) not in [(n, meter) for n, meter, _ in changed]]
        for n, meter, asked in changed:
            for at, key, charge, units in asked or []:
                for grant in self.in_force(meter, at, charge):
                    here = self.most(meter, grant["id"], units, until)
                    if here > 0:
                        self.paid.append((n, meter, key, grant["id"], here))
                        units -= here
        moved = self.totals(before) != self.totals(self.paid)
        for meter in self.units:
            self.stand(meter, until)
        return moved

    def totals(self, paid):
        sums = {}
        for n, meter, key, grant, amount in paid:
            sums[n, meter, key, grant] = sums.get((n, meter, key, grant), F(0)) + amount
        return sums

    def in_force(self, meter, at, charge):
        able = [g for g in self.units[meter].grants if g["from"] <= at and (g["expires"] is None or at < g["expires"]) and (g["charges"] is None or charge in g["charges"])]
        return sorted(able, key=lambda g: (g["priority"], g["expires"] if g["expires"] is not None else FOREVER * 4, g["from"]))

    def history(self, meter, until, more=None):
        """What each grant has left, and what rolled over into it, after all that was paid."""
        grants, left, carried = self.units[meter].grants, {}, {}
        for g in sorted(grants, key=lambda g: g["from"]):
            left[g["id"]] = (g["amount"] if g["from"] <= until else F(0)) + carried.get(g["id"], F(0))
            left[g["id"]] -= sum((p[4] for p in self.paid if p[1] == meter and p[3] == g["id"]), F(0))
            if more and more[0] == g["id"]:
                left[g["id"]] -= more[1]
            if g["rollOver"] and g["next"] in [o["id"] for o in grants] and g["expires"] <= until:
                carried[g["next"]] = min(g["rollOver"][1], max(left[g["id"]], g["rollOver"][0]))
        return left, carried

    def most(self, meter, grant, wanted, until):
        """The most that a grant can pay, so that neither it nor one that it rolled over into is ever overdrawn: some grant's last unit then."""
        def works(amount):
            return all(v >= 0 for v in self.history(meter, until, (grant, amount))[0].values())

        if works(wanted):
            return wanted
        left, carried = self.history(meter, until)
        grants = {g["id"]: g for g in self.units[meter].grants}
        ends, lapsed, one = [F(0)], F(0), grant
        while one is not None and one in grants:
            ends.append(lapsed + left[one])
            lapsed += max(left[one] - carried.get(grants[one]["next"], F(0)), F(0))
            one = grants[one]["next"]
        return max(x for x in ends if 0 <= x <= wanted and works(x))

    def stand(self, meter, until):
        left, carried = self.history(meter, until)
        for g in self.units[meter].grants:
            ended = g["expires"] is not None and g["expires"] <= until
            g["state"] = "ended" if ended else "active" if g["from"] <= until else "waiting"
            g["left"] = left[g["id"]] if g["state"] == "active" else F(0)
            g["carried"] = carried.get(g["id"], F(0))

    # Documents of differences.

    def correct(self, first, at):
        k = self.k
        moved = self.pay_again(first, k.period(self.next)[0] if k.has(self.next) else k.period(self.next - 1)[1])
        booked, run_up = False, None
        for n in range(first, self.next):
            kept = self.closed[n]
            if run_up is not None:
                kept["accumulated"] = run_up
            covered = self.still(n, kept["covered"]) if kept["void"] else self.by_line(n)
            fees = dict(self.fees)
            for l in kept["lines"]:
                if l["kind"] != "trueUp":
                    fees[l["charge"]] = fees.get(l["charge"], F(0)) - l["amount"]
            lines, sums, run_up, _ = self.at_once(n, kept, fees, covered)
            if kept["void"]:
                lines, sums = kept["billed"], self.sums(k.version_at(k.period(n)[1] - 1), kept["billed"], n, kept["coupons"], F(0), False, False)
            else:
                kept["covered"] = covered
            if self.book(n, kept, lines, sums, at):
                kept["corrections"] += 1
                booked = True
            kept["lines"], kept["sums"] = lines, sums
            if n == self.next - 1:
                self.accumulated = run_up
        if moved and not booked:
            self.give(at)

    def still(self, n, covered):
        """Of a void period, what had been covered of the usage that is still there: tiers that run on count the rest."""
        units = {r.key: self.quantity(r.charge["meter"], r.entries) for runs in self.usage_runs(n, FOREVER) for r in runs}
        return {key: max(min(amount, units[key]), F(0)) for key, amount in covered.items() if key in units}

    def book(self, n, kept, lines, sums, at):
        names = ("quantity", "covered", "amount")
        changes = []
        for l in lines:
            was = [b for b in kept["lines"] if b["key"] == l["key"]]
            changes.append(dict(l, **{name: l[name] - (was[0][name] if was else F(0)) for name in names}))
        changes += [dict(b, **{name: -b[name] for name in names}) for b in kept["lines"] if b["key"] not in [l["key"] for l in lines]]
        changes = [c for c in changes if any(c[name] for name in names)]
        less = {name: sums[name] - kept["sums"][name] for name in ("subTotal", "couponTotal", "adjustment", "tax", "net")}
        given = {c: sums["coupons"].get(c, F(0)) - kept["sums"]["coupons"].get(c, F(0)) for c in [*sums["coupons"], *kept["sums"]["coupons"]]}
        if not changes and not any(less.values()) and not any(given.values()):
            return False
        self.give(at)
        self.settle(f"correction-{kept['corrections'] + 1}", n, self.k.version_at(at), changes, less, [(at, c["charge"], c["amount"]) for c in changes], at)
        self.lifetime += sum((c["amount"] for c in changes if c["kind"] == "usage"), F(0))
        return True

    def play(self, steps):
        self.open()
        for i, step in enumerate(steps):
            self.see(i)
            if step["do"] == "close":
                self.close_next()
            elif step["do"] == "correct":
                self.correct(step["first"], micros(step["at"]))
            else:
                self.closed[step["period"]]["void"] = step["do"] == "void"
        return self.documents


def differences(one):
    if "refused" in one:
        return f"documents, found: {one['refused']}"
    return compared(one["ours"], Corrections(Contract(one["file"], one["file"]["contracts"][0]), one["usage"]).play(one["steps"]))


if __name__ == "__main__":
    main(differences)
