using System.Globalization;
using Streams.Schemas;

namespace Streams.ErpSink.Ledger;

/// <summary>Exact decimals as PostgreSQL's <c>numeric(28, 9)</c>. System.Decimal holds all 28 digits, so nothing is lost either way.</summary>
public static class LedgerNumbers
{
    public static decimal ToDecimal(this ExactDecimal value)
    {
        var digits = UInt128.CreateChecked(Int128.Abs(value.Unscaled));
        return new(unchecked((int)(uint)digits), unchecked((int)(uint)(digits >> 32)), unchecked((int)(uint)(digits >> 64)), value.Unscaled < 0, ExactDecimal.Scale);
    }

    public static ExactDecimal ToExact(this decimal value) => ExactDecimal.Parse(value.ToString(CultureInfo.InvariantCulture));
}
