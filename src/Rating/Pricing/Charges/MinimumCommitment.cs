namespace Streams.Rating.Pricing;

/// <summary>What is rounded when fees are compared with a commitment.</summary>
public enum TrueUpOrder
{
    /// <summary>The commitment's share and each fee, before they are subtracted.</summary>
    RoundThenSubtract,

    /// <summary>Only the difference.</summary>
    SubtractThenRound,
}

/// <summary>An amount that a period or the whole term costs at least: what fees leave open is asked for as a line of its own.</summary>
public sealed record MinimumCommitment
{
    public MinimumCommitment(Exact amount, Rounding rounding, TrueUpOrder order = TrueUpOrder.RoundThenSubtract)
    {
        var check = new TermsCheck();
        check.NotNegative("amount", Amount = amount);
        check.Done();
        (Rounding, Order) = (rounding, order);
    }

    public Exact Amount { get; }

    public Rounding Rounding { get; }

    public TrueUpOrder Order { get; }

    /// <summary>What is missing, never below zero.</summary>
    /// <param name="fees">The fees that count towards the commitment.</param>
    /// <param name="share">The share of the period that the commitment holds for; 1 for the whole.</param>
    /// <param name="trail">Where the steps go.</param>
    public Exact TrueUp(IEnumerable<Exact> fees, Exact share, Trail? trail = null)
    {
        var calculation = new Calculation(trail);
        var due = Amount * share;
        trail?.Add(new(StepKind.Proration, "commitment's share of the period", Amount, share, due));
        Exact missing;
        if (Order == TrueUpOrder.RoundThenSubtract)
        {
            missing = calculation.Rounded(Rounding, due) - Exact.Sum(fees.Select(Rounding.Apply));
        }
        else missing = calculation.Rounded(Rounding, due - Exact.Sum(fees));
        missing = Exact.Max(missing, Exact.Zero);
        trail?.Add(StepKind.TrueUp, "left open by the fees", missing);
        return missing;
    }
}
