using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using Streams.Cli;
using Streams.Cli.Demo;
using Streams.Ingest.Files;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.EndToEnd.Tests;

/// <summary>The exception that the demo raises: seen, fixed and retried by the commands that it prints, whether it runs them itself or a shell does.</summary>
public sealed class DemoTests
{
    static readonly DemoOptions Small = new(3000, 12, 5, null, null, ImportFormat.Csv);

    [Fact]
    public async Task The_demo_puts_its_exception_right_with_the_commands_that_it_prints()
    {
        await using var plant = await DemoPlant.StartAsync(null, await PostgresServer.Shared.Value, "http://127.0.0.1:0", default);
        var report = await new DemoRun(plant, Small, (_, _) => { }).RunAsync(default);

        var exception = report.Exception!;
        Assert.Equal(("ar-team", "cust-0007", "europe"), (exception.Owner, exception.Customer, exception.Account));
        Assert.Contains("Customer cust-0007 is not defined", exception.Detail, StringComparison.Ordinal);
        Assert.InRange(exception.DueAt!.Value, DateTime.UtcNow.AddHours(23), DateTime.UtcNow.AddHours(25));
        Assert.Equal(["list", "show", "retry", "reconcile"], exception.Commands.Select(c => c.Line.Split(' ')).Where(w => w[0] == "./streams").Select(w => w[2]));
        Assert.All(exception.Commands.Skip(1), c => Assert.Equal(0, c.ExitCode));
        Assert.Contains(exception.Document, exception.Commands[1].Output, StringComparison.Ordinal);
        Assert.EndsWith("no differences", exception.Commands[^1].Output, StringComparison.Ordinal);
        Assert.Equal(["confirmed"], report.Documents.Keys);
        Assert.True(report.Reconciled, string.Join('\n', report.Reconciliation));
        Assert.Contains(plant.Committed, r => r.Key == exception.Document);
        AssertThreeWay(plant);
    }

    [SkippableFact]
    public async Task Left_to_a_person_the_printed_commands_do_it_in_a_shell()
    {
        Skip.If(!Tier.IsFull, "in the full tier");
        Skip.If(Missing("bash", "curl") is not null, Missing("bash", "curl"));
        await using var plant = await DemoPlant.StartAsync(null, await PostgresServer.Shared.Value, "http://127.0.0.1:0", default);
        var report = await new DemoRun(plant, Small with { ByHand = true }, (_, _) => { }).RunAsync(default);

        var exception = report.Exception!;
        Assert.Equal(1, report.Documents["refused"]);
        Assert.True(report.Reconciled, string.Join('\n', report.Reconciliation));
        Assert.All(exception.Commands, c => Assert.Null(c.ExitCode));
        var lines = exception.Commands.Select(c => c.Line.Replace("./streams", $"dotnet {Path.Combine(AppContext.BaseDirectory, "streams.dll")}", StringComparison.Ordinal)).ToList();
        var (seen, said) = Run("bash", "-ec", string.Join('\n', lines[..^1]));
        Assert.True(seen == 0 && said.Contains("retry, executed, 1 documents", StringComparison.Ordinal), said);
        await PostedAsync(plant, exception.Document);
        var (reconciled, told) = Run("bash", "-ec", $"{lines[0]}\n{lines[^1]}");
        Assert.True(reconciled == 0 && told.Contains("no differences", StringComparison.Ordinal), told);
        AssertThreeWay(plant);
    }

    static async Task PostedAsync(DemoPlant plant, string document)
    {
        await using var ledger = NpgsqlDataSource.Create(plant.Postgres);
        await using var state = ledger.CreateCommand($"select state from erp.posting where document_key = '{document}'");
        for (var waited = Stopwatch.StartNew(); (string)(await state.ExecuteScalarAsync())! != "confirmed"; await Task.Delay(50))
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(1), "the document was not posted");
    }

    /// <summary>The checker from outside proves the same, where its tools are installed.</summary>
    static void AssertThreeWay(DemoPlant plant)
    {
        if (ThreeWayChecker.Missing is not null) return;
        var (names, documents) = (plant.Files.In("names.json"), plant.Files.In("documents.jsonl"));
        var parties = DemoContracts.ForTelemetry(new TelemetryGenerator(Small.Seed, Small.Events, Small.Customers).ContractedCustomers)["customers"]!.AsArray()
            .ToDictionary(c => (string)c!["erpIds"]!["netsuite"]!, c => (string)c!["id"]!);
        File.WriteAllText(names, JsonSerializer.Serialize(new { currency = new Dictionary<string, string> { ["1"] = "USD" }, party = parties }));
        File.WriteAllLines(documents, TopicReader.ReadAll(plant.Kafka.ToClientConfig(), Topics.ErpDocuments)
            .Select(r => JsonSerializer.Serialize(new { partition = r.Partition.Value, offset = r.Offset.Value, value = Convert.ToBase64String(r.Message.Value) })));
        var (code, output) = ThreeWayChecker.Run("--journal", $"america={plant.JournalOf("america")}", "--journal", $"europe={plant.JournalOf("europe")}",
            "--names", $"america={names}", "--postgres", plant.Postgres, "--documents", documents, "--settled");
        Assert.True(code == 0 && output.Contains(": 0 faults", StringComparison.Ordinal), output);
    }

    static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (process.WaitForExit(TimeSpan.FromMinutes(2))) return (process.ExitCode, output + error.GetAwaiter().GetResult());
        process.Kill();
        throw new TimeoutException($"{program} does not end");
    }

    static string? Missing(params string[] programs) =>
        programs.FirstOrDefault(p => Checkout.Program(p) is null) is { } program ? $"{program} is not installed" : null;
}
