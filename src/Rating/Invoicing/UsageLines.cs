using System.Collections.Immutable;
using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>A usage charge in a part of the period, with the figures of that part.</summary>
readonly record struct UsageRun(UsageCharge Charge, Meter Meter, TimeWindow Window, ContractVersion Version, IReadOnlyList<UsageFigure> Figures)
{
    public string Key => InvoiceLine.KeyOf(Charge.Id, Window);

    /// <summary>Whether the price is put on the quantity, and not on items or on units for the rest of the period.</summary>
    public bool ByQuantity => Charge.Items == UsageItems.Quantity;

    public Exact Units => UsageFigures.Quantity(Meter, Figures);
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
    ImmutableSortedDictionary<string, Accumulated>? _after;

    public IReadOnlyList<InvoiceLine> Lines => _lines;

    /// <summary>What has run up with this period.</summary>
    public ImmutableSortedDictionary<string, Accumulated> After => _after ?? before;

    /// <summary>The runs of each usage charge, without trials.</summary>
    public static List<List<UsageRun>> Runs(Agreement agreement, TimeWindow window, PeriodUsage usage)
    {
        var all = new List<List<UsageRun>>();
        foreach (var runs in agreement.Runs(window))
        {
            var paid = new List<UsageRun>(1);
            foreach (var run in runs)
            {
                if (run.Charge is UsageCharge charge && agreement.Paid(run) is { } left) paid.Add(new(charge, agreement.Meter(charge.Meter), left.Window, left.Version, usage.Of(charge.Meter, left.Window)));
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
                if (charge.Count > 1 && charge[^1].Version.Amendment == AmendmentProration.Time && charge[^1].Charge.Accumulate == Accumulation.Period) ByTime(charge);
                else ByUsage(charge);
            }
            catch (PricingException e)
            {
                throw new PricingException($"charges.{charge[0].Charge.Id}.{e.Field}", e.Reason);
            }
        }
    }

    /// <summary>
    /// Each run's usage by its own terms, as growth on top of the usage before. Minimum and maximum are those of the last run, for all of them together.
    /// </summary>
    void ByUsage(List<UsageRun> runs)
    {
        var standing = Standing(runs[0].Charge);
        var paid = standing?.Billed ?? Exact.Zero;
        var soFar = new Progress(standing?.Quantity);
        for (var i = 0; i < runs.Count; i++)
        {
            var run = runs[i];
            if (i > 0 && runs[i - 1].Charge.Meter != run.Charge.Meter) soFar = new(null);
            var rating = Rating(run);
            if (i < runs.Count - 1) rating = WithoutLimits(rating);
            var line = Line(run, rating, soFar, paid, i == runs.Count - 1 && IsLast(run.Charge));
            _lines.Add(line);
            paid += line.Amount + (billed.GetValueOrDefault(run.Key)?.Amount ?? Exact.Zero);
        }
        RunUp(runs[^1].Charge, soFar.Quantity ?? Exact.Zero, paid);
    }

    /// <summary>What runs before have used: figures and items of the period, and the quantity that tiers have got to (null: nothing before, not even in another period).</summary>
    sealed class Progress(Exact? quantity)
    {
        readonly Exact _standing = quantity ?? Exact.Zero;

        public Exact? Quantity { get; private set; } = quantity;

        public List<UsageFigure> Figures { get; } = [];

        public Exact Covered { get; private set; }

        public List<UsageItem> Items { get; } = [];

        /// <summary>Adds a run's figures and gives the quantity to which tiers get with them: for a maximum, say, the greatest of all figures of the period.</summary>
        public Exact With(UsageRun run, Exact covered)
        {
            Figures.AddRange(run.Figures);
            Covered += covered;
            var whole = _standing + UsageFigures.Quantity(run.Meter, Figures) - Covered;
            Quantity = whole;
            return whole;
        }
    }

    /// <summary>Each run alone, for its share of the period's days; of the time, where a run is shorter than a day.</summary>
    void ByTime(List<UsageRun> runs)
    {
        Share Of(UsageRun run, Proration rule) => Shares.Of(run.Window, agreement.Whole(ordinal).Window, rule, agreement.Calendar.Zone);
        var rule = runs.TrueForAll(r => Of(r, Proration.Days).Numerator > 0) ? Proration.Days : Proration.Seconds;
        foreach (var run in runs)
        {
            var share = Of(run, rule);
            _lines.Add(Line(run, PartOfPeriod.Of(Rating(run), (Exact)share.Numerator / share.Denominator), new(null), Exact.Zero, final));
        }
    }

    Charge Rating(UsageRun run)
    {
        var rating = agreement.Rating(run.Charge, ordinal);
        return run.Charge.ProrateUnits is { } rule ? new(rating.Id, new UnitsForRest(rating.Model, Changes(run, rule)), rating.Terms) : rating;
    }

    static Charge WithoutLimits(Charge rating) =>
        rating.Terms is { Minimum: null, Maximum: null } ? rating : new(rating.Id, rating.Model, rating.Terms with { Minimum = null, Maximum = null });

    /// <summary>What came or went, and what that counts for by the rest of the period.</summary>
    List<ProratedUnits> Changes(UsageRun run, Proration rule)
    {
        var period = agreement.Whole(ordinal).Window;
        var changes = new List<ProratedUnits>(run.Figures.Count);
        foreach (var figure in run.Figures)
        {
            var rest = Shares.Of(new(figure.Window.Start, period.End), period, rule, agreement.Calendar.Zone);
            changes.Add(new(figure.Quantity, figure.Quantity * ((Exact)rest.Numerator / rest.Denominator)));
        }
        return changes;
    }

    InvoiceLine Line(UsageRun run, Charge rating, Progress soFar, Exact paid, bool last) => run.ByQuantity ? Quantity(run, rating, soFar, paid, last) : Items(run, rating, soFar, paid, last);

    InvoiceLine Quantity(UsageRun run, Charge rating, Progress soFar, Exact paid, bool last)
    {
        var (start, covered) = (soFar.Quantity, Covered(run.Key));
        var whole = soFar.With(run, covered);
        var grown = whole - (start ?? Exact.Zero);
        var trail = NewTrail();
        if (!covered.IsZero) trail?.Add(new(StepKind.UsageDiscount, $"{grown + covered} units less those that grants pay for", null, null, grown));
        var part = billed.GetValueOrDefault(run.Key);
        var once = OneLine(rating);
        var rated = part is null ? once.Rate(new(whole, Before(start), paid, last, ordinal), trail) : rating.Terms.Split switch
        {
            SplitMethod.CumulativeTiers => rating.Rate(new(whole, (start ?? Exact.Zero) + part.Quantity, paid + part.Amount, last, ordinal), trail),
            SplitMethod.RestartTiers => rating.Rate(new(grown, part.Quantity, paid + part.Amount, last, ordinal), trail),
            _ => Less(once.Rate(new(whole, Before(start), paid, last, ordinal), trail), part.Amount, trail),
        };
        return Line(run, grown - (part?.Quantity ?? Exact.Zero), covered - (part?.Covered ?? Exact.Zero), rated, trail);
    }

    /// <summary>Models of items rate the period's items together; what was billed is taken off.</summary>
    InvoiceLine Items(UsageRun run, Charge rating, Progress soFar, Exact paid, bool last)
    {
        var own = UsageFigures.Items(run.Charge, run.Meter, run.Figures, run.Window, agreement.Calendar, final);
        Usage? before = soFar.Items.Count == 0 ? null : new Usage(soFar.Items.ToArray());
        if (run.Charge.ProrateUnits is null) soFar.Items.AddRange(own.Items);
        var trail = NewTrail();
        var rated = OneLine(rating).Rate(new(before is null ? own : new Usage(soFar.Items.ToArray()), before, paid, last, ordinal), trail);
        var part = billed.GetValueOrDefault(run.Key);
        if (part is not null) rated = Less(rated, part.Amount, trail);
        return Line(run, own.Quantity - (part?.Quantity ?? Exact.Zero), Exact.Zero, rated, trail);
    }

    /// <summary>The charge for a period that is billed in one line: how further lines are split off does not matter then.</summary>
    static Charge OneLine(Charge rating) => rating.Terms.Split == SplitMethod.CumulativeTiers ? rating : new(rating.Id, rating.Model, rating.Terms with { Split = SplitMethod.CumulativeTiers });

    static RatedAmount Less(RatedAmount rated, Exact amount, Trail? trail)
    {
        trail?.Add(StepKind.AlreadyBilled, "less what was billed", -amount);
        return new(rated.Unrounded - amount, rated.Amount - amount);
    }

    InvoiceLine Line(UsageRun run, Exact quantity, Exact covered, RatedAmount rated, Trail? trail) => new(run.Key, LineKind.Usage, run.Charge.Id)
    {
        Product = run.Charge.Product, Description = run.Charge.Description ?? run.Charge.Id, Meter = run.Meter.Id, Unit = run.Meter.Unit, Service = run.Window, Version = run.Version.Version,
        Quantity = quantity, Covered = covered, Unrounded = rated.Unrounded, Amount = rated.Amount, TaxPercents = run.Version.TaxPercents(run.Charge.Product), Steps = trail?.Steps,
    };

    static Usage? Before(Exact? quantity) => quantity is { } units ? new Usage(units) : null;

    Exact Covered(string key) => _covered.GetValueOrDefault(key);

    Trail? NewTrail() => explain ? new() : null;

    Accumulated? Standing(UsageCharge charge) =>
        charge.Accumulate != Accumulation.Period && before.TryGetValue(charge.Id, out var standing) && standing.Year == Year(charge) ? standing : null;

    void RunUp(UsageCharge charge, Exact quantity, Exact paid)
    {
        if (charge.Accumulate != Accumulation.Period) _after = After.SetItem(charge.Id, new(Year(charge), quantity, paid));
    }

    int Year(UsageCharge charge) => charge.Accumulate == Accumulation.Year ? agreement.YearOf(ordinal) : 0;

    /// <summary>Whether this line ends what the charge's minimum holds for.</summary>
    bool IsLast(UsageCharge charge) => final && charge.Accumulate switch
    {
        Accumulation.Period => true,
        Accumulation.Year => agreement.YearOf(ordinal + 1) != agreement.YearOf(ordinal) || !agreement.Has(ordinal + 1),
        _ => !agreement.Has(ordinal + 1),
    };
}
