using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Broker.Clients.Tests.Kcat;

sealed class KcatRecords(Target target) : KcatKit(target)
{
    private const string Uncommitted = "isolation.level=read_uncommitted";

    public async Task Plain()
    {
        var topic = await TopicAsync();
        await ProduceAsync(topic, Input(Numbered("v", 100)));
        Assert.Equal(Numbered("v", 100), await ReadAsync(topic));
        Assert.Contains(topic, await Program.OutputAsync("kcat", ["-b", Servers, "-L", "-t", topic]), StringComparison.Ordinal);
    }

    public async Task Compressed(string feature)
    {
        var topic = Feature.TopicOf(Prefix, feature);
        await CreateAsync(topic, 1);
        var lines = Numbered(new string('v', 100), 100).ToList();
        await ProduceAsync(topic, Input(lines), "-z", feature.Split(' ')[^1], "-X", "linger.ms=100");
        Assert.Equal(lines, await ReadAsync(topic));
    }

    public async Task Parts()
    {
        var topic = await TopicAsync();
        await ProduceAsync(topic, "k1:value\nk2:\n", "-K", ":", "-Z", "-H", "a=1", "-H", "b=");
        var lines = await ReadAsync(topic, "-f", "%k|%s|%S|%h|%T\\n");
        Assert.StartsWith("k1|value|5|a=1,b=|", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("k2||-1|a=1,b=|", lines[1], StringComparison.Ordinal);
        Assert.All(lines, l => Assert.InRange(long.Parse(l.Split('|')[^1], System.Globalization.CultureInfo.InvariantCulture), 1_600_000_000_000, long.MaxValue));
    }

    public async Task Acknowledged()
    {
        var topic = await TopicAsync();
        foreach (var acks in new[] { "0", "1", "all" }) await ProduceAsync(topic, Input(Numbered(acks, 10)), "-X", $"topic.acks={acks}");
        await UntilAsync(() => Read(topic).Count == 30, "30 records");
    }

    public async Task Idempotent()
    {
        var topic = await TopicAsync();
        await ProduceAsync(topic, Input(Numbered("v", 1000)), "-X", "enable.idempotence=true", "-X", "batch.num.messages=20");
        Assert.Equal(Numbered("v", 1000), await ReadAsync(topic));
    }

    public async Task Large()
    {
        var wide = await TopicAsync(1, ("max.message.bytes", "2000000"));
        var narrow = await TopicAsync(1, ("max.message.bytes", "10000"));
        var large = new string('x', 1_500_000);
        await ProduceAsync(wide, large, "-X", "message.max.bytes=3000000");
        Assert.Equal([large], await ReadAsync(wide));
        var refused = await Program.RunAsync("kcat", ["-b", Servers, "-P", "-t", narrow, "-p", "0"], new string('x', 20_000));
        Assert.Contains("Message size too large", refused.Error, StringComparison.OrdinalIgnoreCase);
    }

    public async Task Positions()
    {
        var topic = await TopicAsync();
        Fill(topic, 10);
        Assert.Equal(Numbered("v", 10), await ReadAsync(topic, "-o", "beginning"));
        Assert.Equal(["v7", "v8", "v9"], await ReadAsync(topic, "-o", "7"));
        Assert.Equal(["v8", "v9"], await ReadAsync(topic, "-o", "-2"));
        Assert.Equal(["v5", "v6", "v7", "v8", "v9"], await ReadAsync(topic, "-o", "s@4500"));
    }

    public async Task ListOffsets()
    {
        var topic = await TopicAsync();
        Fill(topic, 10);
        foreach (var (time, offset) in new[] { (-2, 0), (-1, 10), (4500, 5) })
        {
            Assert.Contains($"offset {offset}", await Program.OutputAsync("kcat", ["-b", Servers, "-Q", "-t", $"{topic}:0:{time}"]), StringComparison.Ordinal);
        }
    }

    public async Task Transactions()
    {
        var topic = await TopicAsync();
        await ProduceAsync(topic, Input(["first"]), "-X", $"transactional.id={topic}");
        using (var aborted = await OpenAsync(topic, "aborted"))
        {
            await Program.SignalAsync(aborted, "INT");
            aborted.StandardInput.Close();
            await aborted.WaitForExitAsync().WaitAsync(Patience);
        }
        await ProduceAsync(topic, Input(["second"]), "-X", $"transactional.id={topic}");
        Assert.Equal(["first", "second"], await ReadAsync(topic));
        Assert.Equal(["first", "aborted", "second"], (await ReadAsync(topic, "-X", Uncommitted)).Distinct());
    }

    public async Task Isolation()
    {
        var topic = await TopicAsync();
        using var open = await OpenAsync(topic, "open");
        Assert.Empty(await ReadAsync(topic));
        Assert.Equal(["open"], (await ReadAsync(topic, "-X", Uncommitted)).Distinct());
        open.StandardInput.Close();
        await open.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(["open"], (await ReadAsync(topic)).Distinct());
    }

    public async Task Fencing()
    {
        var topic = await TopicAsync();
        using var older = await OpenAsync(topic, "zombie");
        await ProduceAsync(topic, Input(["alive"]), "-X", $"transactional.id={topic}");
        older.StandardInput.Close();
        await older.WaitForExitAsync().WaitAsync(Patience);
        Assert.NotEqual(0, older.ExitCode);
        Assert.Contains("fenced", await older.StandardError.ReadToEndAsync(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["alive"], await ReadAsync(topic));
    }

    /// <summary>A kcat with an open transaction that has written. It reads its input by the kilobyte, hence so many lines.</summary>
    private async Task<Process> OpenAsync(string topic, string value)
    {
        var kcat = Start("-P", "-t", topic, "-p", "0", "-X", $"transactional.id={topic}");
        await kcat.StandardInput.WriteAsync(Input(Enumerable.Repeat(value, 1000)));
        await kcat.StandardInput.FlushAsync();
        await UntilAsync(() => Values(topic, IsolationLevel.ReadUncommitted).Contains(value), "a record of the open transaction");
        return kcat;
    }
}
