namespace Streams.Schemas.Avro;

/// <summary>Reads one primitive type as another that it can be promoted to.</summary>
static class PrimitiveReading
{
    static readonly object True = true;
    static readonly object False = false;

    /// <summary>Null when there is no such promotion.</summary>
    public static ReadDatum? For(SchemaKind writer, SchemaKind reader) => (writer, reader) switch
    {
        (SchemaKind.Null, SchemaKind.Null) => (ref AvroReader _, int _) => null,
        (SchemaKind.Boolean, SchemaKind.Boolean) => (ref AvroReader r, int _) => r.ReadBoolean() ? True : False,
        (SchemaKind.Int, SchemaKind.Int) => (ref AvroReader r, int _) => r.ReadInt(),
        (SchemaKind.Int, SchemaKind.Long) => (ref AvroReader r, int _) => (long)r.ReadInt(),
        (SchemaKind.Int, SchemaKind.Float) => (ref AvroReader r, int _) => (float)r.ReadInt(),
        (SchemaKind.Int, SchemaKind.Double) => (ref AvroReader r, int _) => (double)r.ReadInt(),
        (SchemaKind.Long, SchemaKind.Long) => (ref AvroReader r, int _) => r.ReadLong(),
        (SchemaKind.Long, SchemaKind.Float) => (ref AvroReader r, int _) => (float)r.ReadLong(),
        (SchemaKind.Long, SchemaKind.Double) => (ref AvroReader r, int _) => (double)r.ReadLong(),
        (SchemaKind.Float, SchemaKind.Float) => (ref AvroReader r, int _) => r.ReadFloat(),
        (SchemaKind.Float, SchemaKind.Double) => (ref AvroReader r, int _) => (double)r.ReadFloat(),
        (SchemaKind.Double, SchemaKind.Double) => (ref AvroReader r, int _) => r.ReadDouble(),
        (SchemaKind.Bytes or SchemaKind.String, SchemaKind.String) => (ref AvroReader r, int _) => r.ReadString(),
        (SchemaKind.Bytes or SchemaKind.String, SchemaKind.Bytes) => (ref AvroReader r, int _) => r.ReadBytes().ToArray(),
        _ => null,
    };
}
