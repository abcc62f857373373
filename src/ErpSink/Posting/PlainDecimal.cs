using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>Amounts with all the decimals of their currency's minor unit: 1080.00 USD, 108 JPY.</summary>
public static class PlainDecimal
{
    /// <exception cref="ArgumentException">The amount has more decimals than the currency.</exception>
    public static string Text(ExactDecimal amount, string currency)
    {
        var decimals = Money.MinorUnits(currency);
        if (amount != amount.Round(decimals)) throw new ArgumentException($"{amount} has more decimals than {currency}", nameof(amount));
        var text = amount.ToString();
        if (decimals == 0) return text;
        var point = text.IndexOf('.');
        return point < 0 ? $"{text}.{new string('0', decimals)}" : text.PadRight(point + 1 + decimals, '0');
    }
}
