namespace Streams.Rating.Pricing;

/// <summary>What is priced as one.</summary>
public enum RatingGroup
{
    /// <summary>Each event: a record.</summary>
    Event,

    /// <summary>Each window of the meter: a time bucket.</summary>
    Window,

    /// <summary>The sum of the items with one key: a day, an upload.</summary>
    Key,
}

/// <summary>Each group is priced by the same terms, alone (tiers start again with each), and the amounts are added up.</summary>
public sealed record Grouped : PriceModel
{
    public Grouped(PriceModel each, RatingGroup group)
    {
        var check = new TermsCheck();
        check.That(!each.ByItem, "each", "MODEL_INVALID", "prices items, not a quantity");
        check.Done();
        (Each, Group) = (each, group);
    }

    public PriceModel Each { get; }

    public RatingGroup Group { get; }

    public override bool ByItem => true;

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        var sum = Exact.Zero;
        if (Group != RatingGroup.Key)
        {
            for (var i = 0; i < usage.Items.Count; i++) sum += One(usage.Items[i].Quantity, calculation, calculation.Records ? $"quantity of {Name} {i + 1}" : "");
            return sum;
        }
        foreach (var (key, quantity) in UsageGroups.Sums(usage.Items)) sum += One(quantity, calculation, calculation.Records ? $"quantity of group {string.Join(", ", key)}" : "");
        return sum;
    }

    string Name => Group == RatingGroup.Event ? "record" : "window";

    Exact One(Exact quantity, in Calculation calculation, string name)
    {
        calculation.Trail?.Add(StepKind.Group, name, quantity);
        return Each.Price(quantity, calculation);
    }
}
