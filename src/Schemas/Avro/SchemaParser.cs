using System.Text.Json;

namespace Streams.Schemas.Avro;

/// <summary>Reads the JSON of a schema. Names refer to types defined before them, as the specification demands; every error begins with its place.</summary>
sealed class SchemaParser
{
    readonly Dictionary<string, NamedSchema> _named = new(StringComparer.Ordinal);
    readonly List<(RecordField Field, string Path)> _defaults = [];

    public static AvroSchema Parse(string json)
    {
        var parser = new SchemaParser();
        var schema = parser.Schema(SchemaJson.Load(json), "", "$");
        parser.ReadDefaults();
        return schema;
    }

    /// <summary>Defaults are read last: only then are records complete that name themselves.</summary>
    void ReadDefaults()
    {
        var reader = new DefaultReader();
        foreach (var (field, path) in _defaults) field.Default = reader.Read(field.Type, field.DefaultJson!.Value, path);
    }

    AvroSchema Schema(JsonElement json, string scope, string path) => json.ValueKind switch
    {
        JsonValueKind.String => Reference(json.GetString()!, scope, path),
        JsonValueKind.Array => Union(json, scope, path),
        JsonValueKind.Object => Complex(json, scope, path),
        var other => throw new AvroException($"{path}: a schema is a name, an object or an array, found {other}"),
    };

    AvroSchema Reference(string name, string scope, string path)
    {
        if (SchemaNames.PrimitiveKind(name) is { } kind) return new PrimitiveSchema(kind);
        var fullName = SchemaNames.Resolve(name, scope, path).FullName;
        return _named.GetValueOrDefault(fullName) ?? throw new AvroException($"{path}: the type '{fullName}' is not defined before this place");
    }

