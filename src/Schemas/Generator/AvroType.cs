using System.Text.Json.Nodes;

namespace Streams.Schemas.Generator;

/// <summary>How one Avro schema looks in C#: its type, how it is read and written, and the fewest bytes it takes on the wire.</summary>
abstract record AvroType(string CsName, int MinimumSize)
{
    /// <summary>An expression that reads a value from <c>reader</c>.</summary>
    public abstract string Read { get; }

    /// <summary>A statement that writes <paramref name="value"/> to <c>writer</c>.</summary>
    public abstract string Write(string value);
}

/// <summary>A type with one call each way.</summary>
sealed record ScalarType(string CsName, int MinimumSize, string Read, string WriteFormat) : AvroType(CsName, MinimumSize)
{
    public override string Read { get; } = Read;

    public override string Write(string value) => WriteFormat.Replace("$", value, StringComparison.Ordinal) + ";";
}

/// <summary>A record, enum or collection: read and written by methods of its own.</summary>
sealed record NamedType(string CsName, int MinimumSize, string Codec) : AvroType(CsName, MinimumSize)
{
    public override string Read => $"Read{Codec}(ref reader)";

    public override string Write(string value) => $"Write{Codec}({value}, writer);";
}

sealed record Field(string Name, string Property, string? Doc, AvroType Type, JsonNode? Default, bool HasDefault);
