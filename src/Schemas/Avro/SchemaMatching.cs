namespace Streams.Schemas.Avro;

/// <summary>The rules of schema resolution (specification 1.12) that reading and the compatibility check share.</summary>
static class SchemaMatching
{
    /// <summary>Nested pairs of types that may be under way at once; only schemas made to exhaust the stack have more.</summary>
    public const int MaxNesting = 256;

    /// <summary>Whether data written as one primitive type can be read as the other, itself included.</summary>
    public static bool Promotes(SchemaKind writer, SchemaKind reader) => writer == reader || (writer, reader) switch
    {
        (SchemaKind.Int, SchemaKind.Long or SchemaKind.Float or SchemaKind.Double) => true,
        (SchemaKind.Long, SchemaKind.Float or SchemaKind.Double) => true,
        (SchemaKind.Float, SchemaKind.Double) => true,
        (SchemaKind.String, SchemaKind.Bytes) => true,
        (SchemaKind.Bytes, SchemaKind.String) => true,
        _ => false,
    };

    /// <summary>Named types match by their names without namespaces, or because one of the reader's aliases is the writer's full name.</summary>
    public static bool NamesMatch(NamedSchema writer, NamedSchema reader) => writer.Name.Name == reader.Name.Name || reader.Aliases.Contains(writer.Name.FullName);

    /// <summary>Whether the reader knows the writer's type by its full name, which decides between branches of a union whose short names are the same.</summary>
    public static bool IsSameType(AvroSchema writer, AvroSchema reader) =>
        writer.Kind == reader.Kind && (reader is not NamedSchema named || writer.TypeName == reader.TypeName || named.Aliases.Contains(writer.TypeName));

    /// <summary>Two decimals match only when precision and scale do: the same bytes would be another number.</summary>
    public static bool DecimalsMatch(AvroSchema writer, AvroSchema reader) =>
        writer.Logical is not { Kind: LogicalKind.Decimal } w || reader.Logical is not { Kind: LogicalKind.Decimal } r || w == r;

    /// <summary>The writer's field that a reader's field takes its value from: the one of its name, else one of its aliases that no other reader's field is named for.</summary>
    public static RecordField? WriterField(RecordSchema writer, RecordSchema reader, RecordField field) =>
        writer.Field(field.Name) ?? field.Aliases.Where(alias => reader.Field(alias) is null).Select(writer.Field).FirstOrDefault(found => found is not null);
}
