namespace Streams.Rating.Pricing;

/// <summary>Where tax is rounded.</summary>
public enum TaxRounding
{
    /// <summary>Each line's tax.</summary>
    Line,

    /// <summary>The tax on the sum of the lines with the same rates.</summary>
    Rate,

    /// <summary>The tax of the whole document, from bases as exact as they are.</summary>
    Document,
}

/// <summary>What goes into a line's tax base.</summary>
public enum TaxBase
{
    /// <summary>The line's amount less its share of the coupons, with all its decimals.</summary>
    Exact,

    /// <summary>The same, rounded like an amount first.</summary>
    Rounded,
}

/// <summary>A line's base and the rates on it, in percent. Several rates hold for the same base; they do not compound.</summary>
public readonly record struct TaxedAmount(Exact Base, IReadOnlyList<Exact> Percents)
{
    public Exact Percent => Exact.Sum(Percents);
}

/// <summary>Tax by the place of its rounding.</summary>
public static class Tax
{
    public static Exact Of(IReadOnlyList<TaxedAmount> lines, Rounding rounding, TaxRounding place, TaxBase taxBase = TaxBase.Exact)
    {
        var taxed = lines.Select(l => (Base: taxBase == TaxBase.Rounded ? rounding.Apply(l.Base) : l.Base, Rate: Exact.Percent(l.Percent))).ToList();
        return place switch
        {
            TaxRounding.Line => Exact.Sum(taxed.Select(t => rounding.Apply(t.Base * t.Rate))),
            TaxRounding.Rate => Exact.Sum(taxed.GroupBy(t => t.Rate).Select(g => rounding.Apply(Exact.Sum(g.Select(t => t.Base)) * g.Key))),
            TaxRounding.Document => rounding.Apply(Exact.Sum(taxed.Select(t => t.Base * t.Rate))),
            _ => throw new ArgumentOutOfRangeException(nameof(place), place, "Unknown place"),
        };
    }
}
