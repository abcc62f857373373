using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Ingest.Events;
using Streams.Ingest.Files;
using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Ingest.Tests;

public sealed class FileImportTests : IDisposable
{
    const string Mapping = """
        {"id":"m","source":"files","time":{"column":"at","format":"yyyy-MM-dd HH:mm:ss.fffffff","zone":"+02:00"},"customer":{"column":"who"},
         "events":[{"meter":"a","column":"n"}],"dimensions":{"note":"note"}}
        """;

    readonly string _folder = Directory.CreateTempSubdirectory("import").FullName;
    readonly RecordingPublisher _publisher = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData("azure-llm-code.csv", 8819)]
    [InlineData("azure-llm-conversation.csv", 19366)]
    public async Task Every_row_of_the_token_trace_becomes_two_events(string name, int rows)
    {
        var file = Data(name);
        var result = await RunAsync(file, ImportFormat.Csv, ImportMapping.Load(MappingFile("azure-llm.json")));
        Assert.Equal((rows + 1, rows * 2, 0), (result.Lines, result.Events, result.Refused));
        var expected = new List<string>();
        var number = 1;
        foreach (var line in File.ReadAllLines(file).Skip(1))
        {
            number++;
            var parts = line.Split(',');
            var time = parts[0].Replace(' ', 'T')[..26].TrimEnd('0').TrimEnd('.') + "Z";
            var customer = "cust-" + (number % 25).ToString("000", CultureInfo.InvariantCulture);
            expected.Add($"{customer} llm.input.tokens {time} {parts[1]}");
            expected.Add($"{customer} llm.output.tokens {time} {parts[2]}");
        }
        Assert.Equal(expected.Order(StringComparer.Ordinal), _publisher.Published.Select(Shown).Order(StringComparer.Ordinal));
        AssertInOrderOfTime();
    }

    [SkippableFact]
    public async Task Every_line_of_the_access_log_becomes_a_request_and_its_bytes()
    {
        var file = Data("apache-access.log");
        var refusedFile = Path.Combine(_folder, "refused.jsonl");
        var result = await RunAsync(file, ImportFormat.AccessLog, ImportMapping.Load(MappingFile("access-log.json")), o => o with { RefusedFile = refusedFile });
        var expected = new List<string>();
        foreach (var line in File.ReadAllLines(file).Where(l => l.EndsWith('"')))
        {
            var tail = line[(line.IndexOf("\" ", line.IndexOf(']') + 3, StringComparison.Ordinal) + 2)..].Split(' ');
            var time = DateTime.ParseExact(line[(line.IndexOf('[') + 1)..line.IndexOf(" +0000", StringComparison.Ordinal)], "d/MMM/yyyy:H:mm:ss", CultureInfo.InvariantCulture);
            var stamp = time.ToString("s", CultureInfo.InvariantCulture) + "Z";
            expected.Add($"{line.Split(' ')[0]} web.requests {stamp} 1");
            if (tail[1] != "-") expected.Add($"{line.Split(' ')[0]} web.egress.bytes {stamp} {tail[1]}");
        }
        Assert.Equal(expected.Order(StringComparer.Ordinal), _publisher.Published.Select(Shown).Order(StringComparer.Ordinal));
        Assert.Equal((10_000, 1), (result.Lines, result.Refused));
        Assert.Contains("\"line\":" + result.FirstRefused.Single().Line, File.ReadAllText(refusedFile), StringComparison.Ordinal);
        Assert.StartsWith("46.118.127.106", result.FirstRefused.Single().Text, StringComparison.Ordinal);
        AssertInOrderOfTime();
    }

    [SkippableFact]
    public async Task Importing_twice_from_other_paths_gives_the_same_events_each_with_its_own_id()
    {
        var copy = Path.Combine(_folder, "renamed");
        File.Copy(Data("azure-llm-code.csv"), copy);
        var mapping = ImportMapping.Load(MappingFile("azure-llm.json"));
        await RunAsync(Data("azure-llm-code.csv"), ImportFormat.Csv, mapping);
        var first = _publisher.Published.ToArray();
        _publisher.Published.Clear();
        await RunAsync(copy, ImportFormat.Csv, mapping with { Sort = false });
        Assert.Equal(first.Length, first.Select(e => e.Id).Distinct().Count());
        Assert.Equal(first.Select(e => e.Id + Shown(e)).Order(StringComparer.Ordinal), _publisher.Published.Select(e => e.Id + Shown(e)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("\n", "")]
    [InlineData("\r\n", "\uFEFF")]
    public async Task Quotes_line_ends_and_byte_order_mark_are_read_as_they_are_meant(string newline, string start)
    {
        var text = start + string.Join(newline, "at,who,n,note", "2026-01-02 03:04:05.1234569,\"a,b\",1.50,\"say \"\"hi\"\"\"", "2026-01-02 03:04:05.0000000,c,2,\"two", "lines\"");
        var result = await RunAsync(Write(text), ImportFormat.Csv, ImportMapping.Parse(Mapping));
        // The note with a line break holds a control character, which no event may.
        var refused = Assert.Single(result.FirstRefused);
        Assert.Equal((3L, "TEXT_INVALID", 2L), (refused.Line, refused.Code, result.Refused));
        var usage = Assert.Single(_publisher.Published);
        Assert.Equal("a,b a 2026-01-02T01:04:05.123456Z 1.5", Shown(usage));
        Assert.Equal("say \"hi\"", usage.Dimensions["note"]);
    }

    [Fact]
    public async Task Bad_lines_are_refused_with_number_and_reason_and_the_others_go_on()
    {
        const string Good = "2026-01-02 03:04:05.0000000,c,1,x";
        string[] lines =
        [
            "at,who,n,note", Good, "2026-01-02 03:04:05.0000000,c,1", "not a time,c,1,x", Good.Replace(",1,", ",-1,"), Good.Replace(",1,", ",NaN,"), Good.Replace(",c,", ",,"),
            Good.Replace("x", "a\"b"), Good.Replace("x", "a\"\"b"), Good.Replace("x", "\"a\"b"), Good.Replace("2026", "2099"), "", Good.Replace("x", new string('y', 70_000)), Good.Replace("x", "\0"), Good,
        ];
        var result = await RunAsync(Write(string.Join('\n', lines) + "\n"), ImportFormat.Csv, ImportMapping.Parse(Mapping));
        Assert.Equal(2, _publisher.Published.Count);
        Assert.Equal((lines.Length, 2), (result.Lines, result.Events));
        Assert.Equal(lines.Length - 3, result.Refused);
        Assert.Equal(lines.Length, result.Events + result.Refused + 1);
        Assert.Contains(result.FirstRefused, r => r is { Line: 4, Code: "TIME_INVALID", Field: "at" });
        Assert.Contains(result.FirstRefused, r => r is { Line: 5, Code: "QUANTITY_NEGATIVE" });
        Assert.Contains(result.FirstRefused, r => r is { Line: 6, Code: "QUANTITY_INVALID" });
        Assert.Contains(result.FirstRefused, r => r is { Line: 11, Code: "TIME_OUT_OF_RANGE" });
        Assert.All(result.FirstRefused, r => Assert.InRange(r.Text.Length, 0, 1024));
    }

    [Fact]
    public async Task An_event_that_is_not_acknowledged_ends_the_import_as_an_error()
    {
        _publisher.Answer = _ => Task.FromResult(Delivery.Unknown("timed out"));
        var file = Write("at,who,n,note\n2026-01-02 03:04:05.0000000,c,1,x\n");
        var e = await Assert.ThrowsAsync<ImportException>(() => RunAsync(file, ImportFormat.Csv, ImportMapping.Parse(Mapping)));
        Assert.Contains("again is safe", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_published_before_the_first_event_is_acknowledged()
    {
        // As when the registry is away at first: later events would overtake, and the second try be late for its window.
        _publisher.Answer = async _ =>
        {
            await Task.Yield();
            return _publisher.Published.Count == 1 ? Delivery.NotPublished("no schema id") : Delivery.Acknowledged(0, 0);
        };
        var file = Write("at,who,n,note\n" + string.Concat(Enumerable.Repeat("2026-01-02 03:04:05.0000000,c,1,x\n", 8)));
        await Assert.ThrowsAsync<ImportException>(() => RunAsync(file, ImportFormat.Csv, ImportMapping.Parse(Mapping)));
        Assert.Single(_publisher.Published);
    }

    [Fact]
    public async Task A_file_too_long_to_sort_is_refused_before_anything_is_published()
    {
        var file = Write("at,who,n,note\n" + string.Concat(Enumerable.Repeat("2026-01-02 03:04:05.0000000,c,1,x\n", 4)));
        await Assert.ThrowsAsync<ImportException>(() => RunAsync(file, ImportFormat.Csv, ImportMapping.Parse(Mapping) with { Sort = true }, o => o with { MaxSortedLines = 3 }));
        Assert.Empty(_publisher.Published);
    }

    [Theory]
    [InlineData("\"zone\":\"+02:00\"", "\"zone\":\"Europe/Berlin\"")]
    [InlineData("\"zone\":\"+02:00\"", "\"zone\":\"inText\"")]
    [InlineData("{\"column\":\"who\"}", "{}")]
    [InlineData("{\"column\":\"who\"}", "{\"byRow\":{\"format\":\"x\",\"count\":2}}")]
    [InlineData("{\"column\":\"who\"}", "{\"byRow\":{\"format\":\"{1}\",\"count\":2}}")]
    [InlineData("\"column\":\"n\"", "\"column\":\"n\",\"constant\":\"1\"")]
    [InlineData("\"id\":\"m\"", "\"id\":\"m\",\"id\":\"n\"")]
    [InlineData("\"id\":\"m\"", "\"id\":\"m\",\"sorted\":true")]
    [InlineData("[{\"meter\":\"a\",\"column\":\"n\"}]", "[]")]
    public void A_wrong_mapping_is_refused_with_a_reason(string right, string wrong)
    {
        Assert.Contains(right, Mapping, StringComparison.Ordinal);
        Assert.Throws<ImportException>(() => ImportMapping.Parse(Mapping.Replace(right, wrong)));
    }

    Task<ImportResult> RunAsync(string file, ImportFormat format, ImportMapping mapping, Func<ImportOptions, ImportOptions>? change = null)
    {
        var rules = new UsageEventRules(new AnyContracts("a", "llm.input.tokens", "llm.output.tokens", "web.requests", "web.egress.bytes"), new FixedClock(FixedClock.Noon));
        var options = new ImportOptions(file, format, mapping) { MaxInFlight = 16 };
        return new FileImport(_publisher, rules, NullLogger<FileImport>.Instance).RunAsync(change?.Invoke(options) ?? options);
    }

    void AssertInOrderOfTime()
    {
        var times = _publisher.Published.Select(e => e.OccurredAt.Micros).ToArray();
        Assert.Equal(times.Order(), times);
    }

    string Write(string text)
    {
        var path = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    static string Shown(UsageEvent usage) => $"{usage.CustomerId} {usage.Meter} {usage.OccurredAt} {usage.Quantity}";

    static string MappingFile(string name) => Path.Combine(Checkout.Root, "docs", "mappings", name);

    static string Data(string name)
    {
        Skip.If(Checkout.DataMissing is not null, Checkout.DataMissing);
        return Checkout.Data(name);
    }
}
