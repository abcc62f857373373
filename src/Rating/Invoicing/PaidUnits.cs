using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>Units of a usage line, by the line's key, that a grant paid for.</summary>
public sealed record UnitBurn(string Key, string Grant, Exact Units);

/// <summary>
/// What grants of a meter's units paid for in a period, and (<paramref name="Usage"/>) the SHA-256 of the usage that they were asked to pay for: as long as that is the same,
/// a correction of the period leaves them alone. Empty for a period that is void: then they pay for nothing.
/// </summary>
public sealed record PaidUnits(string Meter, string Usage, IReadOnlyList<UnitBurn> Burns)
{
    /// <summary>Both together, by line and grant.</summary>
    internal PaidUnits With(PaidUnits? earlier) => earlier is null ? this : this with { Burns = Joined([.. earlier.Burns, .. Burns]) };

    /// <summary>One entry for each line and grant, in their order.</summary>
    internal static IReadOnlyList<UnitBurn> Joined(IEnumerable<UnitBurn> burns) =>
        [.. burns.GroupBy(b => (b.Key, b.Grant)).Select(g => new UnitBurn(g.Key.Key, g.Key.Grant, Exact.Sum(g.Select(b => b.Units))))
            .OrderBy(b => b.Key, StringComparer.Ordinal).ThenBy(b => b.Grant, StringComparer.Ordinal)];
}

/// <summary>What grants pay for in a period so far, by meter; and the units, by the lines' keys.</summary>
readonly record struct UnitCoverage(IReadOnlyList<PaidUnits> Units, IReadOnlyDictionary<string, Exact> Covered)
{
    /// <summary>By grant, or nothing where that is not known of all: of an open period that an earlier version of this program billed thresholds of.</summary>
    public IReadOnlyList<PaidUnits> KnownUnits => Exact.Sum(Units.SelectMany(u => u.Burns).Select(b => b.Units)) == Exact.Sum(Covered.Values) ? Units : [];

    public static Dictionary<string, Exact> ByLine(IEnumerable<UnitBurn> burns) =>
        burns.GroupBy(b => b.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => Exact.Sum(g.Select(b => b.Units)), StringComparer.Ordinal);
}

/// <summary>Units of a line that a grant may pay for, at their time.</summary>
readonly record struct UnitDemand(string Key, TimedFee Fee);

/// <summary>What a period's usage asks of the grants of a meter's units.</summary>
static class UnitDemands
{
    /// <summary>In the order of time: what each line's units grew by beyond what was billed of it, figure by figure.</summary>
    public static List<UnitDemand> Of(List<List<UsageRun>> runs, string meter, Func<string, Exact> billed) =>
        [.. runs.SelectMany(r => r).Where(r => r.Charge.Meter == meter && r.ByQuantity && UsageFigures.AddsUp(r.Meter)).SelectMany(r => Growths(r, billed(r.Key))).OrderBy(g => g.Fee.At)];

    /// <summary>The hash of all that a period asks for, whatever was billed of it.</summary>
    public static string Hash(List<List<UsageRun>> runs, string meter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, fee) in Of(runs, meter, _ => Exact.Zero)) hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{key}|{fee.At.Micros}|{fee.Amount}\n")));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    static IEnumerable<UnitDemand> Growths(UsageRun run, Exact billed)
    {
        var (level, highest) = (Exact.Zero, billed);
        foreach (var figure in run.Figures)
        {
            level += figure.Quantity;
            if (level <= highest) continue;
            yield return new(run.Key, new(new(figure.Window.End.Micros - 1), run.Charge.Id, level - highest));
            highest = level;
        }
    }
}
