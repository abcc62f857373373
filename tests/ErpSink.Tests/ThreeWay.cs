using System.Globalization;
using System.Text.Json;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.ErpSink.Tests;

/// <summary>A run of the sink as the checker from outside reads it.</summary>
static class ThreeWay
{
    /// <summary>Documents as records of the topic, one JSON line each.</summary>
    public static string Records(IEnumerable<ErpDocument> documents) => string.Concat(documents.Select((d, i) =>
        JsonSerializer.Serialize(new { partition = 0, offset = i, value = Convert.ToBase64String(Documents.Record(d, i).Value!) }) + "\n"));

    /// <summary>What NetSuite calls the currencies, by the built-in mapping.</summary>
    public static string NetSuiteNames { get; } = JsonSerializer.Serialize(new { currency = new Dictionary<string, string> { ["1"] = "USD", ["2"] = "GBP", ["3"] = "CAD", ["4"] = "EUR" } });

    /// <summary>Writes the inputs of a run to a folder and checks them.</summary>
    public static (int Code, string Output) Check(string folder, string postgres, string account, string journal, string documents, params string[] more)
    {
        var (journalFile, documentsFile) = (Path.Combine(folder, $"checked-{account}.jsonl"), Path.Combine(folder, "documents.jsonl"));
        File.WriteAllText(journalFile, journal);
        File.WriteAllText(documentsFile, documents);
        return ThreeWayChecker.Run(["--journal", string.Create(CultureInfo.InvariantCulture, $"{account}={journalFile}"), "--postgres", postgres, "--documents", documentsFile, .. more]);
    }
}
