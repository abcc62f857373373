using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>The lines of a contract's recurring and one-off charges: they follow from its terms alone.</summary>
sealed class FixedLines(Agreement agreement, bool explain)
{
    /// <summary>What recurring charges in advance cost for the cycles that a period lies in.</summary>
    public IReadOnlyList<InvoiceLine> Advance(int ordinal) => Recurring(ordinal, ChargeTiming.Advance, _ => true);

    /// <summary>Of <see cref="Advance"/>, those whose cycle begins with the period.</summary>
    public IReadOnlyList<InvoiceLine> AdvanceBegun(int ordinal) => Recurring(ordinal, ChargeTiming.Advance, every => ordinal % every == 0);

    /// <summary>Of <see cref="Advance"/>, those whose cycle goes on behind the period.</summary>
    public IReadOnlyList<InvoiceLine> AdvanceLasting(int ordinal) => Recurring(ordinal, ChargeTiming.Advance, every => (ordinal + 1) % every != 0);

    /// <summary>What recurring charges in arrears cost for the cycles that end with a period, or with the contract.</summary>
    public IReadOnlyList<InvoiceLine> Arrears(int ordinal) => Recurring(ordinal, ChargeTiming.Arrears, every => (ordinal + 1) % every == 0 || !agreement.Has(ordinal + 1));

    /// <summary>One-off charges that are due when the contract begins.</summary>
    public IReadOnlyList<InvoiceLine> AtStart() => OneOff(agreement.Period(0), opening: true);

    /// <summary>One-off charges that are due within a period.</summary>
    public IReadOnlyList<InvoiceLine> Within(int ordinal) => OneOff(agreement.Period(ordinal), opening: false);

    /// <summary>A charge whose number of periods or time of billing changes is, before and after, a charge with cycles of its own.</summary>
    List<InvoiceLine> Recurring(int ordinal, ChargeTiming timing, Func<int, bool> isDue)
    {
        var lines = new List<InvoiceLine>();
        foreach (var runs in agreement.Runs(agreement.Whole(ordinal).Window))
        {
            foreach (var every in runs.Select(r => r.Charge).OfType<RecurringCharge>().Where(c => c.Timing == timing).Select(c => c.EveryPeriods).Distinct())
            {
                if (!isDue(every)) continue;
                var first = ordinal - ordinal % every;
                var cycle = new TimeWindow(agreement.Whole(first).Start, agreement.Whole(first + every - 1).End);
                var within = every == 1 ? runs : agreement.Runs(cycle).Single(r => r[0].Charge.Id == runs[0].Charge.Id);
                var own = within.Where(r => r.Charge is RecurringCharge charge && charge.Timing == timing && charge.EveryPeriods == every).ToList();
                Cycle(own, cycle, timing == ChargeTiming.Advance ? first : ordinal, lines);
            }
        }
        return lines;
    }

    void Cycle(List<ChargeRun> runs, TimeWindow cycle, int ordinal, List<InvoiceLine> lines)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            if (agreement.Paid(runs[i]) is not { } run) continue;
            var charge = (RecurringCharge)run.Charge;
            var inFull = charge.Timing == ChargeTiming.Advance ? i == 0 && run.Window.Start == runs[0].Window.Start : i == runs.Count - 1;
            if (charge.Proration is null && !inFull) continue;
            var share = charge.Proration is { } rule ? ShareOf(run.Window, cycle, rule) : Exact.One;
            lines.Add(Line(LineKind.Recurring, run, ShareOfPrice.Of(agreement.Rating(charge, ordinal), share), charge.Quantity, run.Window, ordinal));
        }
    }

    Exact ShareOf(TimeWindow part, TimeWindow cycle, Proration rule)
    {
        var share = Shares.Of(part, cycle, rule, agreement.Calendar.Zone);
        return (Exact)share.Numerator / share.Denominator;
    }

    List<InvoiceLine> OneOff(BillingPeriod period, bool opening)
    {
        var lines = new List<InvoiceLine>();
        foreach (var run in agreement.Runs(period.InForce).SelectMany(r => r))
        {
            if (run.Charge is not OneOffCharge charge) continue;
            var due = charge.At ?? agreement.FirstInForce(charge.Id);
            var atStart = charge.At is null && due == agreement.Start;
            if (atStart != opening || !run.Window.Contains(due)) continue;
            lines.Add(Line(LineKind.OneOff, run, agreement.Rating(charge, period.Ordinal), Exact.One, new(due, new(due.Micros + 1)), period.Ordinal));
        }
        return lines;
    }

    InvoiceLine Line(LineKind kind, ChargeRun run, Charge rating, Exact quantity, TimeWindow service, int ordinal)
    {
        var trail = explain ? new Trail() : null;
        var rated = rating.Rate(new(quantity, Period: ordinal), trail);
        return new(InvoiceLine.KeyOf(run.Charge.Id, service), kind, run.Charge.Id)
        {
            Product = run.Charge.Product, Description = run.Charge.Description ?? run.Charge.Id, Service = service, Version = run.Version.Version, Quantity = quantity,
            Unrounded = rated.Unrounded, Amount = rated.Amount, TaxPercents = run.Version.TaxPercents(run.Charge.Product), Steps = trail?.Steps,
        };
    }
}
