namespace Streams.Schemas.Avro;

/// <summary>
/// Reads data of one schema as generic data of another (specification 1.12, "Schema Resolution"). The pair is worked out once, in the constructor;
/// keep the reader and use it for every datum. It may be used by many threads.
/// </summary>
public sealed class DatumReader
{
    readonly ReadDatum _read;

    /// <summary>Reads data of a schema as they are.</summary>
    public DatumReader(AvroSchema schema) : this(schema, schema)
    {
    }

    /// <summary>Reads data of <paramref name="writer"/> as data of <paramref name="reader"/>.</summary>
    /// <exception cref="AvroException">No datum of the writer can be read as the reader's; the message says where and why. What only some data clash with (a branch of a
    /// union, a symbol of an enum) is an error when such a datum comes.</exception>
    public DatumReader(AvroSchema writer, AvroSchema reader)
    {
        var plan = new ResolutionCompiler().Resolve(writer, reader, "");
        _read = plan.Read ?? throw new AvroException($"Data of '{writer.TypeName}' cannot be read as '{reader.TypeName}': {plan.Failure}");
    }

    /// <summary>Reads exactly one datum; see <see cref="GenericDatum"/> for what it looks like.</summary>
    /// <exception cref="AvroException">The data are malformed, too deep, or do not resolve.</exception>
    public object? Read(ReadOnlySpan<byte> avro)
    {
        var reader = new AvroReader(avro);
        var datum = Read(ref reader);
        reader.ExpectEnd();
        return datum;
    }

    /// <summary>Reads the next datum.</summary>
    /// <inheritdoc cref="Read(ReadOnlySpan{byte})"/>
    public object? Read(ref AvroReader reader) => _read(ref reader, 1);
}

/// <summary>Reads one datum; <paramref name="depth"/> is that of the records, arrays and maps around it plus one.</summary>
delegate object? ReadDatum(ref AvroReader reader, int depth);

/// <summary>How a pair of schemas is read, or why it cannot be.</summary>
readonly record struct ReadPlan(ReadDatum? Read, string? Failure)
{
    public static implicit operator ReadPlan(ReadDatum read) => new(read, null);
}
