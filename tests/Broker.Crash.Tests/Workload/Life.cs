using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Wire;
using Streams.Broker.Disk;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>One life of a broker on a disk, with a client that remembers what it was told.</summary>
internal sealed class Life : IDisposable
{
    /// <summary>How often the broker looks after its files; far below the time-out of transactions.</summary>
    public static readonly TimeSpan MaintenanceInterval = TimeSpan.FromSeconds(1);

    private readonly EmbeddedBrokerOptions _options;
    private readonly Action<Event> _note;
    private readonly ErrorLog _errors;
    private EmbeddedBroker _broker;

    private Life(EmbeddedBrokerOptions options, ErrorLog errors, Knowledge known, Action<Event> note)
    {
        (_options, _errors, Known, _note) = (options, errors, known, note);
        _broker = Start();
        Client = new Client(_broker.BootstrapServers);
    }

    public Client Client { get; private set; }

    public Knowledge Known { get; }

    public StillTime Time => (StillTime)_options.TimeProvider;

    /// <summary>What the broker reported as an error, such as damage.</summary>
    public IReadOnlyCollection<string> Errors => _errors.Lines;

    public static Life On(SimulatedDisk disk, string folder, Knowledge known) => On(disk, folder, known, disk.Note);

    public static Life On(IDisk disk, string folder, Knowledge known, Action<Event> note)
    {
        var errors = new ErrorLog();
        var options = new EmbeddedBrokerOptions
        {
            DataDirectory = folder, Disk = disk, SegmentBytes = 1500, JournalCondenseBytes = 1500, RetentionCheckInterval = MaintenanceInterval, CleanerInterval = MaintenanceInterval,
            TimeProvider = new StillTime(), Logger = errors, Fatal = errors.Fatal,
        };
        return new Life(options, errors, known, note);
    }

    /// <summary>For errors that a test itself has made.</summary>
    public void ForgetErrors() => _errors.Lines.Clear();

    /// <summary>A new connection; answers that the old one still had to get are lost.</summary>
    public void Reconnect()
    {
        Client.Dispose();
        Client = new Client(_broker.BootstrapServers);
    }

    public void Tell(Event told)
    {
        _note(told);
        Known.Apply(told);
    }

    /// <summary>A clean stop and a new start.</summary>
    public void Restart()
    {
        Dispose();
        _broker = Start();
        Client = new Client(_broker.BootstrapServers);
    }

    public void Dispose()
    {
        Client.Dispose();
        _broker.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private EmbeddedBroker Start() => EmbeddedBroker.StartAsync(_options).GetAwaiter().GetResult();

    private sealed class ErrorLog : ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public void Fatal(string what, Exception error) => Lines.Enqueue($"fatal: {what} {error}");

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Lines.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }
}
