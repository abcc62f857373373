using System.Collections.Immutable;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>A usage charge in a part of the period, with the figures of that part.</summary>
readonly record struct UsageRun(UsageCharge Charge, TimeWindow Window, AgreedVersion Version, IReadOnlyList<UsageFigure> Figures)
{
    public string Key => InvoiceLine.KeyOf(Charge.Id, Window);
}

/// <summary>Rates the usage of one period, or of what is known of it: a line for each charge and run of its terms.</summary>
/// <param name="agreement">The contract.</param>
/// <param name="ordinal">The period.</param>
/// <param name="before">What ran up for charges that accumulate.</param>
/// <param name="billed">What threshold documents of the period have billed, by line.</param>
/// <param name="final">Whether the period ends.</param>
/// <param name="explain">Whether lines get steps.</param>
sealed class UsageLines(Agreement agreement, int ordinal, ImmutableSortedDictionary<string, Accumulated> before, ImmutableSortedDictionary<string, BilledPart> billed, bool final, bool explain)
{
    readonly List<InvoiceLine> _lines = [];
    readonly Dictionary<string, Exact> _covered = new(StringComparer.Ordinal);
    ImmutableSortedDictionary<string, Accumulated> _after = before;

    public IReadOnlyList<InvoiceLine> Lines => _lines;

    /// <summary>What has run up with this period.</summary>
    public ImmutableSortedDictionary<string, Accumulated> After => _after;

    /// <summary>The runs of each usage charge, without trials.</summary>
    public static List<List<UsageRun>> Runs(Agreement agreement, TimeWindow window, PeriodUsage usage)
    {
        var all = new List<List<UsageRun>>();
        foreach (var runs in agreement.Runs(window))
        {
            var paid = new List<UsageRun>(1);
            foreach (var run in runs)
            {
                if (run.Charge is UsageCharge charge && agreement.Paid(run) is { } left) paid.Add(new(charge, left.Window, left.Version, usage.Of(charge.Meter.Id, left.Window)));
            }
            if (paid.Count > 0) all.Add(paid);
        }
        return all;
    }

    /// <param name="runs">Of <see cref="Runs"/>.</param>
    /// <param name="covered">Units that grants pay for, by line.</param>
    /// <exception cref="PricingException">Usage that has no price; the field names the charge.</exception>
    public void Rate(List<List<UsageRun>> runs, IReadOnlyDictionary<string, Exact> covered)
    {
        foreach (var (key, units) in covered) _covered[key] = units;
        foreach (var charge in runs)
        {
            try
            {
                if (charge.Count > 1 && charge[^1].Version.Amendment == AmendmentSplit.Time) ByTime(charge);
                else ByUsage(charge);
            }
            catch (PricingException e)
            {
                throw new PricingException($"charges.{charge[0].Charge.Id}.{e.Field}", e.Reason);
            }
        }
    }

