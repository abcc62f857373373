using System.CommandLine;
using System.Globalization;
using System.Text;
using Spectre.Console;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Replay;
using Streams.Cli.Rating;
using Streams.Cli.Replay;
using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary><c>streams meters preview</c>: a meter over past events before it goes live.</summary>
static class MetersCommand
{
    /// <summary>Events whose identities are held, to count each once.</summary>
    const int MostEvents = 20_000_000;

    public static Command Create()
    {
        var inputs = new KafkaInputs();
        var file = new Option<string>("--meter") { Description = "The meter as in a contract file, alone or as its only meter", Required = true, HelpName = "FILE" };
        var of = new Option<string?>("--events") { Description = "The meter whose past events it is tried on (default: that of its own id)", HelpName = "METER" };
        var against = new Option<string?>("--against") { Description = "A meter of the pipeline to show beside it, on the same events", HelpName = "METER" };
        var from = new Option<DateTimeOffset>("--from") { Description = "Events of this time or later", Required = true, HelpName = "TIME" };
        var to = new Option<DateTimeOffset>("--to") { Description = "Events before this time", Required = true, HelpName = "TIME" };
        var customer = new Option<string?>("--customer") { Description = "Only this customer's events (default: all)" };
        var output = SharedOptions.Output("table", "json", "csv");
        var preview = new Command("preview", "Show what a new or changed meter makes of past events of usage.events: figures by customer and group, events taken, filtered out and refused. Nothing is written.\n\nThe time from --from to --to is one window; each event counts once, and as corrections left it.\nExit code 2: faults of the meter, each with field and reason; 4: there are no such events.\n\nEXAMPLES\n  streams meters preview --meter peak.json --from 2026-01-01 --to 2026-02-01 --bootstrap-server 127.0.0.1:9092\n  streams meters preview --meter by-region.json --events api.requests --against api.requests --from 2026-01-01 --to 2026-02-01 --bootstrap-server 127.0.0.1:9092")
        {
            file, of, against, from, to, customer, output,
        };
        inputs.AddTo(preview);
        preview.SetAction(async (parsed, cancel) =>
        {
            var connection = inputs.Of(parsed).ToClientConfig();
            var known = Definitions.Current(connection);
            var window = new TimeWindow(Timestamp.From(parsed.GetValue(from)), Timestamp.From(parsed.GetValue(to)));
            if (window.IsEmpty) throw new CommandException(ExitCodes.WrongUsage, "--to: must be after --from");
            var meter = MeterOf(parsed.GetValue(file)!, known);
            List<MeterPreview> previews = [new(meter, window)];
            if (parsed.GetValue(against) is { } other) previews.Add(new(known.Meters.GetValueOrDefault(other) ?? throw new CommandException(ExitCodes.WrongUsage, $"--against: the pipeline has no meter '{other}'"), window));
            var (events, duplicates) = await ProgressBar.RunAsync("reading", report => Task.Run(() => Read(connection, parsed.GetValue(of) ?? meter.Id, parsed.GetValue(customer), previews, report, cancel), cancel));
            if (events == 0) throw new CommandException(ExitCodes.NothingMatched, $"There are no events of meter '{parsed.GetValue(of) ?? meter.Id}'");
            Print(previews, duplicates, parsed.GetValue(output)!);
            return ExitCodes.Done;
        });
        return new Command("meters", "What meters make of usage.") { preview };
    }

    static Meter MeterOf(string path, ContractBook known)
    {
        var entries = Definitions.Read(path, "meters", known);
        return entries is [{ Kind: EntryKind.Meter } entry] ? known.With(entry).Meters[entry.Id] : throw new CommandException(ExitCodes.WrongUsage, $"{path}: must hold one meter and nothing else");
    }

    static (long Events, long Duplicates) Read(Confluent.Kafka.ClientConfig connection, string meter, string? customer, List<MeterPreview> previews, Action<double, string> report, CancellationToken cancel)
    {
        var seen = new HashSet<UInt128>();
        var (read, duplicates) = (0L, 0L);
        var name = Encoding.UTF8.GetBytes(meter);
        foreach (var record in TopicReader.ReadAll(connection, Topics.UsageEvents))
        {
            if (++read % 100_000 == 0) report(0, string.Create(CultureInfo.InvariantCulture, $"{read} records"));
            cancel.ThrowIfCancellationRequested();
            if (record.Message.Value is not { } value || value.AsSpan().IndexOf(name) < 0 || UsageTrail.Read(value) is not { } usage) continue;
            if (usage.Meter != meter || (customer is not null && usage.CustomerId != customer)) continue;
            var identity = UsageCorrection.IdentityOf(usage.Source, usage.Id);
            if (!seen.Add(identity))
            {
                duplicates++;
                continue;
            }
            if (seen.Count > MostEvents) throw new CommandException(ExitCodes.Failed, $"There are more than {MostEvents} events: give --customer");
            foreach (var preview in previews) preview.Add(usage, identity);
        }
        return (seen.Count, duplicates);
    }

    static void Print(List<MeterPreview> previews, long duplicates, string output)
    {
        var rows = previews[0].Figures.Select(f => (f.Customer, f.Group, New: f, Old: (PreviewFigure?)null)).ToList();
        if (previews.Count > 1)
        {
            var other = previews[1].Figures.ToDictionary(f => (f.Customer, f.Group));
            rows = [.. rows.Select(r => r with { Old = other.GetValueOrDefault((r.Customer, r.Group)) }), .. other.Values.Where(o => !rows.Any(r => (r.Customer, r.Group) == (o.Customer, o.Group))).Select(o => (o.Customer, o.Group, New: (PreviewFigure)null!, Old: (PreviewFigure?)o))];
            rows = [.. rows.OrderBy(r => r.Customer, StringComparer.Ordinal).ThenBy(r => r.Group, StringComparer.Ordinal)];
        }
        string[] columns = ["customer", "group", .. previews.SelectMany(p => new[] { p.Meter.Id, "events" })];
        var cells = rows.Select(r => (string[])[r.Customer, r.Group, .. Cells(r.New), .. previews.Count > 1 ? Cells(r.Old) : []]).ToList();
        if (output == "csv")
        {
            Printed.Csv(columns);
            foreach (var row in cells) Printed.Csv(row);
        }
        else if (output == "json")
        {
            Printed.Json(new
            {
                meters = previews.Select(p => new { meter = p.Meter.Id, unit = p.Meter.Unit, taken = p.Taken, filteredOut = p.FilteredOut, refused = p.Refused, figures = p.Figures }),
                duplicates,
            });
        }
        else Table(columns, cells);
        foreach (var preview in previews) Console.Error.WriteLine($"streams: {preview.Meter.Id}: {preview.Taken} events taken, {preview.FilteredOut} filtered out, {preview.Refused.Values.Sum()} refused{string.Concat(preview.Refused.Select(r => $"; {r.Key}: {r.Value}"))}");
        Console.Error.WriteLine($"streams: {duplicates} events came again and count once");
    }

    static string[] Cells(PreviewFigure? figure) => figure is null ? ["", ""] : [figure.Value, figure.Events.ToString(CultureInfo.InvariantCulture)];

    static void Table(string[] columns, List<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var (column, i) in columns.Select((c, i) => (c, i))) table.AddColumn(new TableColumn(column) { Alignment = i < 2 ? Justify.Left : Justify.Right });
        foreach (var row in rows) table.AddRow([.. row.Select(c => new Text(c))]);
        AnsiConsole.Write(table);
    }
}
