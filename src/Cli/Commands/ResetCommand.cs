using System.CommandLine;
using System.Globalization;
using System.Xml;
using Confluent.Kafka;
using Streams.Streaming;

namespace Streams.Cli.Commands;

/// <summary><c>streams reset</c>, with the options of kafka-streams-application-reset.</summary>
static class ResetCommand
{
    public static Command Create()
    {
        var application = new Option<string>("--application-id") { Description = "The application to be reset: its consumer group", Required = true };
        var inputs = Topics("--input-topics", "Topics whose committed offsets are set");
        var internals = Topics("--internal-topics", "Delete only these internal topics; default: all of the application's");
        var force = new Option<bool>("--force") { Description = "Wait for members that are dead but still remembered, and begin with what retention has left" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be done, and do nothing" };
        var bootstrap = SharedOptions.BootstrapServer();
        var settings = SharedOptions.ClientSettings();
        var points = new Points();
        var reset = new Command("reset", "Let a stream application begin anew: set the offsets of its inputs, delete its internal topics. Instances wipe their local state when they start. Output topics are not touched.\n\nEXAMPLE\n  streams reset --application-id streams-metering --input-topics usage.events --to-earliest --bootstrap-server 127.0.0.1:9092 --dry-run")
        {
            application, inputs, internals, bootstrap, settings, force, dryRun,
        };
        foreach (var option in points.All) reset.Add(option);
        reset.SetAction(async (parsed, cancel) =>
        {
            var kafka = parsed.Kafka(bootstrap, new Option<string?>("--registry"), settings);
            using var job = new ApplicationReset(new ApplicationResetOptions
            {
                ApplicationId = parsed.GetValue(application)!,
                BootstrapServers = kafka.BootstrapServers,
                ClientSettings = kafka.Client,
                InputTopics = Split(parsed.GetValue(inputs)),
                InternalTopics = Split(parsed.GetValue(internals)),
                Point = points.Of(parsed),
                Force = parsed.GetValue(force),
            });
            return await RunAsync(job, parsed.GetValue(dryRun), cancel);
        });
        return reset;
    }

    static async Task<int> RunAsync(ApplicationReset job, bool dryRun, CancellationToken cancel)
    {
        try
        {
            var plan = await job.PlanAsync(cancel);
            foreach (var offset in plan.Offsets) Console.WriteLine($"offset\t{offset.Topic}\t{offset.Partition.Value}\t{offset.Offset.Value}");
            foreach (var topic in plan.DeletedTopics) Console.WriteLine($"delete\t{topic}");
            if (plan.Offsets.Count == 0 && plan.DeletedTopics.Count == 0) return ExitCodes.NothingMatched;
            if (!dryRun) await job.ExecuteAsync(plan, cancel);
            Console.Error.WriteLine(dryRun ? "streams: nothing was changed (--dry-run)" : "streams: reset; instances begin anew when they start");
            return ExitCodes.Done;
        }
        catch (ResetRefusedException e)
        {
            throw new CommandException(ExitCodes.RefusedBySafetyCheck, e.Message);
        }
        catch (Exception e) when (e is StreamsException or KafkaException)
        {
            throw new CommandException(ExitCodes.Failed, e.Message);
        }
    }

    static Option<string[]> Topics(string name, string description) =>
        new(name) { Description = description, HelpName = "TOPIC[,TOPIC…]", DefaultValueFactory = _ => [], AllowMultipleArgumentsPerToken = true };

    static IReadOnlyList<string> Split(string[]? lists) => [.. (lists ?? []).SelectMany(l => l.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    /// <summary>The options that name a point, of which at most one may be given.</summary>
    sealed class Points
    {
        readonly Option<bool> _earliest = new("--to-earliest") { Description = "Begin with the first record (default)" };
        readonly Option<bool> _latest = new("--to-latest") { Description = "Begin behind the last record" };
        readonly Option<long?> _offset = new("--to-offset") { Description = "Begin at this offset of every partition" };
        readonly Option<DateTimeOffset?> _time = new("--to-datetime") { Description = "Begin with the first record at or after this time" };
        readonly Option<string?> _duration = new("--by-duration") { Description = "Begin so long before now, as an ISO 8601 duration (PnDTnHnMnS)", HelpName = "DURATION" };
        readonly Option<long?> _shift = new("--shift-by") { Description = "Move each committed offset by so many, back where negative" };
        readonly Option<FileInfo?> _file = new("--from-file") { Description = "Offsets as lines of topic,partition,offset", HelpName = "CSV" };

        public IEnumerable<Option> All => [_earliest, _latest, _offset, _time, _duration, _shift, _file];

        public ResetPoint Of(ParseResult parsed)
        {
            List<ResetPoint> points = [];
            if (parsed.GetValue(_earliest)) points.Add(new ResetPoint.ToEarliest());
            if (parsed.GetValue(_latest)) points.Add(new ResetPoint.ToLatest());
            if (parsed.GetValue(_offset) is { } offset) points.Add(new ResetPoint.ToOffset(offset));
            if (parsed.GetValue(_time) is { } time) points.Add(new ResetPoint.ToDatetime(time));
            if (parsed.GetValue(_duration) is { } duration) points.Add(new ResetPoint.ByDuration(Duration(duration)));
            if (parsed.GetValue(_shift) is { } shift) points.Add(new ResetPoint.ShiftBy(shift));
            if (parsed.GetValue(_file) is { } file) points.Add(new ResetPoint.FromList(Read(file)));
            return points.Count switch
            {
                0 => new ResetPoint.ToEarliest(),
                1 => points[0],
                _ => throw new CommandException(ExitCodes.WrongUsage, $"Give one of {string.Join(", ", All.Select(o => o.Name))}"),
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

        static Dictionary<TopicPartition, long> Read(FileInfo file)
        {
            if (!file.Exists) throw new CommandException(ExitCodes.WrongUsage, $"--from-file {file}: there is no such file");
            var offsets = new Dictionary<TopicPartition, long>();
            foreach (var line in File.ReadLines(file.FullName).Where(l => l.Trim().Length > 0))
            {
                var parts = line.Split(',', StringSplitOptions.TrimEntries);
                if (parts.Length != 3 || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var partition) || !long.TryParse(parts[2], CultureInfo.InvariantCulture, out var offset))
                    throw new CommandException(ExitCodes.WrongUsage, $"--from-file {file}: \"{line}\" is not topic,partition,offset");
                offsets[new TopicPartition(parts[0], partition)] = offset;
            }
            return offsets;
        }
    }
}
