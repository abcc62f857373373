using Microsoft.Extensions.Logging;
using Streams.Ingest.Events;
using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Ingest.Files;

public enum ImportFormat
{
    Csv,
    AccessLog,
}

/// <summary>What to import and how.</summary>
public sealed record ImportOptions(string File, ImportFormat Format, ImportMapping Mapping)
{
    /// <summary>Gets every refused line as a line of JSON; replaced when it exists.</summary>
    public string? RefusedFile { get; init; }

    /// <summary>Events sent and not yet acknowledged.</summary>
    public int MaxInFlight { get; init; } = 10_000;

    /// <summary>Lines that a mapping with "sort" may order in memory, 40 bytes each.</summary>
    public int MaxSortedLines { get; init; } = 2_000_000;
}

/// <summary>How far an import is. <paramref name="TotalBytes"/> is the file's size; with sorting, bytes count on the way of publishing.</summary>
public readonly record struct ImportProgress(long Lines, long Bytes, long TotalBytes, long Events, long Refused);

/// <summary>What an import did. Refused counts lines; <paramref name="FirstRefused"/> holds up to the first thousand.</summary>
public sealed record ImportResult(long Lines, long Events, long Refused, IReadOnlyList<RefusedLine> FirstRefused);

/// <summary>Turns a file into usage events, by the same rules and the same producer as every other entrance.</summary>
public sealed class FileImport(IUsageEventPublisher publisher, UsageEventRules rules, ILogger<FileImport> logger)
{
    /// <summary>Reads, publishes and waits for every acknowledgement. Importing a file again gives the same events with the same ids.</summary>
    /// <exception cref="ImportException">The file cannot be read, is too long to be sorted, or events were not acknowledged; starting again is safe.</exception>
    public async Task<ImportResult> RunAsync(ImportOptions options, IProgress<ImportProgress>? progress = null, CancellationToken cancel = default)
    {
        try
        {
            await using var stream = new FileStream(options.File, FileMode.Open, FileAccess.Read, FileShare.Read);
            using var refusals = new Refusals(options.RefusedFile is { } path ? new StreamWriter(path, append: false) : null);
            ILineFormat format = options.Format == ImportFormat.Csv ? new CsvFormat(options.Mapping.Delimiter) : new AccessLogFormat();
            var run = new ImportRun(options, stream, format, new LineMapper(options.Mapping, format, rules), refusals, new InFlightWindow(publisher, options.MaxInFlight), progress);
            var result = await run.RunAsync(cancel);
            Log.Imported(logger, options.Mapping.Id, result.Lines, result.Events, result.Refused);
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImportException($"The file cannot be imported: {e.Message}", e);
        }
    }
}
