using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Rating.Contracts.Format;

/// <summary>What was read of an object, by field.</summary>
readonly record struct FieldValues(object?[] Values);

/// <summary>A property of an object of type <typeparamref name="T"/>.</summary>
abstract class Field<T>(string name, int index, bool required)
{
    public string Name => name;

    public int Index => index;

    public bool Required => required;

    /// <summary>The value where the property is not given.</summary>
    public abstract object? Absent { get; }

    public abstract object? Read(JsonElement json, string path, FaultCollector faults);

    /// <summary>Writes name and value, unless it is the default.</summary>
    public abstract void Write(Utf8JsonWriter json, T owner);

    public abstract JsonObject Schema(SchemaDefinitions definitions);
}

/// <summary>A field with a value.</summary>
sealed class Field<T, TValue>(string name, int index, bool required, Shape<TValue> shape, TValue absent, Func<T, TValue> get, Func<TValue, bool> omitted, string description)
    : Field<T>(name, index, required)
{
    public override object? Absent => absent;

    /// <summary>What was read.</summary>
    public TValue this[FieldValues values] => (TValue)values.Values[Index]!;

    public override object? Read(JsonElement json, string path, FaultCollector faults) => shape.Read(json, path, faults);

    public override void Write(Utf8JsonWriter json, T owner)
    {
        var value = get(owner);
        if (!Required && omitted(value)) return;
        json.WritePropertyName(Name);
        shape.Write(json, value);
    }

    public override JsonObject Schema(SchemaDefinitions definitions)
    {
        var schema = shape.Schema(definitions);
        schema["description"] = description;
        return schema;
    }
}

/// <summary>The fields of an object, in the order of its canonical form.</summary>
sealed class FieldList<T>
{
    readonly List<Field<T>> _fields = [];

    public IReadOnlyList<Field<T>> All => _fields;

    /// <summary>A field that must be there.</summary>
    public Field<T, TValue> Required<TValue>(string name, Shape<TValue> shape, Func<T, TValue> get, string description) =>
        Add(new Field<T, TValue>(name, _fields.Count, true, shape, default!, get, _ => false, description));

    /// <summary>A field with a default.</summary>
    public Field<T, TValue> Value<TValue>(string name, Shape<TValue> shape, TValue absent, Func<T, TValue> get, string description) =>
        Add(new Field<T, TValue>(name, _fields.Count, false, shape, absent, get, v => EqualityComparer<TValue>.Default.Equals(v, absent), description));

    /// <summary>A value or null, which is the same as none.</summary>
    public Field<T, TValue?> Nullable<TValue>(string name, Shape<TValue> shape, Func<T, TValue?> get, string description) where TValue : struct =>
        Add(new Field<T, TValue?>(name, _fields.Count, false, new NullableShape<TValue>(shape), null, get, v => v is null, description));

    /// <summary>An object, text or list, or null, which is the same as none.</summary>
    public Field<T, TValue?> Optional<TValue>(string name, Shape<TValue> shape, Func<T, TValue?> get, string description) where TValue : class =>
        Add(new Field<T, TValue?>(name, _fields.Count, false, new OptionalShape<TValue>(shape), null, get, v => v is null, description));

    /// <summary>A list that may be missing, which is the same as empty.</summary>
    public Field<T, IReadOnlyList<TValue>> List<TValue>(string name, Shape<TValue> item, Func<T, IReadOnlyList<TValue>> get, string description, int most = 1000) =>
        Add(new Field<T, IReadOnlyList<TValue>>(name, _fields.Count, false, new ListShape<TValue>(item, most), [], get, v => v.Count == 0, description));

    /// <summary>The text by which a choice is made.</summary>
    public void Tag(string name, string value) =>
        Add(new Field<T, string>(name, _fields.Count, true, new TagShape(value), value, _ => value, _ => false, value));

    Field<T, TValue> Add<TValue>(Field<T, TValue> field)
    {
        _fields.Add(field);
        return field;
    }
}
