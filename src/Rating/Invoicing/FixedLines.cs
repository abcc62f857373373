using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>The lines of a contract's recurring and one-off charges: they follow from its terms alone.</summary>
sealed class FixedLines(Agreement agreement, bool explain)
{
    /// <summary>What recurring charges in advance cost for the cycles that a period lies in; <paramref name="begun"/>: only those that begin with it.</summary>
    public IReadOnlyList<InvoiceLine> Advance(int ordinal, bool begun = false) => Recurring(ordinal, BillingTime.Advance, every => !begun || ordinal % every == 0);

    /// <summary>What recurring charges in arrears cost for the cycles that end with a period, or with the contract.</summary>
    public IReadOnlyList<InvoiceLine> Arrears(int ordinal) => Recurring(ordinal, BillingTime.Arrears, every => (ordinal + 1) % every == 0 || !agreement.Has(ordinal + 1));

    /// <summary>One-off charges that are due when the contract begins.</summary>
    public IReadOnlyList<InvoiceLine> AtStart() => OneOff(agreement.Period(0), opening: true);

    /// <summary>One-off charges that are due within a period.</summary>
    public IReadOnlyList<InvoiceLine> Within(int ordinal) => OneOff(agreement.Period(ordinal), opening: false);

    List<InvoiceLine> Recurring(int ordinal, BillingTime time, Func<int, bool> isDue)
    {
        var lines = new List<InvoiceLine>();
        foreach (var runs in agreement.Runs(agreement.Whole(ordinal).Window))
        {
            if (runs[^1].Charge is not RecurringCharge charge || charge.Time != time || !isDue(charge.EveryPeriods)) continue;
            var first = ordinal - ordinal % charge.EveryPeriods;
            var cycle = new TimeWindow(agreement.Whole(first).Start, agreement.Whole(first + charge.EveryPeriods - 1).End);
            Cycle(charge.EveryPeriods == 1 ? runs : agreement.Runs(cycle).Single(r => r[0].Charge.Id == charge.Id), cycle, time == BillingTime.Advance ? first : ordinal, lines);
        }
        return lines;
    }

    void Cycle(IReadOnlyList<ChargeRun> runs, TimeWindow cycle, int ordinal, List<InvoiceLine> lines)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            if (runs[i].Charge is not RecurringCharge charge || agreement.Paid(runs[i]) is not { } run) continue;
            var inFull = charge.Time == BillingTime.Advance ? i == 0 && run.Window.Start == runs[0].Window.Start : i == runs.Count - 1;
            if (charge.Proration is null && !inFull) continue;
            var share = charge.Proration is { } rule ? ShareOf(run.Window, cycle, rule) : Exact.One;
            lines.Add(Line(LineKind.Recurring, run, ShareOfPrice.Of(charge.Rating, share), charge.Quantity, run.Window, ordinal));
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
            lines.Add(Line(LineKind.OneOff, run, charge.Rating, charge.Quantity, new(due, new(due.Micros + 1)), period.Ordinal));
        }
        return lines;
    }

    InvoiceLine Line(LineKind kind, ChargeRun run, Charge rating, Exact quantity, TimeWindow service, int ordinal)
    {
        var trail = explain ? new Trail() : null;
        var rated = rating.Rate(new(quantity, Period: ordinal), trail);
        return new(InvoiceLine.KeyOf(run.Charge.Id, service), kind, run.Charge.Id)
        {
            Product = run.Charge.Product, Description = run.Charge.Description, Service = service, Version = run.Version.Version, Quantity = quantity,
            Unrounded = rated.Unrounded, Amount = rated.Amount, TaxPercents = run.Version.TaxOf(run.Charge.Product), Steps = trail?.Steps,
        };
    }
}
