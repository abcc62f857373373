using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Tests;

/// <summary>An instance's state where its threads and a stop change it at the same time.</summary>
public sealed class InstanceStateTests(Embedded broker) : IClassFixture<Embedded>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [Fact]
    public async Task AThreadThatMeetsAStop_DoesNotUndoIt()
    {
        var topics = new TestTopics(broker.BootstrapServers, 1);
        await topics.CreateAsync();
        var log = new StateLog();
        await using var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), topics.Config(), log);
        var late = new Thread(stream.UpdateState);
        // The stop is about to set the state, which still reads as before: the thread begins now, and comes to where it must wait for the stop.
        log.BeforeStopping = () =>
        {
            late.Start();
            Assert.True(SpinWait.SpinUntil(() => late.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Limit));
        };
        await stream.StartAsync();
        await stream.WaitUntilRunning().WaitAsync(Limit);
        await stream.StopAsync().WaitAsync(Limit);
        Assert.True(late.Join(Limit));
        Assert.Equal([StreamState.PendingShutdown, StreamState.NotRunning], log.States.SkipWhile(s => s != StreamState.PendingShutdown));
    }

    /// <summary>The states that an instance came into. It logs them while it sets them.</summary>
    private sealed class StateLog : ILogger
    {
        public ConcurrentQueue<StreamState> States { get; } = new();

        public Action BeforeStopping { get; set; } = () => { };

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id != 2001)
                return;
            var to = Enum.Parse<StreamState>(formatter(state, exception).Split(' ')[^1]);
            States.Enqueue(to);
            if (to == StreamState.PendingShutdown)
                BeforeStopping();
        }
    }
}
