using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Streams.Aggregators.Replay;
using Streams.Cli.Rating;
using Streams.Cli.Replay;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary><c>streams lineage</c>: from a document's lines to their events, and from an event to the lines that it went into.</summary>
static class LineageCommand
{
    public static Command Create()
    {
        var inputs = new KafkaInputs();
        var what = new Argument<string>("DOCUMENT|SOURCE/ID") { Description = "A document's id, or an event's source and id" };
        var line = new Option<string?>("--line") { Description = "Of a document: only this line, by number or key (default: all that bill usage)" };
        var limit = new Option<int>("--limit") { Description = "Events printed of a line, at most; count and hash are of all", DefaultValueFactory = _ => 100 };
        var output = SharedOptions.Output("table", "json", "csv");
        var lineage = new Command("lineage", "Follow a number to its events, or an event to the numbers that it is in. Both ways it is a replay of usage.events; nothing is written.\n\nOf a line: its events, how many (compared with the document's header), and the SHA-256 over their identities in ascending order. Of an event: what became of each of its records, and the lines that bill it, corrections included.\nExit code 1: counts differ; 3: what a replay needs is no longer on record; 4: no such document or event.\n\nEXAMPLES\n  streams lineage acme-2026/0000/period --line 1 --bootstrap-server 127.0.0.1:9092\n  streams lineage checkout/evt-4711 --bootstrap-server 127.0.0.1:9092 --output json")
        {
            what, line, limit, output,
        };
        inputs.AddTo(lineage);
        lineage.SetAction((parsed, cancel) => KafkaInputs.GuardedAsync(async () =>
        {
            var (kafka, wanted, format) = (inputs.Of(parsed), parsed.GetValue(what)!, parsed.GetValue(output)!);
            if (parsed.GetValue(limit) < 0) throw new CommandException(ExitCodes.WrongUsage, "--limit: must not be negative");
            using var replays = await UsageReplays.OpenAsync(kafka, cancel);
            var reader = new DocumentLineage(replays);
            if (RecordedDocument.ReadAll(kafka.ToClientConfig()).FirstOrDefault(d => d.Id == wanted) is { } document)
            {
                var lines = await ProgressBar.RunAsync("replaying", report => Task.Run(() => reader.Of(document, report, cancel), cancel));
                return Lines(document, Chosen(lines, parsed.GetValue(line), wanted), parsed.GetValue(limit), format);
            }
            var (places, bills) = await ProgressBar.RunAsync("replaying", report => Task.Run(() => reader.Of(wanted, report, cancel), cancel));
            if (places.Count == 0) throw new CommandException(ExitCodes.NothingMatched, $"There is neither a document nor an event {wanted}");
            Event(places, bills, format);
            return ExitCodes.Done;
        }));
        return lineage;
    }

    static List<LineEvents> Chosen(IReadOnlyList<LineEvents> lines, string? wanted, string document)
    {
        var chosen = lines.Where(l => wanted is null || l.Line == wanted || Number(l.Number) == wanted).ToList();
        return chosen.Count > 0 ? chosen : throw new CommandException(ExitCodes.NothingMatched, $"{document} has no such line of usage; there are {string.Join(", ", lines.Select(l => l.Number))}");
    }

    static int Lines(RecordedDocument document, List<LineEvents> lines, int limit, string format)
    {
        if (format == "json")
        {
            Printed.Json(new
            {
                document = document.Id,
                lines = lines.Select(l => new { line = l.Number, key = l.Line, meter = l.Meter, events = l.Events.Count, recorded = l.Recorded, sha256 = l.Sha256, first = l.Events.Take(limit).Select(e => Json(document, e)) }),
            });
        }
        else if (format == "csv")
        {
            Printed.Csv("document", "line", "topic", "partition", "offset", "source", "id", "time", "quantity");
            foreach (var (line, e) in lines.SelectMany(l => l.Events.Take(limit).Select(e => (l, e)))) Printed.Csv([document.Id, Number(line.Number), Topics.UsageEvents, Number(document.Partition), Number(e.Offset), e.Source, e.Id, e.Usage.Time.ToString(), e.Usage.Quantity.ToString()]);
        }
        else foreach (var line in lines) Table(document, line, limit);
        foreach (var line in lines.Where(l => !l.Agrees)) Console.Error.WriteLine($"streams: {document.Id}, line {line.Number}: {line.Recorded} events by its header, {line.Events.Count} by the topics");
        return lines.All(l => l.Agrees) ? ExitCodes.Done : ExitCodes.Failed;
    }

    static void Table(RecordedDocument document, LineEvents line, int limit)
    {
        AnsiConsole.WriteLine($"{document.Id}, line {line.Number} ({line.Line}), meter {line.Meter}: {line.Events.Count} events, {line.Recorded} by its header");
        AnsiConsole.WriteLine($"sha256 of their identities: {line.Sha256}");
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("partition", "offset", "source/id", "time", "quantity");
        foreach (var e in line.Events.Take(limit)) table.AddRow([.. new[] { $"{Topics.UsageEvents}/{document.Partition}", Number(e.Offset), $"{e.Source}/{e.Id}", e.Usage.Time.ToString(), e.Usage.Quantity.ToString() }.Select(c => new Text(c))]);
        AnsiConsole.Write(table);
        if (line.Events.Count > limit) AnsiConsole.WriteLine($"and {line.Events.Count - limit} more (--limit)");
    }

    static object Json(RecordedDocument document, TrailEvent e) =>
        new { topic = Topics.UsageEvents, partition = document.Partition, offset = e.Offset, source = e.Source, id = e.Id, time = e.Usage.Time.ToString(), quantity = e.Usage.Quantity.ToString() };

    static void Event(IReadOnlyList<EventPlace> places, IReadOnlyList<EventLine> lines, string format)
    {
        if (format == "json")
        {
            Printed.Json(new
            {
                records = places.Select(p => new { topic = Topics.UsageEvents, p.Partition, p.Offset, p.Customer, p.Meter, time = p.Time.ToString(), p.Quantity, disposition = Name(p.Disposition), p.Code }),
                lines = lines.Select(l => new { l.Document, kind = Name(l.Kind), line = l.Number, key = l.Line, l.Holds }),
            });
            return;
        }
        if (format == "csv")
        {
            Printed.Csv("document", "kind", "line", "key", "holds");
            foreach (var l in lines) Printed.Csv(l.Document, Name(l.Kind), Number(l.Number), l.Line, l.Holds ? "true" : "false");
            return;
        }
        Table("Records", ["partition", "offset", "customer", "meter", "time", "quantity", "disposition"],
            places.Select(p => new[] { $"{Topics.UsageEvents}/{p.Partition}", Number(p.Offset), p.Customer, p.Meter, p.Time.ToString(), p.Quantity, p.Code is null ? Name(p.Disposition) : $"{Name(p.Disposition)} ({p.Code})" }));
        Table("Lines", ["document", "kind", "line", "key", ""], lines.Select(l => new[] { l.Document, Name(l.Kind), Number(l.Number), l.Line, l.Holds ? "bills it" : "without it: it was corrected" }));
    }

    static void Table(string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new(title) };
        table.AddColumns(columns);
        foreach (var row in rows) table.AddRow([.. row.Select(c => new Text(c))]);
        AnsiConsole.Write(table);
    }

    static string Name(Enum value) => value.ToString() is var name ? char.ToLowerInvariant(name[0]) + name[1..] : "";

    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