    UnionSchema Union(JsonElement json, string scope, string path)
    {
        var branches = json.EnumerateArray().Select((branch, i) => Schema(branch, scope, $"{path}[{i}]")).ToList();
        if (branches.Count == 0) throw new AvroException($"{path}: a union has at least one branch");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < branches.Count; i++)
        {
            if (branches[i] is UnionSchema) throw new AvroException($"{path}[{i}]: a union cannot immediately contain a union");
            if (!seen.Add(branches[i].TypeName)) throw new AvroException($"{path}[{i}]: the union already has a branch of type '{branches[i].TypeName}'");
        }
        return new UnionSchema(branches);
    }

    AvroSchema Complex(JsonElement json, string scope, string path)
    {
        if (!json.TryGetProperty("type", out var type)) throw new AvroException($"{path}: 'type' is missing");
        if (type.ValueKind != JsonValueKind.String) return Schema(type, scope, path + ".type");
        var name = type.GetString()!;
        return name switch
        {
            "record" => Record(json, scope, path),
            "enum" => Enum(json, scope, path),
            "fixed" => Fixed(json, scope, path),
            "array" => new ArraySchema(Schema(Member(json, "items", path), scope, path + ".items"), Others(json, "type", "items")),
            "map" => new MapSchema(Schema(Member(json, "values", path), scope, path + ".values"), Others(json, "type", "values")),
            _ when SchemaNames.PrimitiveKind(name) is { } kind => Primitive(json, kind),
            _ => Reference(name, scope, path + ".type"),
        };
    }

    static PrimitiveSchema Primitive(JsonElement json, SchemaKind kind)
    {
        var properties = Others(json, "type");
        return new PrimitiveSchema(kind, properties, LogicalType.From(kind, 0, properties));
    }

    RecordSchema Record(JsonElement json, string scope, string path)
    {
        var record = new RecordSchema(Names(json, scope, path, "fields"));
        Define(record, path);
        var fields = new List<RecordField>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in Items(json, "fields", path))
        {
            var place = $"{path}.fields[{fields.Count}]";
            var field = Field(member, fields.Count, record.Name.Namespace, place);
            if (!seen.Add(field.Name)) throw new AvroException($"{place}: the record already has a field '{field.Name}'");
            if (field.HasDefault) _defaults.Add((field, place + ".default"));
            fields.Add(field);
        }
        record.Complete(fields);
        return record;
    }

    RecordField Field(JsonElement json, int position, string scope, string path)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new AvroException($"{path}: a field is an object, found {json.ValueKind}");
        var name = SchemaNames.Simple(Text(json, "name", path), path + ".name");
        var type = Schema(Member(json, "type", path), scope, path + ".type");
        return new RecordField(name, position, type, json.TryGetProperty("default", out var value) ? value : null)
        {
            Doc = OptionalText(json, "doc", path),
            Aliases = Strings(json, "aliases", path).Select((a, i) => SchemaNames.Simple(a, $"{path}.aliases[{i}]")).ToList(),
            Order = Order(json, path),
            Properties = Others(json, "name", "type", "default", "doc", "aliases", "order"),
        };
    }

    static FieldOrder Order(JsonElement json, string path) => OptionalText(json, "order", path) switch
    {
        null or "ascending" => FieldOrder.Ascending,
        "descending" => FieldOrder.Descending,
        "ignore" => FieldOrder.Ignore,
        var other => throw new AvroException($"{path}.order: 'ascending', 'descending' or 'ignore' expected, found '{other}'"),
    };

    EnumSchema Enum(JsonElement json, string scope, string path)
    {
        var names = Names(json, scope, path, "symbols", "default");
        _ = Items(json, "symbols", path);
        var symbols = Strings(json, "symbols", path);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < symbols.Count; i++)
        {
            if (!seen.Add(SchemaNames.Simple(symbols[i], $"{path}.symbols[{i}]"))) throw new AvroException($"{path}.symbols[{i}]: the symbol '{symbols[i]}' stands there twice");
        }
        var fallback = OptionalText(json, "default", path);
        if (fallback is not null && !seen.Contains(fallback)) throw new AvroException($"{path}.default: '{fallback}' is not one of the symbols");
        var schema = new EnumSchema(names, symbols, fallback);
        Define(schema, path);
        return schema;
    }

    FixedSchema Fixed(JsonElement json, string scope, string path)
    {
        var names = Names(json, scope, path, "size");
        var declared = Member(json, "size", path);
        if (declared.ValueKind != JsonValueKind.Number || !declared.TryGetInt32(out var size) || size < 0)
        {
            throw new AvroException($"{path}.size: an integer from 0 to {int.MaxValue} expected, found {declared.GetRawText()}");
        }
        var schema = new FixedSchema(names, size, LogicalType.From(SchemaKind.Fixed, size, names.Properties));
        Define(schema, path);
        return schema;
    }

    void Define(NamedSchema schema, string path)
    {
        if (!_named.TryAdd(schema.Name.FullName, schema)) throw new AvroException($"{path}.name: the type '{schema.Name}' is already defined");
    }

    static NamedAttributes Names(JsonElement json, string scope, string path, params string[] own)
    {
        var space = OptionalText(json, "namespace", path) ?? scope;
        if (space.Length > 0) SchemaNames.Namespace(space, path + ".namespace");
        var name = SchemaNames.Resolve(Text(json, "name", path), space, path + ".name");
        if (SchemaNames.PrimitiveKind(name.Name) is not null) throw new AvroException($"{path}.name: '{name.Name}' is the name of a primitive type");
        var aliases = Strings(json, "aliases", path).Select((a, i) => SchemaNames.Resolve(a, name.Namespace, $"{path}.aliases[{i}]").FullName).ToList();
        return new(name, aliases, OptionalText(json, "doc", path), Others(json, ["type", "name", "namespace", "doc", "aliases", .. own]));
    }

    static JsonElement Member(JsonElement json, string name, string path) =>
        json.TryGetProperty(name, out var member) ? member : throw new AvroException($"{path}: '{name}' is missing");

    static JsonElement.ArrayEnumerator Items(JsonElement json, string name, string path)
    {
        var member = Member(json, name, path);
        return member.ValueKind == JsonValueKind.Array ? member.EnumerateArray() : throw new AvroException($"{path}.{name}: an array expected, found {member.ValueKind}");
    }

    static string Text(JsonElement json, string name, string path) => OptionalText(json, name, path) ?? throw new AvroException($"{path}: '{name}' is missing");

    static string? OptionalText(JsonElement json, string name, string path)
    {
        if (!json.TryGetProperty(name, out var member)) return null;
        return member.ValueKind == JsonValueKind.String ? member.GetString() : throw new AvroException($"{path}.{name}: a string expected, found {member.ValueKind}");
    }

    static List<string> Strings(JsonElement json, string name, string path)
    {
        if (!json.TryGetProperty(name, out _)) return [];
        return Items(json, name, path).Select((item, i) => item.ValueKind == JsonValueKind.String
            ? item.GetString()! : throw new AvroException($"{path}.{name}[{i}]: a string expected, found {item.ValueKind}")).ToList();
    }

    static Dictionary<string, JsonElement> Others(JsonElement json, params string[] known)
    {
        var others = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in json.EnumerateObject())
        {
            if (!known.Contains(property.Name)) others.Add(property.Name, property.Value);
        }
        return others;
    }
}
