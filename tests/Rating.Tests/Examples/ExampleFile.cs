using System.Globalization;
using System.Text.Json;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.Rating.Tests.Examples;

/// <summary>The worked examples: ours beside this file, or those of the file that STREAMS_RATING_EXAMPLES names.</summary>
static class ExampleFile
{
    public const string Variable = "STREAMS_RATING_EXAMPLES";

    static readonly JsonDocument Document = JsonDocument.Parse(File.ReadAllBytes(Path));

    public static string Path => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } other
        ? other
        : System.IO.Path.Combine(Checkout.Root, "tests", "Rating.Tests", "Examples", "rating-examples.json");

    public static bool IsOurs => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable));

    public static IReadOnlyList<Example> All { get; } = Document.RootElement.EnumerateArray().Select(e => new Example(e)).ToList();

    public static Example Find(string id) => All.First(e => e.Id == id);
}

/// <summary>One example. <see cref="EverythingRead"/> sees to it that no part of it is passed over: ours fails then, one of another file is skipped with the reason.</summary>
sealed class Example(JsonElement json)
{
    public string Id { get; } = json.GetProperty("id").GetString()!;

    public string Model { get; } = json.GetProperty("model").GetString()!;

    public string Currency { get; } = json.TryGetProperty("currency", out var c) ? c.GetString() ?? "USD" : "USD";

    /// <summary>The published value has fewer digits than the exact one.</summary>
    public bool IsRounded { get; } = json.TryGetProperty("verification", out var v) && v.GetString() == "recomputed-after-rounding-to-published-digits";

    public Fields Params { get; } = new(json.GetProperty("params"));

    public Fields Usage { get; } = new(json.GetProperty("usage"));

    public Fields Expected { get; } = new(json.GetProperty("expected"));

    public void EverythingRead() => SkipUnread(Expected.Unread.Select(n => $"expected.{n}"));

    void SkipUnread(IEnumerable<string> besides)
    {
        var unread = Params.Unread.Select(n => $"params.{n}").Concat(Usage.Unread.Select(n => $"usage.{n}")).Concat(besides).ToList();
        var reason = $"{Id}: {string.Join(", ", unread)} cannot be expressed";
        Assert.True(unread.Count == 0 || !ExampleFile.IsOurs, reason);
        Skip.If(unread.Count > 0, reason);
    }

    public void Equal(string name, Exact actual) => Matches(Expected.Text(name), actual);

    public void Matches(string expected, Exact actual)
    {
        var value = Exact.Parse(expected);
        if (IsRounded && value != actual) actual = actual.Round(expected.Contains('.') ? expected.Length - expected.IndexOf('.') - 1 : 0, RoundingMode.HalfUp);
        if (value != actual && !ExampleFile.IsOurs) SkipUnread([]);
        Assert.True(value == actual, $"{Id}: expected {expected}, found {actual}");
    }

    public void Equal(string name, IEnumerable<Exact> actual)
    {
        var (expected, found) = (Expected.Texts(name), actual.ToList());
        Assert.True(expected.Count == found.Count, $"{Id}: expected {string.Join(", ", expected)}, found {string.Join(", ", found)}");
        foreach (var (text, value) in expected.Zip(found)) Matches(text, value);
    }
}

/// <summary>The fields of a JSON object, and which of them nobody has read.</summary>
sealed class Fields(JsonElement json)
{
    readonly HashSet<string> _read = new(StringComparer.Ordinal);
    readonly List<(string Name, Fields Fields)> _inner = [];

    public IEnumerable<string> Unread => json.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null && !_read.Contains(p.Name)).Select(p => p.Name)
        .Concat(_inner.SelectMany(i => i.Fields.Unread.Select(n => $"{i.Name}.{n}")));

    public IEnumerable<string> Names => json.EnumerateObject().Select(p => p.Name);

    public bool Has(string name) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public JsonElement Json(string name)
    {
        _read.Add(name);
        return json.TryGetProperty(name, out var value) ? value : throw new SkipException($"{name} is missing, so the example cannot be expressed");
    }

    public Fields Object(string name) => Inner(name, Json(name));

    public IReadOnlyList<Fields> Objects(string name) => Json(name).EnumerateArray().Select(e => Inner(name, e)).ToList();

    /// <summary>For what a price does not depend on, such as the hour of a window whose rule is named.</summary>
    public void Ignore(string name) => _read.Add(name);

    public string Text(string name) => Text(Json(name));

    public string Text(string name, string otherwise) => Has(name) ? Text(name) : otherwise;

    public IReadOnlyList<string> Texts(string name) => Json(name).EnumerateArray().Select(Text).ToList();

    public Exact Number(string name) =>
        Exact.TryParse(Text(name), out var value, out var error) ? value : throw new SkipException($"{name} {error}, so the example cannot be expressed");

    public Exact? Optional(string name)
    {
        _read.Add(name);
        return Has(name) ? Number(name) : null;
    }

    public Exact Number(string name, Exact otherwise) => Optional(name) ?? otherwise;

    public int Int(string name) => int.Parse(Text(name), CultureInfo.InvariantCulture);

    public bool Flag(string name, bool otherwise = false) => Has(name) ? Json(name).GetBoolean() : otherwise;

    public IReadOnlyList<Exact> Numbers(string name) => Texts(name).Select(Exact.Parse).ToList();

    public IReadOnlyList<IReadOnlyList<Exact>> Table(string name) =>
        Json(name).EnumerateArray().Select(row => (IReadOnlyList<Exact>)row.EnumerateArray().Select(e => Exact.Parse(Text(e))).ToList()).ToList();

    public Timestamp Time(string name) => Timestamp.From(DateTimeOffset.Parse(Text(name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));

    public Timestamp? OptionalTime(string name)
    {
        _read.Add(name);
        return Has(name) ? Time(name) : null;
    }

    Fields Inner(string name, JsonElement value)
    {
        var fields = new Fields(value);
        _inner.Add((name, fields));
        return fields;
    }

    static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
