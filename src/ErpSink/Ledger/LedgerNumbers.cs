using System.Globalization;
using Streams.Schemas;

namespace Streams.ErpSink.Ledger;

/// <summary>Exact decimals as PostgreSQL's <c>numeric(28, 9)</c>. System.Decimal holds all 28 digits, so nothing is lost either way.</summary>
public static class LedgerNumbers
{
    public static decimal ToDecimal(this ExactDecimal value) => decimal.Parse(value.ToString(), NumberStyles.Number, CultureInfo.InvariantCulture);

    public static ExactDecimal ToExact(this decimal value) => ExactDecimal.Parse(value.ToString(CultureInfo.InvariantCulture));
}
