using System.Text;
using System.Text.Json;

namespace Streams.Broker.Clients.Tests.Tools;

sealed class DataTools(Target target) : ToolKit(target)
{
    private readonly string _dataDirectory = target.DataDirectory;

    public async Task Console()
    {
        var topic = await TopicAsync();
        await FeedAsync("console-producer", "k1:first\nk2:second\n", "--topic", topic, "--reader-property", "parse.key=true", "--reader-property", "key.separator=:");
        var read = await ToolAsync("console-consumer", "--topic", topic, "--from-beginning", "--max-messages", "2", "--timeout-ms", "120000",
            "--formatter-property", "print.key=true", "--formatter-property", "print.offset=true");
        Assert.Equal(["Offset:0\tk1\tfirst", "Offset:1\tk2\tsecond"], Lines(read));
    }

    public async Task Performance()
    {
        var topic = await TopicAsync();
        var produced = await ToolAsync("producer-perf-test", "--topic", topic, "--num-records", "20000", "--record-size", "150", "--throughput", "-1", "--command-property", "acks=all", "compression.type=lz4");
        Assert.Contains("20000 records sent", produced, StringComparison.Ordinal);
        // Of itself the tool gives up after 10 s without a record, which joining the group may take on a busy machine.
        var consumed = await ToolAsync("consumer-perf-test", "--topic", topic, "--num-records", "20000", "--timeout", "120000", "--group", Unique("group"), "--hide-header");
        Assert.Equal("20000", Lines(consumed)[^1].Split(',')[4].Trim());
    }

    /// <param name="protocol">The consumer's group.protocol.</param>
    public async Task Verifiable(string protocol)
    {
        var topic = await TopicAsync(2);
        var produced = Events(await ToolAsync("verifiable-producer", "--topic", topic, "--max-messages", "1000", "--acks", "-1"));
        Assert.Equal(1000, produced.Single(e => Name(e) == "tool_data").GetProperty("acked").GetInt32());
        var consumed = Events(await ToolAsync("verifiable-consumer", "--topic", topic, "--max-messages", "1000", "--group-id", Unique("group"), "--group-protocol", protocol));
        Assert.Equal(1000, consumed.Where(e => Name(e) == "records_consumed").Sum(e => e.GetProperty("count").GetInt32()));
        Assert.Equal(2, consumed.First(e => Name(e) == "partitions_assigned").GetProperty("partitions").GetArrayLength());
        Assert.All(consumed.Where(e => Name(e) == "offsets_committed"), e => Assert.True(e.GetProperty("success").GetBoolean()));
    }

    /// <summary>The embedded broker's segments hold what Kafka's do; the tool wants Kafka's name for them.</summary>
    public async Task DumpLog()
    {
        if (_dataDirectory.Length == 0) throw new NotSupportedException("the files of Apache Kafka are its own matter");
        var topic = await TopicAsync();
        using (var producer = Producer()) Send(producer, topic, [topic, "last"]);
        var payload = Encoding.UTF8.GetBytes(topic);
        var segment = Directory.EnumerateFiles(_dataDirectory, "*.log", SearchOption.AllDirectories).Single(f => File.ReadAllBytes(f).AsSpan().IndexOf(payload) >= 0);
        var folder = Directory.CreateTempSubdirectory("clients-log-");
        var copy = Path.Combine(folder.FullName, "00000000000000000000.log");
        File.Copy(segment, copy);
        var dumped = await OfflineAsync("dump-log", ["--print-data-log", "--files", copy]);
        folder.Delete(recursive: true);
        Assert.Contains("payload: last", dumped, StringComparison.Ordinal);
        Assert.Contains("isvalid: true", dumped, StringComparison.Ordinal);
        Assert.DoesNotContain("isvalid: false", dumped, StringComparison.Ordinal);
    }

    private static List<JsonElement> Events(string output) => [.. Lines(output).Where(l => l.StartsWith('{')).Select(l => JsonDocument.Parse(l).RootElement)];

    private static string? Name(JsonElement element) => element.TryGetProperty("name", out var name) ? name.GetString() : null;
}
