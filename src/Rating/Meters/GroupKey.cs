namespace Streams.Rating.Meters;

/// <summary>The values of the dimensions that a meter groups by, in the definition's order; null where an event lacks the dimension.</summary>
public sealed class GroupKey : IComparable<GroupKey>
{
    /// <summary>Characters at most of one value.</summary>
    public const int MaxLength = 256;

    /// <summary>Before each value stands its length plus one; zero stands for a missing value.</summary>
    internal const int EncodedLength = MaxLength + 1;

    readonly string?[] _values;

    GroupKey(string encoded, string?[] values) => (Encoded, _values) = (encoded, values);

    public IReadOnlyList<string?> Values => _values;

    internal string Encoded { get; }

    /// <summary>By the first value that differs, ordinal; a missing value comes first.</summary>
    public int CompareTo(GroupKey? other)
    {
        if (other is null) return 1;
        for (var i = 0; i < Math.Min(_values.Length, other._values.Length); i++)
        {
            var order = string.CompareOrdinal(_values[i], other._values[i]);
            if (order != 0) return order;
        }
        return _values.Length.CompareTo(other._values.Length);
    }

    public override string ToString() => string.Join(", ", _values.Select(v => v ?? "(none)"));

    /// <summary>Writes the key of an event's group and returns its length. The encoding is one to one.</summary>
    /// <exception cref="MeterException">A value is too long.</exception>
    internal static int Encode(IReadOnlyList<string> dimensions, IMeterEvent usage, Span<char> key)
    {
        var length = 0;
        for (var i = 0; i < dimensions.Count; i++)
        {
            if (!usage.TryGetDimension(dimensions[i], out var value))
            {
                key[length++] = '\0';
                continue;
            }
            if (value.Length > MaxLength)
                throw new MeterException(MeterCodes.DimensionTooLong, $"Dimension '{dimensions[i]}' has {value.Length} characters, {MaxLength} are allowed in a group");
            key[length++] = (char)(value.Length + 1);
            value.CopyTo(key[length..]);
            length += value.Length;
        }
        return length;
    }

    internal static GroupKey Decode(string encoded, int count)
    {
        var values = new string?[count];
        var at = 0;
        for (var i = 0; i < count; i++)
        {
            var length = at < encoded.Length ? encoded[at++] - 1 : throw Malformed();
            if (length < 0) continue;
            if (length > MaxLength || length > encoded.Length - at) throw Malformed();
            values[i] = encoded.Substring(at, length);
            at += length;
        }
        return at == encoded.Length ? new(encoded, values) : throw Malformed();
    }

    static MeterException Malformed() => new(MeterCodes.StateMalformed, "A group's key does not have the meter's dimensions");
}
