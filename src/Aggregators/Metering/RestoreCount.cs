using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Streams.Aggregators.Metering;

/// <summary>Counts changelog records as the runtime reports them restored, and the CPU time since it was made.</summary>
sealed class RestoreCount : IDisposable
{
    readonly MeterListener _listener = new();
    readonly long _start = Stopwatch.GetTimestamp();
    readonly double _cpu = CpuSeconds();
    long _records;

    public RestoreCount()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "streams.streaming.restore") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, more, _, _) => Interlocked.Add(ref _records, more));
        _listener.Start();
    }

    public RestoreFigures Figures => new(Interlocked.Read(ref _records), Math.Round(Stopwatch.GetElapsedTime(_start).TotalSeconds, 2), Math.Round(CpuSeconds() - _cpu, 2));

    public void Dispose() => _listener.Dispose();

    static double CpuSeconds()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }
}
