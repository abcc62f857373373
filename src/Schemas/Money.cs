namespace Streams.Schemas;

/// <summary>An amount in one currency (ISO 4217). Amounts of different currencies never meet: adding them throws.</summary>
public readonly record struct Money(ExactDecimal Amount, string Currency)
{
    public static Money operator +(Money a, Money b) => new(a.Amount + b.SameAs(a), a.Currency);

    public static Money operator -(Money a, Money b) => new(a.Amount - b.SameAs(a), a.Currency);

    /// <summary>Rounded half to even to the currency's minor unit.</summary>
    public Money ToMinorUnits() => this with { Amount = Amount.Round(MinorUnits(Currency)) };

    /// <summary>Digits behind the point of a currency's minor unit (ISO 4217, table A.1); two where nothing else is listed.</summary>
    public static int MinorUnits(string currency) => currency switch
    {
        "BIF" or "CLP" or "DJF" or "GNF" or "ISK" or "JPY" or "KMF" or "KRW" or "PYG" or "RWF" or "UGX" or "UYI" or "VND" or "VUV" or "XAF" or "XOF" or "XPF" => 0,
        "BHD" or "IQD" or "JOD" or "KWD" or "LYD" or "OMR" or "TND" => 3,
        "CLF" or "UYW" => 4,
        _ => 2,
    };

    public override string ToString() => $"{Amount} {Currency}";

    ExactDecimal SameAs(Money other) =>
        Currency == other.Currency ? Amount : throw new InvalidOperationException($"{Currency} and {other.Currency} cannot be added");
}
