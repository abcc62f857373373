using System.Text.Json;

namespace Streams.Cli.Replay;

/// <summary>The first place where two documents differ, in the order of the one on record.</summary>
sealed record DocumentDifference(string Place, string Recorded, string Computed)
{
    const string Nothing = "(nothing)";

    /// <summary>Null: they say the same.</summary>
    public static DocumentDifference? Of(ReadOnlyMemory<byte> recorded, ReadOnlyMemory<byte> computed)
    {
        using var a = JsonDocument.Parse(recorded);
        using var b = JsonDocument.Parse(computed);
        return Of("", a.RootElement, b.RootElement);
    }

    static DocumentDifference? Of(string place, JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind) return new(place, a.GetRawText(), b.GetRawText());
        return a.ValueKind switch
        {
            JsonValueKind.Object => Properties(place, a, b),
            JsonValueKind.Array => Items(place, a, b),
            _ => a.GetRawText() == b.GetRawText() ? null : new(place, a.ToString(), b.ToString()),
        };
    }

    static DocumentDifference? Properties(string place, JsonElement a, JsonElement b)
    {
        foreach (var property in a.EnumerateObject())
        {
            var name = place.Length == 0 ? property.Name : $"{place}, {property.Name}";
            if (!b.TryGetProperty(property.Name, out var other)) return new(name, property.Value.ToString(), Nothing);
            if (Of(name, property.Value, other) is { } difference) return difference;
        }
        foreach (var property in b.EnumerateObject())
        {
            if (!a.TryGetProperty(property.Name, out _)) return new(place.Length == 0 ? property.Name : $"{place}, {property.Name}", Nothing, property.Value.ToString());
        }
        return null;
    }

    static DocumentDifference? Items(string place, JsonElement a, JsonElement b)
    {
        var one = place == "lines" ? "line" : place;
        for (var i = 0; i < Math.Max(a.GetArrayLength(), b.GetArrayLength()); i++)
        {
            if (i >= a.GetArrayLength()) return new($"{one} {i + 1}", Nothing, b[i].GetRawText());
            if (i >= b.GetArrayLength()) return new($"{one} {i + 1}", a[i].GetRawText(), Nothing);
            if (Of($"{one} {i + 1}", a[i], b[i]) is { } difference) return difference;
        }
        return null;
    }

    public override string ToString() => $"{Place}: {Recorded} on record, {Computed} computed";
}
