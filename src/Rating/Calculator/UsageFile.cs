using System.Globalization;
using System.Text;
using System.Text.Json;
using Streams.Rating.Contracts;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Schemas.Identity;

namespace Streams.Rating.Calculator;

/// <summary>
/// An entry of a usage file: an event (<paramref name="Event"/>), which the meter reads, or a quantity that was metered already. <paramref name="Path"/> says where it
/// stands; <paramref name="Customer"/> is null where the file leaves it out.
/// </summary>
public sealed record UsageEntry(string Path, string? Customer, string Meter, TimeWindow Window, Exact Quantity, IReadOnlyDictionary<string, string> Dimensions, MeterEvent? Event)
{
    public Timestamp At => Window.Start;

    /// <summary>When it came, if that was after its time; null: in time.</summary>
    public Timestamp? Received { get; init; }

    /// <summary>When it was taken back; null: never.</summary>
    public Timestamp? Cancelled { get; init; }
}

/// <summary>The entries of a file, each event once, and how many times one came again.</summary>
public sealed record UsageFileContent(IReadOnlyList<UsageEntry> Entries, int Duplicates);

/// <summary>
/// Reads usage from JSON: an array, an object <c>{"usage": […]}</c>, or one entry a line. An entry is an event as <c>POST /v1/events</c> takes it (CloudEvents 1.0 with
/// <c>specversion</c>), or a quantity: <c>{"customer"?, "meter", "at" | "from" and "to", "quantity", "dimensions"?}</c>. Numbers are texts or JSON numbers, read exactly.
/// A quantity may say when it was <c>received</c> and when <c>cancelled</c>: behind the close of its period either is a correction. Times have an offset (RFC 3339); a date
/// alone is midnight in UTC. Of events with the same source and id the first counts.
/// </summary>
public static class UsageFile
{
    /// <summary>Bytes at most.</summary>
    public const int MaxBytes = 512 * 1024 * 1024;

    const int MaxFaults = 100;

    static readonly string[] TimeFormats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    static readonly string[] EventAttributes = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"];

    /// <exception cref="ContractFaultException">Holds the faults of the file, each with its entry and field; of very many, the first.</exception>
    public static UsageFileContent Parse(ReadOnlyMemory<byte> json)
    {
        var reader = new Reader();
        if (json.Length > MaxBytes) reader.Fault("$", "FILE_TOO_LARGE", $"has {json.Length} bytes, {MaxBytes} are allowed");
        else reader.File(json);
        return reader.Done();
    }

    sealed class Reader
    {
        readonly List<ContractFault> _faults = [];
        readonly List<UsageEntry> _entries = [];
        readonly HashSet<UInt128> _known = [];
        int _duplicates;

        public void Fault(string path, string code, string reason)
        {
            if (_faults.Count < MaxFaults) _faults.Add(new(path, code, reason));
        }

        public UsageFileContent Done() => _faults.Count == 0 ? new(_entries, _duplicates) : throw new ContractFaultException(_faults);

        public void File(ReadOnlyMemory<byte> json)
        {
            try
            {
                using var document = JsonDocument.Parse(json);
                var root = document.RootElement;
                if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("usage", out var list)) Items(list, "$.usage");
                else if (root.ValueKind == JsonValueKind.Object) Entry(root, "$");
                else Items(root, "$");
            }
            catch (JsonException)
            {
                Lines(json);
            }
        }

        void Items(JsonElement list, string path)
        {
            if (list.ValueKind != JsonValueKind.Array)
            {
                Fault(path, "TYPE_WRONG", $"must be an array, is {list.ValueKind}");
                return;
            }
            var i = 0;
            foreach (var item in list.EnumerateArray()) Entry(item, $"{path}[{i++}]");
        }

        void Lines(ReadOnlyMemory<byte> json)
        {
            var number = 0;
            for (var rest = json; !rest.IsEmpty;)
            {
                number++;
                var end = rest.Span.IndexOf((byte)'\n');
                var line = end < 0 ? rest : rest[..end];
                rest = end < 0 ? default : rest[(end + 1)..];
                if (line.Span.Trim(" \t\r"u8).IsEmpty) continue;
                try
                {
                    using var document = JsonDocument.Parse(line);
                    Entry(document.RootElement, $"line {number}");
                }
                catch (JsonException e)
                {
                    Fault($"line {number}", "JSON_MALFORMED", e.Message);
                }
            }
        }

        void Entry(JsonElement json, string path)
        {
            var before = _faults.Count;
            if (json.ValueKind != JsonValueKind.Object)
            {
                Fault(path, "TYPE_WRONG", $"must be an object, is {json.ValueKind}");
                return;
            }
            var entry = Read(json, path);
            if (_faults.Count > before) return;
            if (entry!.Event is { } usage && !_known.Add(usage.Id)) _duplicates++;
            else _entries.Add(entry);
        }

        UsageEntry? Read(JsonElement json, string path)
        {
            try
            {
                return json.TryGetProperty("specversion", out _) ? Event(json, path) : Quantity(json, path);
            }
            catch (InvalidOperationException)
            {
                Fault(path, "TEXT_INVALID", "holds half of a surrogate pair");
                return null;
            }
        }

