using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Broker.Tests.Transactions;

/// <summary>Apache Kafka's own <c>kafka-transactions</c> against the embedded broker.</summary>
public sealed class TransactionToolTests : IAsyncLifetime
{
    private readonly TransactionBed _bed = new();
    private TransactionWire _wire = null!;

    public async Task InitializeAsync() => _wire = await _bed.StartAsync();

    public async Task DisposeAsync()
    {
        _wire.Dispose();
        await _bed.DisposeAsync();
    }

    [SkippableFact]
    public async Task Lists_describes_and_aborts()
    {
        var missing = Checkout.ServersMissing("kafka");
        Skip.If(missing is not null, missing);
        await _bed.CreateTopicAsync("t");
        var producer = await _wire.InitAsync("hanging");
        await _wire.AddAsync(producer, "t");
        await _wire.ProduceAsync(producer, "t", 0, 3);
        var told = await Task.WhenAll(
            ToolAsync("list"), ToolAsync("describe", "--transactional-id", "hanging"), ToolAsync("describe-producers", "--topic", "t", "--partition", "0"),
            ToolAsync("find-hanging", "--broker-id", "1"));
        Assert.Matches($@"hanging\s+1\s+{producer.ProducerId}\s+Ongoing", told[0]);
        Assert.Matches($@"1\s+hanging\s+{producer.ProducerId}\s+{producer.Epoch}\s+Ongoing\s+60000\s+\d+\s+\d+\s+t-0", told[1]);
        Assert.Matches($@"{producer.ProducerId}\s+{producer.Epoch}\s+-1\s+2\s+\d+\s+0", told[2]);
        Assert.DoesNotMatch(@"(?m)^t\s", told[3]);
        await ToolAsync("abort", "--topic", "t", "--partition", "0", "--start-offset", "0");
        var fetched = await _wire.FetchAsync("t", 0, committed: true);
        Assert.Equal(4, fetched.StableOffset);
        Assert.Equal([(producer.ProducerId, 0L)], fetched.Aborted);
    }

    private async Task<string> ToolAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(
            Path.Combine(Checkout.Shared!, "kafka", "kafka"), ["tool", "transactions", "--bootstrap-server", _bed.BootstrapServers, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{await output}{await errors}");
        return await output;
    }
}
