namespace Streams.Rating.Pricing;

/// <summary>What a package costs that is not full.</summary>
public enum PackageRounding
{
    /// <summary>As much as a full one.</summary>
    Up,

    /// <summary>Nothing.</summary>
    Down,

    /// <summary>Its share.</summary>
    None,
}

/// <summary>Units are sold in packages of <see cref="Size"/>; <see cref="FreeUnits"/> come before the first.</summary>
public sealed record Package : PriceModel
{
    readonly Exact _share;

    public Package(Exact size, Exact packagePrice, Exact freeUnits = default, PackageRounding rounding = PackageRounding.Up)
    {
        var check = new TermsCheck();
        check.Positive("size", Size = size);
        check.NotNegative("packagePrice", PackagePrice = packagePrice);
        check.NotNegative("freeUnits", FreeUnits = freeUnits);
        check.Done();
        Rounding = rounding;
        _share = Exact.One / size;
    }

    public Exact Size { get; }

    public Exact PackagePrice { get; }

    public Exact FreeUnits { get; }

    public PackageRounding Rounding { get; }

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        NotNegative(usage.Quantity);
        var paid = Exact.Max(usage.Quantity - FreeUnits, Exact.Zero);
        var packages = Rounding switch
        {
            PackageRounding.Up => paid.Count(Size, RoundingMode.Up),
            PackageRounding.Down => paid.Count(Size, RoundingMode.Down),
            _ => paid * _share,
        };
        if (calculation.Records && !FreeUnits.IsZero) calculation.Trail!.Add(StepKind.UsageDiscount, $"units behind the {FreeUnits} free ones", paid);
        return calculation.Part(StepKind.Package, packages, PackagePrice, calculation.Records ? $"packages of {Size}" : "");
    }
}
