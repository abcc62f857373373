using System.CommandLine;
using System.Text.Json;
using Streams.Aggregators.Metering;

namespace Streams.Cli.Commands;

/// <summary><c>streams bench metering</c>: the metering job alone, measured.</summary>
static class BenchCommand
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create()
    {
        var bootstrap = SharedOptions.BootstrapServer();
        var input = new Option<string>("--input") { Description = "Topic of usage events", Required = true, HelpName = "TOPIC" };
        var result = new Option<string>("--output") { Description = "Topic of rated windows; made when it is missing, a new one for each run", Required = true, HelpName = "TOPIC" };
        var plan = new Option<string>("--plan") { Description = "Prices by meter as JSON", Required = true, HelpName = "FILE" };
        var threads = new Option<int>("--threads") { Description = "Stream threads", DefaultValueFactory = _ => 1 };
        var commit = new Option<int>("--commit-ms") { Description = "Commit interval", DefaultValueFactory = _ => 100, HelpName = "MS" };
        var until = new Option<MeteringBenchmarkEnd>("--until") { Description = "When to end: all of the input is processed and committed, state is restored, or on SIGTERM", DefaultValueFactory = _ => MeteringBenchmarkEnd.Processed };
        var state = new Option<string?>("--state-dir") { Description = "Folder of local state (default: none, all is restored from the changelogs)", HelpName = "DIR" };
        var id = new Option<string?>("--id") { Description = "Application id (default: follows from the output topic)" };
        var metering = new Command("metering", "Meter and rate everything in a topic, exactly once, and print the figures as one line of JSON.\n\nEXAMPLE\n  streams bench metering --bootstrap-server 127.0.0.1:9092 --input usage --output rated-1 --plan perf/plan.json") { bootstrap, input, result, plan, threads, commit, until, state, id };
        metering.SetAction(async (parsed, cancel) =>
        {
            var figures = await MeteringBenchmark.RunAsync(new MeteringBenchmarkOptions
            {
                BootstrapServers = parsed.GetValue(bootstrap) ?? throw new CommandException(ExitCodes.WrongUsage, "--bootstrap-server is needed: which Kafka?"),
                Input = parsed.GetValue(input)!, Output = parsed.GetValue(result)!, PlanFile = parsed.GetValue(plan)!,
                Threads = parsed.GetValue(threads), Id = parsed.GetValue(id),
                CommitInterval = TimeSpan.FromMilliseconds(parsed.GetValue(commit)), Until = parsed.GetValue(until), StateDir = parsed.GetValue(state),
            }, cancel);
            Console.WriteLine(JsonSerializer.Serialize(figures, Json));
            return ExitCodes.Done;
        });
        return new Command("bench", "Measurements.") { metering };
    }
}
