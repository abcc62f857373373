using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Tests;

/// <summary>Keeps what an instance logs.</summary>
internal sealed class CapturedLog : ILogger
{
    private readonly ConcurrentQueue<(int Event, string Text)> entries = new();

    /// <summary>By task: how often this instance restored it.</summary>
    public Dictionary<string, int> Restores => entries.Where(e => e.Event == 2006).GroupBy(e => e.Text.Split(':')[0]).ToDictionary(g => g.Key, g => g.Count());

    public int Count(int eventId) => entries.Count(e => e.Event == eventId);

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        entries.Enqueue((eventId.Id, exception is null ? formatter(state, exception) : $"{formatter(state, exception)} {exception}"));

    public override string ToString() => string.Join('\n', entries.Select(e => $"{e.Event} {e.Text}"));
}
