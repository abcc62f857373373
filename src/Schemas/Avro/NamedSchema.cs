using System.Text.Json;

namespace Streams.Schemas.Avro;

/// <summary>A name and the namespace it is in ("" for none).</summary>
public readonly record struct SchemaName(string Name, string Namespace)
{
    public string FullName => Namespace.Length == 0 ? Name : $"{Namespace}.{Name}";

    public override string ToString() => FullName;
}

/// <summary>What every named type has beside its shape.</summary>
sealed record NamedAttributes(SchemaName Name, IReadOnlyList<string> Aliases, string? Doc, IReadOnlyDictionary<string, JsonElement> Properties);

/// <summary>A record, enum or fixed.</summary>
public abstract class NamedSchema : AvroSchema
{
    private protected NamedSchema(SchemaKind kind, NamedAttributes attributes, LogicalType? logical) : base(kind, attributes.Properties, logical)
    {
        Name = attributes.Name;
        Aliases = attributes.Aliases;
        Doc = attributes.Doc;
    }

    public SchemaName Name { get; }

    /// <summary>Full names under which writers may know this type.</summary>
    public IReadOnlyList<string> Aliases { get; }

    public string? Doc { get; }

    public override string TypeName => Name.FullName;
}

/// <summary>A record.</summary>
public sealed class RecordSchema : NamedSchema
{
    readonly Dictionary<string, RecordField> _byName = new(StringComparer.Ordinal);
    int _minimumSize;

    internal RecordSchema(NamedAttributes attributes) : base(SchemaKind.Record, attributes, null)
    {
    }

    public IReadOnlyList<RecordField> Fields { get; private set; } = [];

    /// <summary>The field of that very name, or null.</summary>
    public RecordField? Field(string name) => _byName.GetValueOrDefault(name);

    internal override int MinimumSize => _minimumSize;

    /// <summary>Called once by the parser: a record may be named by its own fields, so it exists before they do.</summary>
    internal void Complete(IReadOnlyList<RecordField> fields)
    {
        Fields = fields;
        foreach (var field in fields) _byName.Add(field.Name, field);
        _minimumSize = (int)Math.Min(int.MaxValue, fields.Sum(f => (long)f.Type.MinimumSize));
    }
}

/// <summary>A field of a record.</summary>
public sealed class RecordField
{
    internal RecordField(string name, int position, AvroSchema type, JsonElement? defaultJson)
    {
        Name = name;
        Position = position;
        Type = type;
        DefaultJson = defaultJson;
    }

    public string Name { get; }

    /// <summary>The index among the record's fields, from 0.</summary>
    public int Position { get; }

    public AvroSchema Type { get; }

    public string? Doc { get; internal init; }

    /// <summary>Names under which writers may know this field.</summary>
    public IReadOnlyList<string> Aliases { get; internal init; } = [];

    public FieldOrder Order { get; internal init; }

    public bool HasDefault => DefaultJson is not null;

    /// <summary>The default as it was written, or null when there is none.</summary>
    public JsonElement? DefaultJson { get; }

    /// <summary>The default as a generic datum (see <see cref="GenericRecord"/>); shared, so not to be changed. Null where there is none.</summary>
    public object? Default { get; internal set; }

    /// <summary>Attributes without a meaning in the specification.</summary>
    public IReadOnlyDictionary<string, JsonElement> Properties { get; internal init; } = new Dictionary<string, JsonElement>();
}

/// <summary>An enumeration of symbols.</summary>
public sealed class EnumSchema : NamedSchema
{
    readonly Dictionary<string, int> _positions = new(StringComparer.Ordinal);

    internal EnumSchema(NamedAttributes attributes, IReadOnlyList<string> symbols, string? defaultSymbol) : base(SchemaKind.Enum, attributes, null)
    {
        Symbols = symbols;
        Default = defaultSymbol;
        for (var i = 0; i < symbols.Count; i++) _positions.Add(symbols[i], i);
    }

    public IReadOnlyList<string> Symbols { get; }

    /// <summary>What a reader takes for a symbol that it does not know, or null.</summary>
    public string? Default { get; }

    /// <summary>The symbol's index, or -1.</summary>
    public int IndexOf(string symbol) => _positions.GetValueOrDefault(symbol, -1);

    internal override int MinimumSize => 1;
}

/// <summary>Bytes of a fixed size.</summary>
public sealed class FixedSchema : NamedSchema
{
    internal FixedSchema(NamedAttributes attributes, int size, LogicalType? logical) : base(SchemaKind.Fixed, attributes, logical) => Size = size;

    /// <summary>Bytes.</summary>
    public int Size { get; }

    internal override int MinimumSize => Size;
}
