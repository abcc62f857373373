using System.Globalization;
using System.Text;
using Streams.Rating.Meters;
using Streams.Schemas;
using Streams.Schemas.Identity;

namespace Streams.Aggregators.Billing;

/// <summary>
/// A usage event that corrects another one of its source, customer and meter. Its dimensions name and repeat the original: <c>correction</c> (cancel or replace),
/// <c>correction.of</c> (the original's id), <c>correction.at</c> (its time), <c>correction.quantity</c>, and <c>correction.dimension.NAME</c> for each of its
/// dimensions. What replaces it is the event itself without these; of a cancellation only the dimensions count.
/// </summary>
public sealed record UsageCorrection(bool IsCancellation, string OriginalId, MeterEvent Original, MeterEvent? Replacement)
{
    public const string Action = "correction", Of = "correction.of", At = "correction.at", Quantity = "correction.quantity", Dimension = "correction.dimension.";

    /// <summary>On usage that was held: the name of who releases it.</summary>
    public const string Release = "late.release";

    /// <summary>On usage that was sent on to the customer above, by whose contract it is rated: the customer that used it.</summary>
    public const string RoutedFrom = "routed.from";

    public static bool IsOne(UsageEvent usage) => usage.Dimensions.ContainsKey(Action) || usage.Dimensions.ContainsKey(Of);

    public static UInt128 IdentityOf(string source, string id)
    {
        var (low, high) = SipHash128.Identity(Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(id));
        return new(high, low);
    }

    /// <summary>An event as meters read it: what is said about corrections, releases and routes is none of its dimensions.</summary>
    public static MeterEvent Plain(UsageEvent usage, UInt128 identity) =>
        new(identity, usage.OccurredAt, usage.Quantity, usage.Dimensions.Where(d => d.Key is not (Action or Release or RoutedFrom) && !d.Key.StartsWith("correction.", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal));

    /// <summary>Reads a correction; null and the reason where it is none.</summary>
    public static UsageCorrection? Read(UsageEvent usage, UInt128 identity, out string reason)
    {
        reason = "";
        var d = usage.Dimensions;
        var action = d.GetValueOrDefault(Action);
        if (action is not ("cancel" or "replace")) reason = $"{Action}: must be cancel or replace, is '{action}'";
        else if (!d.TryGetValue(Of, out var id) || id.Length == 0) reason = $"{Of}: is missing";
        else if (id == usage.Id) reason = $"{Of}: names the event itself";
        else if (!DateTimeOffset.TryParse(d.GetValueOrDefault(At), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)) reason = $"{At}: is not a time";
        else if (!ExactDecimal.TryParse(d.GetValueOrDefault(Quantity) ?? "", out var quantity, out var fault)) reason = $"{Quantity}: {fault}";
        else
        {
            var dimensions = d.Where(p => p.Key.StartsWith(Dimension, StringComparison.Ordinal)).ToDictionary(p => p.Key[Dimension.Length..], p => p.Value, StringComparer.Ordinal);
            var original = new MeterEvent(IdentityOf(usage.Source, id), Timestamp.From(at), quantity, dimensions);
            return new(action == "cancel", id, original, action == "cancel" ? null : Plain(usage, identity));
        }
        return null;
    }
}
