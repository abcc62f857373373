using Streams.Ingest.Events;
using Streams.Schemas;

namespace Streams.Ingest.Files;

/// <summary>One import: in the file's order in one pass; or, sorted, a first pass that checks every line and notes its time, and a second that publishes.</summary>
sealed class ImportRun(ImportOptions options, FileStream stream, ILineFormat format, LineMapper mapper, Refusals refusals, InFlightWindow window, IProgress<ImportProgress>? progress)
{
    const int ProgressEvery = 1000;

    long _lines;
    long _bytes;
    long _events;

    public async Task<ImportResult> RunAsync(CancellationToken cancel)
    {
        await (options.Mapping.Sort ? SortedAsync(cancel) : InFileOrderAsync(cancel));
        KillPoint.Reached("import.before_drain");
        await window.DrainAsync(cancel);
        KillPoint.Reached("import.after_drain");
        Report();
        return new(_lines, _events, refusals.Count, refusals.First);
    }

    async Task InFileOrderAsync(CancellationToken cancel)
    {
        var reader = new LineReader(stream, format.Delimiter);
        while (reader.Next() is { } line)
        {
            await PublishAsync(Read(line), cancel);
            _bytes = reader.Position;
            if (line.Number % ProgressEvery == 0) Report();
        }
    }

    async Task SortedAsync(CancellationToken cancel)
    {
        var lines = Index(cancel);
        lines.Sort();
        var buffer = new byte[LineReader.MaxRecordBytes];
        foreach (var place in lines)
        {
            var bytes = buffer.AsMemory(0, place.Length);
            if (RandomAccess.Read(stream.SafeFileHandle, bytes.Span, place.Offset) != place.Length) throw new ImportException("The file changed while it was imported");
            await PublishAsync(Remap(new FileLine(place.Number, 1, place.Offset, bytes, false)), cancel);
            _bytes += place.Length;
            if (_events % ProgressEvery == 0) Report();
        }
    }

    List<LinePlace> Index(CancellationToken cancel)
    {
        var places = new List<LinePlace>();
        var reader = new LineReader(stream, format.Delimiter);
        while (reader.Next() is { } line)
        {
            cancel.ThrowIfCancellationRequested();
            if (Read(line) is not [var first, ..]) continue;
            if (places.Count == options.MaxSortedLines)
            {
                throw new ImportException($"The file has more than {options.MaxSortedLines} lines to be sorted; sort it by time beforehand and import it without \"sort\". Nothing was published");
            }
            places.Add(new(first.OccurredAt, line.Number, line.Offset, line.Bytes.Length));
        }
        return places;
    }

    /// <summary>The line's events; none when it is the header or refused.</summary>
    IReadOnlyList<UsageEvent> Read(FileLine line)
    {
        _lines += line.Lines;
        try
        {
            return mapper.Map(line);
        }
        catch (EventRefusedException e)
        {
            refusals.Add(line, e.Code, e.Field, e.Reason);
        }
        catch (LineRefusedException e)
        {
            refusals.Add(line, "LINE_MALFORMED", "line", e.Message);
        }
        Telemetry.Count("file", "rejected");
        return [];
    }

    IReadOnlyList<UsageEvent> Remap(FileLine line)
    {
        try
        {
            return mapper.Map(line);
        }
        catch (Exception e) when (e is EventRefusedException or LineRefusedException)
        {
            throw new ImportException($"The file changed while it was imported, at line {line.Number}", e);
        }
    }

    async Task PublishAsync(IReadOnlyList<UsageEvent> events, CancellationToken cancel)
    {
        foreach (var usage in events)
        {
            await window.PublishAsync(usage, cancel);
            _events++;
            KillPoint.Reached("import.after_event");
        }
    }

    void Report() => progress?.Report(new(_lines, _bytes, stream.Length, _events, refusals.Count));

    /// <summary>Where a line is; ordered by time, then by its place in the file.</summary>
    readonly record struct LinePlace(Timestamp Time, long Number, long Offset, int Length) : IComparable<LinePlace>
    {
        public int CompareTo(LinePlace other) => Time.CompareTo(other.Time) is var order && order != 0 ? order : Number.CompareTo(other.Number);
    }
}
