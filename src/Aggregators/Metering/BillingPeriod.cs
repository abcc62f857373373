using System.Globalization;

namespace Streams.Aggregators.Metering;

/// <summary>Billing periods: UTC calendar months, counted as year * 12 + month - 1.</summary>
public static class BillingPeriod
{
    const long DayMicros = 86_400_000_000;

    static readonly int Epoch = new DateOnly(1970, 1, 1).DayNumber;

    public static int Of(long micros)
    {
        var date = DateOnly.FromDayNumber(Epoch + (int)Math.DivRem(micros, DayMicros).Quotient);
        return date.Year * 12 + date.Month - 1;
    }

    /// <summary>The period's first microsecond.</summary>
    public static long Start(int period) => (FirstDay(period).DayNumber - Epoch) * DayMicros;

    public static long End(int period) => Start(period + 1);

    public static DateOnly FirstDay(int period) => new(period / 12, period % 12 + 1, 1);

    /// <summary>E.g. 2026-01.</summary>
    public static string Name(int period) => FirstDay(period).ToString("yyyy-MM", CultureInfo.InvariantCulture);
}
