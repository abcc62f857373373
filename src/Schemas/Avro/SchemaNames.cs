namespace Streams.Schemas.Avro;

/// <summary>The specification's rules for names: letters, digits and underscores, no digit first; namespaces are names with dots between.</summary>
static class SchemaNames
{
    public static SchemaKind? PrimitiveKind(string name) => name switch
    {
        "null" => SchemaKind.Null,
        "boolean" => SchemaKind.Boolean,
        "int" => SchemaKind.Int,
        "long" => SchemaKind.Long,
        "float" => SchemaKind.Float,
        "double" => SchemaKind.Double,
        "bytes" => SchemaKind.Bytes,
        "string" => SchemaKind.String,
        _ => null,
    };

    /// <summary>A name with dots is a full name; one without is in the namespace around it; one that begins with a dot is in none.</summary>
    public static SchemaName Resolve(string name, string scope, string path)
    {
        var dot = name.LastIndexOf('.');
        var space = dot < 0 ? scope : name[..dot];
        if (dot > 0) Namespace(space, path);
        return new(Simple(name[(dot + 1)..], path), space);
    }

    public static void Namespace(string space, string path)
    {
        foreach (var part in space.Split('.')) Simple(part, path);
    }

    public static string Simple(string name, string path)
    {
        var valid = name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        return valid ? name : throw new AvroException($"{path}: '{name}' is not a valid name");
    }
}