        UsageEntry? Quantity(JsonElement json, string path)
        {
            foreach (var property in json.EnumerateObject())
            {
                if (property.Name is not ("customer" or "meter" or "at" or "from" or "to" or "quantity" or "dimensions" or "received" or "cancelled")) Fault($"{path}.{property.Name}", "PROPERTY_UNKNOWN", "is not a known property");
            }
            var window = Window(json, path);
            var quantity = Number(json, "quantity", path);
            var (received, cancelled) = (MaybeTime(json, "received", path), MaybeTime(json, "cancelled", path));
            if (received < window.Start) Fault($"{path}.received", "TIME_INVALID", "is before the usage");
            if (cancelled <= (received ?? window.Start)) Fault($"{path}.cancelled", "TIME_INVALID", "is not behind the time when the usage came");
            return new(path, MaybeText(json, "customer", path), Text(json, "meter", path), window, quantity, Dimensions(json, path), null) { Received = received, Cancelled = cancelled };
        }

        TimeWindow Window(JsonElement json, string path)
        {
            if (json.TryGetProperty("at", out _))
            {
                if (json.TryGetProperty("from", out _) || json.TryGetProperty("to", out _)) Fault($"{path}.at", "VALUE_UNUSED", "is given beside from and to");
                var at = Time(json, "at", path);
                return new(at, new(at.Micros + 1));
            }
            var window = new TimeWindow(Time(json, "from", path), Time(json, "to", path));
            if (window.IsEmpty) Fault($"{path}.to", "TIME_INVALID", "is not behind from");
            return window;
        }

        UsageEntry? Event(JsonElement json, string path)
        {
            if (!json.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
            {
                Fault($"{path}.data", "PROPERTY_MISSING", "is missing, or no object");
                return null;
            }
            var at = Time(json, "time", path);
            var quantity = Number(data, "quantity", $"{path}.data");
            var dimensions = Dimensions(data, $"{path}.data");
            foreach (var attribute in json.EnumerateObject())
            {
                if (!EventAttributes.Contains(attribute.Name, StringComparer.Ordinal) && attribute.Value.ValueKind == JsonValueKind.String) dimensions[$"ce.{attribute.Name}"] = attribute.Value.GetString()!;
            }
            var (low, high) = SipHash128.Identity(Encoding.UTF8.GetBytes(Text(json, "source", path)), Encoding.UTF8.GetBytes(Text(json, "id", path)));
            var meter = MaybeText(data, "meter", $"{path}.data") ?? Text(json, "type", path);
            if (!ExactDecimal.TryParse(quantity.ToString(), out var plain, out var error)) Fault($"{path}.data.quantity", "DECIMAL_INVALID", error!);
            return new(path, Text(json, "subject", path), meter, new(at, new(at.Micros + 1)), quantity, dimensions, new(new(high, low), at, plain, dimensions));
        }

        SortedDictionary<string, string> Dimensions(JsonElement json, string path)
        {
            var dimensions = new SortedDictionary<string, string>(StringComparer.Ordinal);
            if (!json.TryGetProperty("dimensions", out var map)) return dimensions;
            if (map.ValueKind != JsonValueKind.Object)
            {
                Fault($"{path}.dimensions", "TYPE_WRONG", $"must be an object, is {map.ValueKind}");
                return dimensions;
            }
            foreach (var property in map.EnumerateObject()) dimensions[property.Name] = Text(map, property.Name, $"{path}.dimensions");
            return dimensions;
        }

        string Text(JsonElement json, string name, string path)
        {
            if (!json.TryGetProperty(name, out var value)) Fault($"{path}.{name}", "PROPERTY_MISSING", "is missing");
            else if (value.ValueKind != JsonValueKind.String) Fault($"{path}.{name}", "TYPE_WRONG", $"must be a string, is {value.ValueKind}");
            else if (value.GetString() is { Length: > 0 and <= 1024 } text) return text;
            else Fault($"{path}.{name}", "TEXT_INVALID", "must have 1 to 1024 characters");
            return "";
        }

        string? MaybeText(JsonElement json, string name, string path) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Text(json, name, path) : null;

        Exact Number(JsonElement json, string name, string path)
        {
            var text = json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetRawText() : Text(json, name, path);
            if (!Exact.TryParse(text, out var number, out var error) && text.Length > 0) Fault($"{path}.{name}", "DECIMAL_INVALID", $"'{text}' {error}");
            return number;
        }

        Timestamp? MaybeTime(JsonElement json, string name, string path) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Time(json, name, path) : null;

        Timestamp Time(JsonElement json, string name, string path)
        {
            var text = Text(json, name, path);
            if (text.Length == 0) return default;
            const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
            if (DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, Utc, out var time))
            {
                var at = Timestamp.From(time);
                if (ZoneClock.Supported.Contains(at)) return at;
                Fault($"{path}.{name}", "TIME_OUT_OF_RANGE", $"{text} is not within the years 1970 to 2199");
            }
            else Fault($"{path}.{name}", "TIME_INVALID", $"'{text}' is not a time such as 2026-01-31T23:30:00Z");
            return default;
        }
    }
}
