using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Aggregators.Billing;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Numbers;
using Streams.Schemas;

namespace Streams.Aggregators.Tests.Billing;

/// <summary>What the calculator makes of events, to compare documents with, and the events that correct others.</summary>
static class Calculation
{
    const long Minute = 60_000_000;

    /// <summary>The calculator's documents for these events, thresholds by the minute, previews left out.</summary>
    public static List<string> Documents(ContractBook book, IEnumerable<UsageEvent> usage, Timestamp until)
    {
        var entries = UsageFile.Parse(Json(usage)).Entries;
        return [.. ContractCalculator.Run(book, entries, until: until, thresholdWindow: Minute).Documents.Where(d => d.Kind != InvoiceKind.Preview).Select(d => Encoding.UTF8.GetString(InvoiceDocumentJson.Write(d)))];
    }

    /// <summary>Events as the calculator reads them.</summary>
    public static byte[] Json(IEnumerable<UsageEvent> usage) => JsonSerializer.SerializeToUtf8Bytes(new JsonArray([.. usage.Select(Json)]));

    /// <summary>What documents come to before what one carries to the other.</summary>
    public static string Billable(IEnumerable<string> documents) =>
        Exact.Sum(documents.Select(d => JsonNode.Parse(d)!).Select(d => Exact.ParseStored((string)d["net"]!) + Exact.ParseStored((string)d["tax"]!))).ToString();

    /// <summary>The event that takes another one back, or puts one in its place.</summary>
    public static UsageEvent Correction(UsageEvent original, string id, UsageEvent? replacement = null)
    {
        var dimensions = new Dictionary<string, string>(replacement?.Dimensions ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [UsageCorrection.Action] = replacement is null ? "cancel" : "replace", [UsageCorrection.Of] = original.Id, [UsageCorrection.At] = original.OccurredAt.ToString(),
            [UsageCorrection.Quantity] = original.Quantity.ToString(),
        };
        foreach (var (name, value) in original.Dimensions) dimensions[UsageCorrection.Dimension + name] = value;
        return (replacement ?? original) with { Id = id, Dimensions = dimensions };
    }

    static JsonNode Json(UsageEvent usage) => new JsonObject
    {
        ["specversion"] = "1.0", ["id"] = usage.Id, ["source"] = usage.Source, ["type"] = usage.Meter, ["subject"] = usage.CustomerId, ["time"] = usage.OccurredAt.ToString(),
        ["data"] = new JsonObject
        {
            ["quantity"] = usage.Quantity.ToString(),
            ["dimensions"] = new JsonObject(usage.Dimensions.Select(d => new KeyValuePair<string, JsonNode?>(d.Key, d.Value))),
        },
    };
}
