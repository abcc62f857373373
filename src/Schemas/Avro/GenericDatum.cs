namespace Streams.Schemas.Avro;

/// <summary>
/// How data of any schema look in C#:
/// <list type="table">
/// <item><term>null, boolean, int, long, float, double, string</term><description>null, <see cref="bool"/>, <see cref="int"/>, <see cref="long"/>, <see cref="float"/>, <see cref="double"/>, <see cref="string"/></description></item>
/// <item><term>bytes</term><description><see cref="byte"/>[]</description></item>
/// <item><term>fixed, enum, record</term><description><see cref="GenericFixed"/>, <see cref="GenericEnum"/>, <see cref="GenericRecord"/>: they know their schema, so that a union's branch is never in doubt</description></item>
/// <item><term>array, map</term><description><see cref="IReadOnlyList{T}"/> and <see cref="IReadOnlyDictionary{TKey, TValue}"/> of data</description></item>
/// <item><term>union</term><description>the branch's datum</description></item>
/// </list>
/// Logical types stand as the type below them; <see cref="LogicalValue"/> converts.
/// </summary>
public static class GenericDatum
{
    /// <summary>The deepest nesting of data, read or written.</summary>
    public const int MaxDepth = 64;
}

/// <summary>A record's values in the order of its fields.</summary>
public sealed class GenericRecord
{
    readonly object?[] _values;

    /// <exception cref="ArgumentException">Not one value for each field.</exception>
    public GenericRecord(RecordSchema schema, object?[] values)
    {
        if (values.Length != schema.Fields.Count) throw new ArgumentException($"{values.Length} values for the {schema.Fields.Count} fields of {schema.TypeName}", nameof(values));
        Schema = schema;
        _values = values;
    }

    public RecordSchema Schema { get; }

    public IReadOnlyList<object?> Values => _values;

    /// <summary>A field's value.</summary>
    /// <exception cref="KeyNotFoundException">The record has no such field.</exception>
    public object? this[string field] => Schema.Field(field) is { } found ? _values[found.Position] : throw new KeyNotFoundException($"{Schema.TypeName} has no field '{field}'");
}

/// <summary>A symbol of an enum.</summary>
public sealed record GenericEnum(EnumSchema Schema, string Symbol)
{
    public override string ToString() => Symbol;
}

/// <summary>The bytes of a fixed.</summary>
public sealed class GenericFixed(FixedSchema schema, byte[] bytes)
{
    public FixedSchema Schema { get; } = schema;

    public byte[] Bytes { get; } = bytes;
}
