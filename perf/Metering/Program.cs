using System.CommandLine;
using Streams.Perf.Metering;

if (args is [KeyValueApplication.Verb, ..]) return await KeyValueApplication.RunAsync(args);
var events = new Option<int>("--events") { Description = "Events of the main table's topic (and of the restore and restart measurements)", DefaultValueFactory = _ => 10_000_000 };
var runs = new Option<int>("--runs") { Description = "Runs, in turn; tables show medians", DefaultValueFactory = _ => 1 };
var only = new Option<string>("--only") { Description = $"Candidates of the main table, by comma: {string.Join(", ", Candidates.All.Keys)}", DefaultValueFactory = _ => string.Join(',', Candidates.Default) };
var broker = new Option<string>("--broker") { Description = "kafka (Apache Kafka: the peers need it) or embedded", DefaultValueFactory = _ => "kafka" };
broker.AcceptOnlyFromAmong("kafka", "embedded");
var latency = new Option<bool>("--latency") { Description = "From the input that closes a window to its visible output, at --rate events a second" };
var rate = new Option<int>("--rate") { Description = "Events a second of the latency measurement; 0: half of what a run over a full topic reaches at its peak", DefaultValueFactory = _ => 0 };
var seconds = new Option<int>("--seconds") { Description = "Length of the latency measurement", DefaultValueFactory = _ => 30 };
var scale = new Option<bool>("--scale") { Description = "The cost of an event from 1 million events to --events, and from 1,000 to 1 million customers" };
var restore = new Option<bool>("--restore") { Description = "Changelog records restored a second and core" };
var restart = new Option<bool>("--restart") { Description = "From a start after kill -9 to the first output, with local state in --state-dir" };
var state = new Option<string?>("--state-dir") { Description = "Folder of the local state (default: a temporary one)" };
var root = new RootCommand("The metering benchmark: this project beside Kafka Streams and Flink, on one broker and one topic, in turn.")
{ events, runs, only, broker, latency, rate, seconds, scale, restore, restart, state };
root.SetAction(parsed =>
{
    using var work = new WorkFolder();
    using var kafka = BrokerUnderTest.Start(parsed.GetValue(broker)!, work.Path);
    var setting = new Setting(kafka.Bootstrap, work.Path, parsed.GetValue(events), parsed.GetValue(runs));
    if (parsed.GetValue(latency)) new LatencyRun(setting, parsed.GetValue(rate), parsed.GetValue(seconds)).Execute();
    else if (parsed.GetValue(scale)) new ScaleRun(setting).Execute();
    else if (parsed.GetValue(restore)) new RestoreRun(setting).Execute();
    else if (parsed.GetValue(restart)) new RestartRun(setting, parsed.GetValue(state)).Execute();
    else new MainTable(setting, parsed.GetValue(only)!.Split(',')).Execute();
    return 0;
});
return root.Parse(args).Invoke();

/// <summary>What every measurement needs to know.</summary>
sealed record Setting(string Bootstrap, string Folder, int Events, int Runs);
