namespace Streams.Rating.Pricing;

/// <summary>A quantity of more than the step before and up to <paramref name="UpTo"/> (inclusive; null: without end) costs <paramref name="Price"/> as a whole.</summary>
public sealed record Stair(Exact? UpTo, Exact Price);

/// <summary>One price for the whole quantity, by the step it falls into.</summary>
public sealed record Stairstep : PriceModel
{
    public Stairstep(IReadOnlyList<Stair> steps, bool priceAtZeroUsage = false)
    {
        var check = new TermsCheck();
        check.Filled("steps", steps);
        check.Rising("steps", "upTo", steps.Select(s => s.UpTo).ToList());
        for (var i = 0; i < steps.Count; i++) check.NotNegative($"steps[{i}].price", steps[i].Price);
        check.Done();
        Steps = steps.ToArray();
        PriceAtZeroUsage = priceAtZeroUsage;
    }

    public IReadOnlyList<Stair> Steps { get; }

    public bool PriceAtZeroUsage { get; }

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        NotNegative(usage.Quantity);
        if (usage.Quantity.IsZero && !PriceAtZeroUsage) return Exact.Zero;
        for (var i = 0; i < Steps.Count; i++)
        {
            var step = Steps[i];
            if (step.UpTo is { } end && usage.Quantity > end) continue;
            var name = calculation.Records ? $"{usage.Quantity} units in {PriceTiers.Name(i, i == 0 ? null : Steps[i - 1].UpTo, step.UpTo)}" : "";
            return calculation.Part(StepKind.FlatFee, null, null, step.Price, name);
        }
        throw PriceTiers.Beyond(usage.Quantity, Steps[^1].UpTo);
    }
}
