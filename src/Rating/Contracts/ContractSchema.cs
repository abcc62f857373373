using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Rating.Contracts.Format;

namespace Streams.Rating.Contracts;

/// <summary>The JSON Schema (2020-12) of the contract file, made from what reads it. What a schema cannot say (tiers that rise, versions without gaps, references) the reader checks besides.</summary>
public static class ContractSchema
{
    public static string Json { get; } = Make().ToJsonString(new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";

    static JsonObject Make()
    {
        var definitions = new SchemaDefinitions();
        var root = ContractShapes.File.Schema(definitions);
        return new()
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Streams contract file",
            ["$ref"] = root["$ref"]!.DeepClone(),
            ["$defs"] = definitions.ToJson(),
        };
    }
}
