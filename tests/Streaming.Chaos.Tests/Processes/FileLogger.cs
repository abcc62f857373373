using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Chaos.Tests.Processes;

/// <summary>The log of a worker, or of what is done to them. Each line is on its way to the file before the call returns, so that a killed worker's last words are there.</summary>
internal sealed class FileLogger(string file) : ILogger, IDisposable
{
    private readonly StreamWriter writer = new(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.Read)) { AutoFlush = true };

    public void Write(string line)
    {
        lock (writer) writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {line}"));
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Write($"{logLevel}: {formatter(state, exception)}{(exception is null ? "" : $": {exception.Message} <- {exception.InnerException?.Message}")}");
    }

    public void Dispose() => writer.Dispose();
}
