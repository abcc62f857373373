using System.CommandLine;
using System.Globalization;
using Confluent.Kafka;
using Spectre.Console;
using Streams.Perf.Broker;

var records = new Option<int>("--records") { Description = "Records of each produce run", DefaultValueFactory = _ => 3_000_000 };
var runs = new Option<int>("--runs") { Description = "Runs; the table shows medians", DefaultValueFactory = _ => 3 };
var only = new Option<string>("--only") { Description = "Parts, by comma: produce, fetch, rtt, idle, crowd, start, restart", DefaultValueFactory = _ => "produce,fetch,rtt,idle,crowd,start,restart" };
var brokers = new Option<string>("--brokers") { Description = "Brokers, by comma: embedded, kafka, kafka-fsync (log.flush.interval.messages=1)", DefaultValueFactory = _ => "embedded,kafka,kafka-fsync" };
var root = new RootCommand("The embedded broker beside Apache Kafka: the same client, the same machine, the same run, in turn.") { records, runs, only, brokers };
root.SetAction(parsed =>
{
    var parts = parsed.GetValue(only)!.Split(',').ToHashSet();
    var names = parsed.GetValue(brokers)!.Split(',');
    var figures = new Figures(names);
    var folder = Directory.CreateTempSubdirectory("broker-perf-");
    try
    {
        foreach (var run in Enumerable.Range(1, parsed.GetValue(runs)))
        {
            foreach (var name in names) new Run(name, Path.Combine(folder.FullName, $"{name}-{run}"), parts, parsed.GetValue(records), figures).Execute();
        }
    }
    finally
    {
        folder.Delete(recursive: true);
    }
    figures.Print();
    return 0;
});
return root.Parse(args).Invoke();

/// <summary>All parts on one broker, once.</summary>
sealed class Run(string name, string folder, HashSet<string> parts, int records, Figures figures)
{
    private int _port = 31092;

    public void Execute()
    {
        Console.Error.WriteLine($"{name} …");
        if (parts.Contains("start")) Note("start to first answer, s", Measurements.FirstAnswer(() => Start(folder + "-empty")));
        using (var broker = Start(folder))
        {
            if (parts.Contains("idle"))
            {
                var (percent, megabytes) = Measurements.Idle(broker, TimeSpan.FromSeconds(10));
                Note("idle, % of a core", percent);
                Note("idle, MB resident", megabytes);
            }
            Measurements.Produce(broker, Measurements.CreateTopic(broker, 4), CompressionType.None, 500_000); // warm
            if (parts.Contains("produce")) Produce(broker);
            if (parts.Contains("fetch")) Fetch(broker);
            if (parts.Contains("rtt"))
            {
                var (p50, p99) = Measurements.RoundTrip(broker, 1000);
                Note("acks=all round trip, p50 ms", p50);
                Note("acks=all round trip, p99 ms", p99);
            }
        }
        if (parts.Contains("crowd"))
        {
            using var broker = Start(folder + "-crowd");
            Note("1,000 partitions, 500 connections: peak MB", Measurements.Crowd(broker));
        }
        if (parts.Contains("restart")) Restart();
    }

    private void Produce(BrokerProcess broker)
    {
        foreach (var codec in new[] { CompressionType.None, CompressionType.Lz4 })
        {
            foreach (var partitions in new[] { 1, 4 })
            {
                var (rate, perCpu) = Measurements.Produce(broker, Measurements.CreateTopic(broker, partitions), codec, records);
                Note($"produce {codec.ToString().ToLowerInvariant()}, {partitions} partition{(partitions > 1 ? "s" : "")}: records/s", rate);
                Note($"produce {codec.ToString().ToLowerInvariant()}, {partitions} partition{(partitions > 1 ? "s" : "")}: records/CPU-s", perCpu);
            }
        }
    }

    private void Fetch(BrokerProcess broker)
    {
        var topic = Measurements.CreateTopic(broker, 1);
        Measurements.Produce(broker, topic, CompressionType.None, 1_500_000);
        Measurements.Fetch(broker, topic, 2); // warm
        var (rate, perCpu) = Measurements.Fetch(broker, topic, 20);
        Note("fetch: MB/s", rate);
        Note("fetch: MB/CPU-s", perCpu);
    }

    private void Restart()
    {
        var data = folder + "-restart";
        using (var broker = Start(data)) Measurements.Produce(broker, Measurements.CreateTopic(broker, 4), CompressionType.None, 7_000_000);
        if (name != "embedded") return; // its own start would be measured by a script that polls
        Note("restart after kill -9 with 1 GB, s", Measurements.FirstAnswer(() => Start(data)));
    }

    private BrokerProcess Start(string data) => name switch
    {
        "embedded" => BrokerProcess.Embedded(data),
        "kafka" => BrokerProcess.ApacheKafka(data, _port += 4),
        "kafka-fsync" => BrokerProcess.ApacheKafka(data, _port += 4, "log.flush.interval.messages=1"),
        _ => throw new ArgumentException($"no broker is called {name}"),
    };

    private void Note(string figure, double value) => figures.Add(figure, name, value);
}

/// <summary>The figures of all runs, as a table of medians.</summary>
sealed class Figures(string[] names)
{
    private readonly Dictionary<string, Dictionary<string, List<double>>> _values = [];

    public void Add(string figure, string name, double value)
    {
        if (!_values.TryGetValue(figure, out var byName)) _values[figure] = byName = [];
        if (!byName.TryGetValue(name, out var list)) byName[name] = list = [];
        list.Add(value);
        Console.Error.WriteLine($"  {figure}: {Text(value)}");
    }

    public void Print()
    {
        var table = new Table().AddColumn("median").MarkdownBorder();
        foreach (var name in names) table.AddColumn(new TableColumn(name).RightAligned());
        if (names.Contains("kafka")) table.AddColumn(new TableColumn("embedded : kafka").RightAligned());
        foreach (var (figure, byName) in _values)
        {
            double? Of(string name) => byName.TryGetValue(name, out var list) ? list.Order().ElementAt(list.Count / 2) : null;
            var row = new List<string> { figure };
            row.AddRange(names.Select(n => Of(n) is { } v ? Text(v) : ""));
            if (names.Contains("kafka")) row.Add(Of("embedded") is { } a && Of("kafka") is { } b && b > 0 ? (a / b).ToString("0.00", CultureInfo.InvariantCulture) : "");
            table.AddRow(row.Select(Markup.Escape).ToArray());
        }
        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
    }

    private static string Text(double value) => value.ToString(value >= 1000 ? "#,0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
