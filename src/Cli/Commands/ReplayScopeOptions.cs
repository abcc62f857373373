using System.CommandLine;
using System.Globalization;
using System.Xml;
using Streams.ErpSink.Replay;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary>The options that say what is read again: Kafka's scenario words for where to begin, and which documents of that.</summary>
sealed class ReplayScopeOptions
{
    readonly Option<bool> _earliest = new("--to-earliest") { Description = "From the start (default)" };
    readonly Option<bool> _current = new("--to-current") { Description = "From where the ledger has read to" };
    readonly Option<long?> _offset = new("--to-offset") { Description = "From this offset of each partition on" };
    readonly Option<DateTimeOffset?> _time = new("--to-datetime") { Description = "From the first record with this or a later time on (ISO 8601)" };
    readonly Option<string?> _duration = new("--by-duration") { Description = "From so long before now on, as an ISO 8601 duration (PnDTnHnMnS)", HelpName = "DURATION" };
    readonly Option<long?> _shift = new("--shift-by") { Description = "From so many records before (negative) or behind where the ledger has read to" };
    readonly Option<FileInfo?> _file = new("--from-file") { Description = "Offsets as lines of topic,partition,offset", HelpName = "CSV" };
    readonly Option<string?> _topic = new("--topic") { Description = "Only these partitions, e.g. erp.documents:0,2", HelpName = "TOPIC:PARTITIONS" };
    readonly Option<string?> _period = new("--period") { Description = "Only the documents of one billing period", HelpName = "YYYY-MM" };
    readonly Option<string?> _customer = new("--customer") { Description = "Only one customer's documents" };
    readonly Option<long?> _batch = new("--batch") { Description = "Only the documents of one call (see `streams erp batches`)", HelpName = "CALL" };
    readonly Option<FileInfo?> _keys = new("--keys") { Description = "Only the documents whose keys stand in this file, one a line", HelpName = "FILE" };

    public IEnumerable<Option> All => [_earliest, _current, _offset, _time, _duration, _shift, _file, _topic, _period, _customer, _batch, _keys];

    public ReplayScope Of(ParseResult parsed, TimeProvider time)
    {
        Option[] starts = [_earliest, _current, _offset, _time, _duration, _shift, _file];
        if (starts.Count(s => parsed.GetResult(s) is { Implicit: false }) > 1) throw new CommandException(ExitCodes.WrongUsage, $"Give one of {string.Join(", ", starts.Select(s => s.Name))}");
        return new ReplayScope
        {
            ToOffset = parsed.GetValue(_earliest) ? 0 : parsed.GetValue(_offset),
            ShiftBy = parsed.GetValue(_current) ? 0 : parsed.GetValue(_shift),
            ToDatetime = parsed.GetValue(_duration) is { } duration ? time.GetUtcNow() - Duration(duration) : parsed.GetValue(_time),
            Offsets = parsed.GetValue(_file) is { } file ? Offsets(file) : null,
            Partitions = parsed.GetValue(_topic) is { } topic ? Partitions(topic) : null,
            Period = parsed.GetValue(_period), Customer = parsed.GetValue(_customer), Batch = parsed.GetValue(_batch),
            Keys = parsed.GetValue(_keys) is { } keys ? [.. Lines(keys, "--keys").Distinct(StringComparer.Ordinal)] : null,
        };
    }

    static TimeSpan Duration(string text)
    {
        try
        {
            return XmlConvert.ToTimeSpan(text);
        }
        catch (FormatException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--by-duration {text}: expected an ISO 8601 duration such as P1DT12H");
        }
    }

    static IReadOnlyList<int> Partitions(string text)
    {
        var parts = text.Split(':');
        if (parts[0] != Topics.ErpDocuments) throw new CommandException(ExitCodes.WrongUsage, $"--topic {text}: documents stand on {Topics.ErpDocuments}");
        if (parts.Length != 2) throw new CommandException(ExitCodes.WrongUsage, $"--topic {text}: expected {Topics.ErpDocuments}:0,1,…");
        return [.. parts[1].Split(',').Select(p => int.TryParse(p, CultureInfo.InvariantCulture, out var n) ? n : throw new CommandException(ExitCodes.WrongUsage, $"--topic {text}: '{p}' is no partition"))];
    }

    static Dictionary<int, long> Offsets(FileInfo file)
    {
        var offsets = new Dictionary<int, long>();
        foreach (var line in Lines(file, "--from-file"))
        {
            var parts = line.Split(',', StringSplitOptions.TrimEntries);
            if (parts.Length != 3 || parts[0] != Topics.ErpDocuments || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var partition) || !long.TryParse(parts[2], CultureInfo.InvariantCulture, out var offset))
                throw new CommandException(ExitCodes.WrongUsage, $"--from-file {file}: \"{line}\" is not {Topics.ErpDocuments},partition,offset");
            offsets[partition] = offset;
        }
        return offsets;
    }

    static IEnumerable<string> Lines(FileInfo file, string option) => file.Exists ? File.ReadLines(file.FullName).Select(l => l.Trim()).Where(l => l.Length > 0)
        : throw new CommandException(ExitCodes.WrongUsage, $"{option} {file}: there is no such file");
}
