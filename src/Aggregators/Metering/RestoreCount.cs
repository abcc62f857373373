using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Streams.Aggregators.Metering;

/// <summary>Counts changelog records as the runtime reports them restored, the accounts and identities in them, and the CPU time since it was made.</summary>
sealed class RestoreCount : IDisposable
{
    const string Records = "streams.streaming.restore", Entries = "streams.aggregators.restored";

    readonly MeterListener _listener = new();
    readonly long _start = Stopwatch.GetTimestamp();
    readonly TimeSpan _cpu = CpuTime();
    long _records, _entries;

    public RestoreCount()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name is Records or Entries) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, more, _, _) => Interlocked.Add(ref instrument.Name == Entries ? ref _entries : ref _records, more));
        _listener.Start();
    }

    public RestoreFigures Figures => new(Interlocked.Read(ref _records), Interlocked.Read(ref _entries), Seconds(Stopwatch.GetElapsedTime(_start)), Seconds(CpuTime() - _cpu));

    public void Dispose() => _listener.Dispose();

    static decimal Seconds(TimeSpan time) => Math.Round((decimal)time.Ticks / TimeSpan.TicksPerSecond, 2);

    static TimeSpan CpuTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
