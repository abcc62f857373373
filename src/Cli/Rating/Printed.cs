using System.Text.Encodings.Web;
using System.Text.Json;

namespace Streams.Cli.Rating;

/// <summary>JSON and CSV for people and programs.</summary>
static class Printed
{
    static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Json(object value) => Console.WriteLine(JsonSerializer.Serialize(value, Indented));

    /// <summary>A row of RFC 4180.</summary>
    public static void Csv(params IEnumerable<string> cells) => Console.WriteLine(string.Join(',', cells.Select(Quoted)));

    static string Quoted(string cell) => cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
