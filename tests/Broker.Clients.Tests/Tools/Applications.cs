namespace Streams.Broker.Clients.Tests.Tools;

sealed class Applications(Target target) : ToolKit(target)
{
    private static readonly TimeSpan StreamsPatience = TimeSpan.FromSeconds(300);

    /// <summary>Counts, windows, stores with changelogs, a repartition and a restart in the middle; the program checks its results itself.</summary>
    public async Task Streams()
    {
        var state = Directory.CreateTempSubdirectory("clients-state-");
        var run = await Program.RunAsync("java", [.. await JavaPrograms.CommandAsync(), "SmokeApplication", Servers, Unique("app"), state.FullName], patience: StreamsPatience);
        state.Delete(recursive: true);
        Assert.True(run.Code == 0, $"ended with {run.Code?.ToString() ?? "nothing in time"}: {run.Tail}");
    }

    /// <summary>Kafka's own consume-transform-produce loop, which aborts now and then: every record arrives once.</summary>
    public async Task Copier()
    {
        var input = await TopicAsync();
        var output = await TopicAsync();
        Fill(input, 600);
        var id = Unique("copier");
        // Half in each of two runs: the second one goes on where the first one's transactions committed.
        foreach (var _ in new[] { 1, 2 })
        {
            await OfflineAsync("org.apache.kafka.tools.TransactionalMessageCopier",
            [
                "--broker-list", Servers, "--input-topic", input, "--input-partition", "0", "--output-topic", output, "--consumer-group", id, "--transactional-id", id,
                "--transaction-size", "25", "--max-messages", "300", "--group-mode", "--use-group-metadata", "--enable-random-aborts",
            ]);
        }
        Assert.Equal(Numbered("v", 600), Values(output));
    }

    /// <summary>Forces a left-over static member out, sets the offsets back and deletes the internal topics.</summary>
    public async Task Reset()
    {
        var input = await TopicAsync();
        var application = Unique("app");
        var changelog = $"{application}-store-changelog";
        await CreateAsync(changelog, 1);
        Fill(input, 10);
        using var member = Consumer(c => (c.GroupId, c.GroupInstanceId, c.SessionTimeoutMs) = (application, "left-over", 45_000));
        member.Subscribe(input);
        await UntilAsync(() => { member.Consume(50); return member.Assignment.Count == 1; }, "the assignment");
        member.Commit([new global::Confluent.Kafka.TopicPartitionOffset(input, 0, 10)]);
        member.Close();
        await ToolAsync("streams-application-reset", "--application-id", application, "--input-topics", input, "--force");
        using var admin = Admin();
        var topics = admin.GetMetadata(Patience).Topics.Select(t => t.Topic).ToList();
        Assert.DoesNotContain(changelog, topics);
        Assert.Contains(input, topics);
        using var reader = Consumer(c => c.GroupId = application);
        Assert.Equal(0, reader.Committed([new global::Confluent.Kafka.TopicPartition(input, 0)], Patience)[0].Offset.Value);
    }
}
