using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>Keeps what was logged, by event id.</summary>
internal sealed class LogRecorder : ILogger
{
    public const int Restored = 2006, Wiped = 2105, Cleaned = 2109;
    private readonly List<(int Id, string Text, IReadOnlyDictionary<string, object?> Values)> lines = [];

    /// <summary>Changelog records that were restored, by task.</summary>
    public IReadOnlyList<(string Task, long Records, long Entries)> Restores =>
        [.. Of(Restored).Select(l => ((string)l.Values["Task"]!, (long)l.Values["Records"]!, (long)l.Values["Entries"]!))];

    public IReadOnlyList<string> Texts(int id) => [.. Of(id).Select(l => l.Text)];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var values = (state as IEnumerable<KeyValuePair<string, object?>> ?? []).ToDictionary(v => v.Key, v => v.Value);
        if (Environment.GetEnvironmentVariable("STREAMS_TRACE") is not null)
            Console.WriteLine($"{Environment.TickCount64 % 100000} {formatter(state, exception)}");
        lock (lines)
            lines.Add((eventId.Id, $"{formatter(state, exception)} {exception?.Message}", values));
    }

    private List<(int Id, string Text, IReadOnlyDictionary<string, object?> Values)> Of(int id)
    {
        lock (lines)
            return lines.FindAll(l => l.Id == id);
    }
}
