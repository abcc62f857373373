using System.Globalization;
using System.Text.RegularExpressions;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>A field: a primitive, or a structure where it has fields of its own.</summary>
internal sealed record Field(string Name, string Type, bool Nullable, bool Array, int? Tag, IReadOnlyList<Field> Fields)
{
    public bool IsStruct => Type.Length == 0;
}

/// <summary>The layout of a message in a range of versions.</summary>
internal sealed record Format(short Key, string Name, bool IsRequest, short Min, short Max, bool Flexible, IReadOnlyList<Field> Fields)
{
    public static IReadOnlyList<Format> All { get; } = [.. Resources.Lines("messages.txt").Where(l => l.Length > 0 && l[0] != '#').Select(Parse)];

    public static IEnumerable<Format> Requests => All.Where(f => f.IsRequest);

    public static Format? Find(short key, bool request, short version) =>
        All.FirstOrDefault(f => f.Key == key && f.IsRequest == request && version >= f.Min && version <= f.Max);

    private static Format Parse(string line)
    {
        var head = Regex.Match(line, @"^(\d+) (\w+) (request|response) (\d+)-(\d+) (plain|flexible): ?(.*)$");
        short Number(int group) => short.Parse(head.Groups[group].Value, CultureInfo.InvariantCulture);
        var rest = head.Groups[7].Value.AsSpan();
        return new Format(Number(1), head.Groups[2].Value, head.Groups[3].Value == "request", Number(4), Number(5), head.Groups[6].Value == "flexible", ParseFields(ref rest));
    }

    private static List<Field> ParseFields(ref ReadOnlySpan<char> text)
    {
        var fields = new List<Field>();
        while (text.Length > 0 && text[0] != '}')
        {
            var colon = text.IndexOf(':');
            var name = text[..colon].ToString().Split('<');
            text = text[(colon + 1)..];
            var nullable = Take(ref text, '?');
            var array = Take(ref text, '[');
            // A nullable structure says so within the brackets; arrays of those do not exist.
            nullable |= Take(ref text, '?');
            var field = ParseType(name, nullable, array, ref text);
            if (array) Take(ref text, ']');
            Take(ref text, ' ');
            fields.Add(field);
        }
        return fields;
    }

    private static Field ParseType(string[] name, bool nullable, bool array, ref ReadOnlySpan<char> text)
    {
        int? tag = name.Length > 1 ? int.Parse(name[1], CultureInfo.InvariantCulture) : null;
        if (Take(ref text, '{'))
        {
            var fields = ParseFields(ref text);
            Take(ref text, '}');
            return new Field(name[0], "", nullable, array, tag, fields);
        }
        var end = text.IndexOfAny(" ]}");
        if (end < 0) end = text.Length;
        var type = text[..end].ToString();
        text = text[end..];
        return new Field(name[0], type, nullable, array, tag, []);
    }

    private static bool Take(ref ReadOnlySpan<char> text, char wanted)
    {
        if (text.Length == 0 || text[0] != wanted) return false;
        text = text[1..];
        return true;
    }
}
