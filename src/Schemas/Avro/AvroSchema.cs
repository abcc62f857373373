using System.Text.Json;

namespace Streams.Schemas.Avro;

/// <summary>Avro's eight primitive and six complex types.</summary>
public enum SchemaKind { Null, Boolean, Int, Long, Float, Double, Bytes, String, Record, Enum, Array, Map, Union, Fixed }

/// <summary>How a field takes part in the sort order of its record.</summary>
public enum FieldOrder { Ascending, Descending, Ignore }

/// <summary>
/// A valid Avro schema (specification 1.12). Immutable once parsed; a named type that is used in several places, itself included, is one object.
/// </summary>
public abstract class AvroSchema
{
    static readonly IReadOnlyDictionary<string, JsonElement> NoProperties = new Dictionary<string, JsonElement>();
    string? _canonicalForm;

    private protected AvroSchema(SchemaKind kind, IReadOnlyDictionary<string, JsonElement>? properties, LogicalType? logical)
    {
        Kind = kind;
        Properties = properties ?? NoProperties;
        Logical = logical;
    }

    public SchemaKind Kind { get; }

    /// <summary>The valid logical type, or null: an unknown or invalid one is ignored, as the specification demands.</summary>
    public LogicalType? Logical { get; }

    /// <summary>Attributes that the specification does not give this type a meaning for, and those of logical types, in the order they were written.</summary>
    public IReadOnlyDictionary<string, JsonElement> Properties { get; }

    /// <summary>The full name of a named type, else the type's name: "long", "array", "shop.Order".</summary>
    public virtual string TypeName => Kind.ToString().ToLowerInvariant();

    /// <summary>Parsing Canonical Form: equal for schemas that read the same data.</summary>
    public string CanonicalForm => _canonicalForm ??= CanonicalFormWriter.Write(this);

    /// <summary>CRC-64-AVRO of the canonical form.</summary>
    public ulong Fingerprint64 => Fingerprint.Crc64(System.Text.Encoding.UTF8.GetBytes(CanonicalForm));

    /// <summary>SHA-256 of the canonical form.</summary>
    public byte[] FingerprintSha256 => System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(CanonicalForm));

    /// <summary>The fewest bytes that a value takes; a lower bound for schemas that contain themselves.</summary>
    internal abstract int MinimumSize { get; }

    /// <summary>Parses a schema of at most 1 MiB and 64 levels of JSON.</summary>
    /// <exception cref="AvroException">The schema is not valid; the message begins with the place, e.g. $.fields[2].type.</exception>
    public static AvroSchema Parse(string json) => SchemaParser.Parse(json);

    /// <summary>The schema as compact JSON with all its attributes: equal for texts that differ in white space and order of attributes only.</summary>
    public string ToJson() => SchemaWriter.Write(this);

    public override string ToString() => ToJson();
}

/// <summary>A primitive type.</summary>
public sealed class PrimitiveSchema : AvroSchema
{
    internal PrimitiveSchema(SchemaKind kind, IReadOnlyDictionary<string, JsonElement>? properties = null, LogicalType? logical = null)
        : base(kind, properties, logical)
    {
        MinimumSize = kind switch { SchemaKind.Null => 0, SchemaKind.Float => 4, SchemaKind.Double => 8, _ => 1 };
    }

    internal override int MinimumSize { get; }
}

/// <summary>An array.</summary>
public sealed class ArraySchema : AvroSchema
{
    internal ArraySchema(AvroSchema items, IReadOnlyDictionary<string, JsonElement>? properties) : base(SchemaKind.Array, properties, null) => Items = items;

    public AvroSchema Items { get; }

    internal override int MinimumSize => 1;
}

/// <summary>A map from strings.</summary>
public sealed class MapSchema : AvroSchema
{
    internal MapSchema(AvroSchema values, IReadOnlyDictionary<string, JsonElement>? properties) : base(SchemaKind.Map, properties, null) => Values = values;

    public AvroSchema Values { get; }

    internal override int MinimumSize => 1;
}

/// <summary>A union: one of its branches.</summary>
public sealed class UnionSchema : AvroSchema
{
    internal UnionSchema(IReadOnlyList<AvroSchema> branches) : base(SchemaKind.Union, null, null) => Branches = branches;

    public IReadOnlyList<AvroSchema> Branches { get; }

    internal override int MinimumSize => 1;
}
