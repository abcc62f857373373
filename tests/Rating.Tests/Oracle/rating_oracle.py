"""A second implementation of the prices, naive and in exact fractions: reads cases, one JSON a line, and says where its result differs."""
import json
import sys
from fractions import Fraction as F


def rounded(value, places, mode):
    unit = F(10) ** -places
    scaled = value / unit
    low = scaled.numerator // scaled.denominator
    rest = scaled - low
    if rest == 0:
        return low * unit
    half = F(1, 2)
    if mode == "Floor":
        up = False
    elif mode == "Ceiling":
        up = True
    elif mode == "Up":
        up = value > 0
    elif mode == "Down":
        up = value < 0
    elif rest != half:
        up = rest > half
    elif mode == "HalfUp":
        up = value > 0
    else:
        up = low % 2 == 1
    return (low + 1 if up else low) * unit


def rounding(spec):
    return (lambda v: v) if spec is None else (lambda v: rounded(v, spec["places"], spec["mode"]))


def number(text):
    return None if text is None else F(text)


def ceil(value):
    return -((-value.numerator) // value.denominator)


def reached(tiers, q):
    """The index of the tier that a quantity ends in."""
    return next(i for i, t in enumerate(tiers) if t[0] is None or q <= F(t[0]))


def graduated(m, q, part, percent=False):
    """From the top down: each tier takes what lies above the one below it."""
    tiers, total = m["tiers"], F(0)
    if q == 0 and not m["atZero"]:
        return total
    first = True
    for i in range(len(tiers) - 1, -1, -1):
        below = F(tiers[i - 1][0]) if i else F(0)
        if q <= below and i:
            continue
        top = q if first else F(tiers[i][0])
        first = False
        unit = F(tiers[i][1]) / (100 if percent else 1)
        total += part((top - below) * unit) + part(F(tiers[i][2]))
    return total


def volume(m, q, part):
    if q == 0 and not m["atZero"]:
        return F(0)
    tier = m["tiers"][reached(m["tiers"], q)]
    return part(q * F(tier[1])) + part(F(tier[2]))


def package(m, q, part):
    count = max(q - F(m["free"]), F(0)) / F(m["size"])
    if m["rounding"] == "Up":
        count = F(ceil(count))
    elif m["rounding"] == "Down":
        count = F(count.numerator // count.denominator)
    return part(count * F(m["price"]))


def blocks(m, q, part):
    tiers = m["tiers"]
    if m["policy"] == "TopTier":
        held = F(0)
        for size, most, price in tiers[:-1]:
            held += F(size) * most
            if q <= held:
                return part(ceil(q / F(size)) * F(price))
        return part(ceil(q / F(tiers[-1][0])) * F(tiers[-1][2]))
    total = F(0)
    for i, (size, most, price) in enumerate(tiers):
        need = ceil(q / F(size))
        if i < len(tiers) - 1 and need > most:
            need = most
        total += part(need * F(price))
        q -= need * F(size)
        if q <= 0:
            break
    return total


def percentage(m, events, part):
    total, used, free_amount, free_events = F(0), F(0), number(m["freeAmount"]), m["freeEvents"]
    for i, value in enumerate(events):
        allowed = free_amount is not None or free_events is not None
        if free_events is not None and i >= free_events:
            allowed = False
        paid = value
        if allowed:
            paid = F(0)
            if free_amount is not None:
                allowed = used < free_amount
                paid = max(F(0), used + value - free_amount) if allowed else value
                used = min(used + value, free_amount)
        if allowed and paid == 0:
            continue
        fee = paid * F(m["rate"]) / 100 + F(m["fixed"])
        if m["min"] is not None:
            fee = max(fee, F(m["min"]))
        if m["max"] is not None:
            fee = min(fee, F(m["max"]))
        total += part(fee)
    return total


def sums(items):
    result = {}
    for q, key in items:
        result[tuple(key)] = result.get(tuple(key), F(0)) + q
    return result


def commit(c, fee):
    amount = F(c["amount"])
    if fee > amount:
        return amount + (fee - amount) * F(c["factor"])
    return amount if c["trueUp"] else fee


def price_items(m, items, part):
    kind = m["type"]
    if kind == "percentage":
        return percentage(m, [q for q, _ in items], part)
    if kind == "matrix":
        cells = {tuple(values): cell for values, cell in m["cells"]}
        return sum((price(cells.get(key, m["otherwise"]), q, part) for key, q in sums(items).items()), F(0))
    if kind == "grouped":
        groups = [q for q, _ in items] if m["by"] != "Key" else sums(items).values()
        return sum((price(m["each"], q, part) for q in groups), F(0))
    if kind == "windowed":
        rules = {name: (cell, c) for name, cell, c in m["rules"]}
        total = F(0)
        for q, key in items:
            cell, c = rules[key[0]]
            fee = price(cell, q, part)
            total += commit(c, fee) if c else fee
        return total
    if kind == "capacity":
        for limits, amount in m["tiers"]:
            if all(q <= F(limits[key[0]]) for q, key in items if key[0] in limits):
                return part(F(amount))
    raise ValueError(kind)


def price(m, q, part):
    kind = m["type"]
    if kind == "per_unit":
        return part(q * F(m["unit"]))
    if kind == "dynamic":
        return part(q * F(m["multiplier"]))
    if kind == "cost_plus":
        return part(q + q * F(m["markup"]) / 100)
    if kind == "package":
        return package(m, q, part)
    if kind == "graduated":
        return graduated(m, q, part)
    if kind == "graduated_percentage":
        return graduated(m, q, part, percent=True)
    if kind == "volume":
        return volume(m, q, part)
    if kind == "stairs":
        return F(0) if q == 0 and not m["atZero"] else part(F(m["tiers"][reached(m["tiers"], q)][1]))
    if kind == "base":
        over = q - F(m["included"])
        return part(F(m["fee"])) + (price(m["overage"], over, part) if over > 0 else 0)
    if kind == "blocks":
        return blocks(m, q, part)
    if kind == "committed":
        return commit(m, price(m["model"], q, part))
    raise ValueError(kind)


def between(m, before, after, part):
    if m["type"] == "volume" and m["growth"] == "AtReachedTier" and after > before:
        at = reached(m["tiers"], after)
        amount = part((after - before) * F(m["tiers"][at][1]))
        if before == 0 or reached(m["tiers"], before) < at:
            amount += part(F(m["tiers"][at][2]))
        return amount
    return price(m, after, part) - price(m, before, part)


def billed_units(t, before, total):
    conversion = t["conversion"]

    def convert(q):
        if conversion is None:
            return q
        q = q / F(conversion["factor"]) if conversion["divides"] else q * F(conversion["factor"])
        return rounding(conversion["rounding"])(q)

    first = convert(before)
    last = first + convert(total - before) if t["place"] == "Line" else convert(total)
    given = F(t["usageDiscount"])
    return tuple(q if q < 0 else max(q - given, F(0)) for q in (first, last))


def growth(case, before, total, part):
    m, t = case["model"], case["terms"]
    if isinstance(total, list):
        return price_items(m, total, part) - (price_items(m, before, part) if before is not None else 0)
    first, last = billed_units(t, before or F(0), total)
    if t["negative"] == "Zero":
        first, last = max(first, F(0)), max(last, F(0))

    def signed(q):
        return price(m, q, part) if q >= 0 else -price(m, -q, part)

    if before is None:
        return signed(last)
    return signed(last) - signed(first) if first < 0 or last < 0 else between(m, first, last, part)


def discounted(t, period, amount):
    for kind, value, periods, start in t["discounts"]:
        if period < start or (periods is not None and period >= start + periods):
            continue
        amount -= amount * F(value) / 100 if kind == "Percent" else max(min(F(value), amount), F(0))
    return amount


def limited(t, amount, billed, final):
    if t["max"] is not None:
        amount = min(amount, F(t["max"]) - billed)
    if t["min"] is not None and final:
        amount = max(amount, F(t["min"]) - billed)
    return amount


def charge(case):
    t, u = case["terms"], case["usage"]
    spec = t["rounding"]
    part = rounding(spec if spec and spec["at"] == "Tier" else None)
    line = rounding(spec if spec and spec["at"] == "Line" else None)

    def usage(value):
        return value if value is None else [(F(q), key) for q, key in value] if isinstance(value, list) else F(value)

    before, total = usage(u["before"]), usage(u["total"])
    billed, final, period = F(u["billed"]), u["final"], u["period"]
    limits_first = t["order"] == "MaximumMinimumDiscount"
    if t["split"] == "RerateAndCredit" or (limits_first and t["split"] == "CumulativeTiers" and (t["discounts"] or t["max"] is not None or t["min"] is not None)):
        whole = growth(case, None, total, part)
        if limits_first:
            return line(discounted(t, period, limited(t, whole, F(0), final)) - billed)
        return line(limited(t, discounted(t, period, whole), F(0), final) - billed)
    if t["split"] == "RestartTiers" and before is not None:
        since = total[len(before):] if isinstance(total, list) else total - before
        amount = growth(case, None, since, part)
    else:
        amount = growth(case, before, total, part)
    earlier = growth(case, None, before, part) if before is not None else F(0)

    def less(value):
        return discounted(t, period, earlier + value) - discounted(t, period, earlier)

    if limits_first:
        return line(less(limited(t, amount, billed, final)))
    return line(limited(t, less(amount), billed, final))


def spread(amount, weights, places):
    unit = F(10) ** -places
    total = sum(weights, F(0))
    if amount == 0 or total == 0:
        return [F(0)] * len(weights)
    shares = [rounded(amount * w / total, places, "Floor") for w in weights]
    rest = [amount * w / total - s for w, s in zip(weights, shares)]
    for i in sorted(range(len(weights)), key=lambda i: (-rest[i], i))[: int((amount - sum(shares)) / unit)]:
        shares[i] += unit
    return shares


def document(case):
    t = case["terms"]
    cents = rounding(t["rounding"])
    lines = [(name, F(amount), sum((F(p) for p in percents), F(0)) / 100) for name, amount, percents in case["lines"]]
    left = [max(a, F(0)) for _, a, _ in lines]
    taken, coupons = [F(0)] * len(lines), F(0)
    for kind, value, only in t["coupons"]:
        eligible = [max(a, F(0)) if only is None or name in only else F(0) for (name, _, _), a in zip(lines, left)]
        total = sum(eligible, F(0))
        worth = total * F(value) / 100 if kind == "Percent" else min(F(value), total)
        worth = min(rounded(worth, t["couponPlaces"], "HalfUp"), rounded(total, t["couponPlaces"], "Floor"))
        coupons += worth
        for i, share in enumerate(spread(worth, eligible, t["couponPlaces"])):
            left[i], taken[i] = left[i] - share, taken[i] + share
    net = cents(sum((a for _, a, _ in lines), F(0))) - cents(coupons)
    goal = net
    if t["max"] is not None:
        goal = min(goal, F(t["max"]))
    if t["min"] is not None:
        goal = max(goal, F(t["min"]))
    adjustment = cents(goal - net)
    bases = [(a - s, rate) for (_, a, rate), s in zip(lines, taken)] + [(adjustment, F(t["adjustmentTax"]) / 100)]
    if t["taxBase"] == "Rounded":
        bases = [(cents(base), rate) for base, rate in bases]
    if t["taxRounding"] == "Line":
        tax = sum((cents(base * rate) for base, rate in bases), F(0))
    elif t["taxRounding"] == "Rate":
        tax = sum((cents(sum((b for b, r in bases if r == rate), F(0)) * rate) for rate in {r for _, r in bases}), F(0))
    else:
        tax = cents(sum((base * rate for base, rate in bases), F(0)))
    payable = net + adjustment + (tax if t["credit"] == "AfterTax" else 0)
    credit = min(rounded(F(case["credit"]), t["rounding"]["places"], "Down"), max(payable, F(0)))
    return net + adjustment + tax - credit + 10 ** 6 * sum((s * (i + 1) for i, s in enumerate(taken)), F(0))


def credits(case):
    """Minute by minute, with the grants in a plain list."""
    grants = [dict(g, left=F(0), on=False, carried=F(0)) for g in case["grants"]]
    keys = {
        "Priority": lambda g: g["priority"], "Expiry": lambda g: g["expires"] if g["expires"] is not None else 10 ** 9,
        "GrantedFirst": lambda g: g["purchased"], "CostBasis": lambda g: F(g["cost"]), "Created": lambda g: g["created"],
    }
    order = lambda g: tuple(keys[k](g) for k in case["order"])
    overage = F(0)

    def cover(amount):
        for g in sorted((g for g in grants if g["on"]), key=order):
            burned = min(amount, g["left"])
            g["left"] -= burned
            amount -= burned
        return amount

    for minute in range(case["at"] + 1):
        for g in grants:
            if g["on"] and minute in (g["expires"], g["voided"]):
                if minute != g["voided"] and g["rollover"] and g["successor"] is not None:
                    low, high = map(F, g["rollover"])
                    grants[g["successor"]]["carried"] = min(high, max(g["left"], low))
                g["on"], g["left"] = False, F(0)
        for at, preserve in case["resets"]:
            if at == minute:
                for g in grants:
                    if g["on"]:
                        low, high = map(F, g["rollover"] or ["0", "0"])
                        g["left"] = min(high, max(g["left"], low))
                overage = cover(overage) if preserve else F(0)
        for g in grants:
            ended = any(end is not None and end <= g["starts"] for end in (g["expires"], g["voided"]))
            if g["starts"] == minute and not ended:
                g["on"], g["left"] = True, F(g["amount"]) + g["carried"]
                if case["older"] == "Deduct":
                    overage = cover(overage)
        for at, amount in case["uses"]:
            if at == minute:
                overage += cover(F(amount))
    return sum((g["left"] * (i + 1) for i, g in enumerate(grants)), F(0)) * 1000 + overage


def true_up(case):
    cents = rounding(case["rounding"])
    due = F(case["amount"]) * F(case["part"], case["whole"])
    fees = [F(f) for f in case["fees"]]
    if case["order"] == "RoundThenSubtract":
        return max(F(0), cents(due) - sum(map(cents, fees), F(0)))
    return max(F(0), cents(due - sum(fees, F(0))))


KINDS = {"charge": charge, "document": document, "credits": credits, "true_up": true_up}


def main():
    count = 0
    for number_of_line, text in enumerate(sys.stdin):
        one = json.loads(text)
        expected = KINDS[one["kind"]](one)
        count += 1
        if expected != F(one["ours"]):
            print(f"case {number_of_line}: expected {expected}, found {one['ours']}: {text.strip()}")
    print(f"{count} cases")


if __name__ == "__main__":
    main()