    /// <summary>Each run's usage by its own terms; tiers go on from the usage before.</summary>
    void ByUsage(List<UsageRun> runs)
    {
        var standing = Standing(runs[0].Charge);
        Exact? start = standing?.Quantity;
        var (paid, items) = (standing?.Billed ?? Exact.Zero, new List<UsageItem>());
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            if (i > 0 && runs[i - 1].Charge.Meter.Id != run.Charge.Meter.Id) (start, items) = (null, []);
            var last = i == runs.Count - 1 && IsLast(run.Charge);
            var line = run.Charge.Items is null ? Quantity(run, run.Charge.Whole, Units(run), start, paid, last) : Items(run, run.Charge.Whole, items, paid, last);
            _lines.Add(line);
            start = (start ?? Exact.Zero) + Units(run) - Covered(run.Key);
            paid += line.Amount + (billed.GetValueOrDefault(run.Key)?.Amount ?? Exact.Zero);
        }
        RunUp(runs[^1].Charge, start ?? Exact.Zero, paid);
    }

    /// <summary>All usage by each run's terms, each for its share of the days.</summary>
    void ByTime(List<UsageRun> runs)
    {
        var span = new TimeWindow(runs[0].Window.Start, runs[^1].Window.End);
        var days = runs.Select(r => Shares.Of(r.Window, span, Proration.Days, agreement.Calendar.Zone).Numerator).ToList();
        var standing = Standing(runs[0].Charge);
        var paid = standing?.Billed ?? Exact.Zero;
        var figures = runs.SelectMany(r => r.Figures).ToList();
        var key = runs[0].Key;
        for (var i = 0; i < runs.Count; i++)
        {
            var share = (Exact)days[i] / days.Sum();
            var run = runs[i] with { Figures = figures };
            _covered[run.Key] = Covered(key);
            var part = ShareOfPrice.Of(run.Charge.Whole, share);
            var before = (standing?.Billed ?? Exact.Zero) * share;
            var line = run.Charge.Items is null ? Quantity(run, part, Units(run), standing?.Quantity, before, IsLast(run.Charge)) : Items(run, part, [], before, IsLast(run.Charge));
            _lines.Add(line);
            paid += line.Amount + (billed.GetValueOrDefault(run.Key)?.Amount ?? Exact.Zero);
        }
        RunUp(runs[^1].Charge, (standing?.Quantity ?? Exact.Zero) + UsageFigures.Quantity(runs[^1].Charge.Meter, figures) - Covered(key), paid);
    }

    InvoiceLine Quantity(UsageRun run, Charge rating, Exact units, Exact? start, Exact paid, bool last)
    {
        var covered = Covered(run.Key);
        var total = units - covered;
        var trail = NewTrail();
        if (!covered.IsZero) trail?.Add(new(StepKind.UsageDiscount, $"{units} units less those that grants pay for", null, null, total));
        var part = billed.GetValueOrDefault(run.Key);
        var whole = (start ?? Exact.Zero) + total;
        var rated = part is null ? rating.Rate(new(whole, Before(start), paid, last, ordinal), trail) : run.Charge.Rating.Terms.Split switch
        {
            SplitMethod.CumulativeTiers => rating.Rate(new(whole, (start ?? Exact.Zero) + part.Quantity, paid + part.Amount, last, ordinal), trail),
            SplitMethod.RestartTiers => run.Charge.Rating.Rate(new(total, part.Quantity, paid + part.Amount, last, ordinal), trail),
            _ => Less(rating.Rate(new(whole, Before(start), paid, last, ordinal), trail), part.Amount, trail),
        };
        return Line(run, total - (part?.Quantity ?? Exact.Zero), covered - (part?.Covered ?? Exact.Zero), rated, trail);
    }

    /// <summary>Models of items rate the period's items together; what was billed is taken off.</summary>
    InvoiceLine Items(UsageRun run, Charge rating, List<UsageItem> items, Exact paid, bool last)
    {
        Usage? before = items.Count == 0 ? null : new Usage(items.ToArray());
        var own = UsageFigures.Items(run.Charge, run.Figures);
        items.AddRange(own.Items);
        var trail = NewTrail();
        var rated = rating.Rate(new(new Usage(items), before, paid, last, ordinal), trail);
        var part = billed.GetValueOrDefault(run.Key);
        if (part is not null) rated = Less(rated, part.Amount, trail);
        return Line(run, own.Quantity - (part?.Quantity ?? Exact.Zero), Exact.Zero, rated, trail);
    }

    static RatedAmount Less(RatedAmount rated, Exact amount, Trail? trail)
    {
        trail?.Add(StepKind.AlreadyBilled, "less what was billed", -amount);
        return new(rated.Unrounded - amount, rated.Amount - amount);
    }

    InvoiceLine Line(UsageRun run, Exact quantity, Exact covered, RatedAmount rated, Trail? trail) => new(run.Key, LineKind.Usage, run.Charge.Id)
    {
        Product = run.Charge.Product, Description = run.Charge.Description, Meter = run.Charge.Meter.Id, Unit = run.Charge.Meter.Unit, Service = run.Window, Version = run.Version.Version,
        Quantity = quantity, Covered = covered, Unrounded = rated.Unrounded, Amount = rated.Amount, TaxPercents = run.Version.TaxOf(run.Charge.Product), Steps = trail?.Steps,
    };

    static Usage? Before(Exact? quantity) => quantity is { } units ? new Usage(units) : null;

    static Exact Units(UsageRun run) => UsageFigures.Quantity(run.Charge.Meter, run.Figures);

    Exact Covered(string key) => _covered.GetValueOrDefault(key);

    Trail? NewTrail() => explain ? new() : null;

    Accumulated? Standing(UsageCharge charge) =>
        charge.Accumulation != Accumulation.Period && before.TryGetValue(charge.Id, out var standing) && standing.Year == Year(charge) ? standing : null;

    void RunUp(UsageCharge charge, Exact quantity, Exact paid)
    {
        if (charge.Accumulation != Accumulation.Period) _after = _after.SetItem(charge.Id, new(Year(charge), quantity, paid));
    }

    int Year(UsageCharge charge) => charge.Accumulation == Accumulation.Year ? agreement.YearOf(ordinal) : 0;

    /// <summary>Whether this line ends what the charge's minimum holds for.</summary>
    bool IsLast(UsageCharge charge) => final && charge.Accumulation switch
    {
        Accumulation.Period => true,
        Accumulation.Year => agreement.YearOf(ordinal + 1) != agreement.YearOf(ordinal) || !agreement.Has(ordinal + 1),
        _ => !agreement.Has(ordinal + 1),
    };
}
