using System.Diagnostics;
using Streams.Testing;

namespace Streams.Cli.Tests;

/// <summary>The command as a process: what it prints where, and what it ends with.</summary>
public sealed class CommandTests
{
    [Theory]
    [InlineData("")]
    [InlineData("demo")]
    [InlineData("up")]
    [InlineData("broker")]
    [InlineData("registry")]
    [InlineData("import csv")]
    [InlineData("contracts load")]
    [InlineData("periods close")]
    [InlineData("rate")]
    [InlineData("rate explain")]
    [InlineData("rate verify")]
    [InlineData("rate shadow")]
    [InlineData("lineage")]
    [InlineData("meters preview")]
    [InlineData("replay plan")]
    [InlineData("replay execute")]
    [InlineData("erp reconcile")]
    [InlineData("erp sign-off")]
    [InlineData("bench metering")]
    [InlineData("topics create")]
    [InlineData("schemas register")]
    [InlineData("simulator netsuite")]
    [InlineData("simulate erp netsuite")]
    [InlineData("simulate erp d365fo")]
    [InlineData("simulate erp businesscentral")]
    [InlineData("simulate erp s4hana")]
    [InlineData("simulate erp fusion")]
    [InlineData("doctor")]
    [InlineData("work")]
    [InlineData("work retry")]
    [InlineData("work release")]
    [InlineData("work reverse")]
    [InlineData("work document")]
    [InlineData("approvals")]
    [InlineData("approvals approve")]
    [InlineData("audit verify")]
    [InlineData("audit export")]
    [InlineData("rate preview")]
    public void Help_shows_usage_and_an_example(string command)
    {
        var (code, output, _) = Run($"{command} --help".Trim());

        Assert.Equal(0, code);
        Assert.Contains("Usage:", output);
        Assert.Contains("EXAMPLE", output);
    }

    [Theory]
    [InlineData("no-such-command", "no-such-command")]
    [InlineData("broker", "--data")]
    [InlineData("rate verify --bootstrap-server 127.0.0.1:1", "--document")]
    [InlineData("rate shadow --from 2026-01-01 --to 2026-02-01 --bootstrap-server 127.0.0.1:1", "--price-book")]
    [InlineData("lineage x", "--bootstrap-server")]
    [InlineData("rate explain --line 1", "--bootstrap-server")]
    [InlineData("topics create", "--bootstrap-server")]
    [InlineData("up --bootstrap-server 127.0.0.1:1 --registry http://127.0.0.1:1 --roles cook", "cook")]
    [InlineData("topics create --bootstrap-server 127.0.0.1:1 -X novalue", "novalue")]
    [InlineData("rate preview", "--contract")]
    [InlineData("rate preview --contract x --url here", "--url")]
    [InlineData("contracts check /no/such/file.json", "/no/such")]
    public void Wrong_usage_ends_with_2_and_says_what_is_wrong_on_stderr(string command, string named)
    {
        var (code, output, error) = Run(command);

        Assert.Equal(2, code);
        Assert.Contains(named, error);
        Assert.Empty(output);
    }

    [Fact]
    public void The_documented_contracts_have_no_faults()
    {
        var (code, output, _) = Run($"contracts check {Path.Combine(Checkout.Root, "docs", "contracts", "example.json")}");

        Assert.Equal(0, code);
        Assert.Contains("no faults", output);
    }

    [Fact]
    public void A_faulty_contract_file_names_every_fault()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """
                {"priceBooks": [{"id": "p", "currency": "usd", "versions": []},
                  {"id": "q", "currency": "USD", "versions": [{"version": 1, "from": "2026-01-01", "charges": [
                    {"kind": "usage", "id": "a", "product": "p", "meter": "no.meter", "price": {"model": "perUnit", "unitPrice": "1"}}]}]},
                  {"id": "r", "currency": "USD", "versions": [{"version": 1, "from": "2026-01-01", "charges": [
                    {"kind": "usage", "id": "a", "product": "p", "meter": "m", "price": {"model": "perUnit", "unitPrice": "-1"}}]}]}]}
                """);
            var (code, _, error) = Run($"contracts check {file}");
            Assert.Equal(2, code);
            Assert.Contains("CURRENCY_INVALID", error);
            Assert.Contains("PRICE_NEGATIVE", error);
            Assert.Contains("METER_UNKNOWN", error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_topology_is_described_in_Kafka_Streams_text_form()
    {
        var (code, output, _) = Run("topology describe");

        Assert.Equal(0, code);
        Assert.Contains("Sub-topology: 0", output);
        Assert.Contains("usage.events", output);
    }

    [Theory]
    [InlineData("table", "Invoice acme-2026/0000/period", "tier 2, above 1000", "117.50")]
    [InlineData("json", "\"sha256\"", "\"unrated\": []", "\"total\": \"117.5\"")]
    [InlineData("csv", "document,customer,payer,currency,row", "usage,requests,api", "total,,,,,,,,,117.5")]
    public void Usage_is_rated_offline(string output, params string[] wanted)
    {
        var folder = Path.Combine(Checkout.Root, "docs", "contracts");
        var (code, printed, error) = Run($"rate --contract {folder}/graduated.json --usage {folder}/graduated.usage.json --output {output}");
        Assert.Equal((0, ""), (code, error));
        Assert.All(wanted, w => Assert.Contains(w, printed));
    }

    [Fact]
    public void A_line_is_explained_step_by_step()
    {
        var folder = Path.Combine(Checkout.Root, "docs", "contracts");
        var (code, printed, _) = Run($"rate explain --contract {folder}/graduated.json --usage {folder}/graduated.usage.json --line 1");
        Assert.Equal(0, code);
        Assert.Contains("tier 3, above 10000: 2000 × 0.0075 = 15", printed);
        Assert.Equal(4, Run($"rate explain --contract {folder}/graduated.json --usage {folder}/graduated.usage.json --line 2").Code);
    }

    [Fact]
    public void Faults_of_usage_name_entry_and_field_and_nothing_is_rated()
    {
        var folder = Path.Combine(Checkout.Root, "docs", "contracts");
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """
                {"meter": "api.requests", "at": "2026-01-32", "quantity": "1"}
                {"meter": "api.requests", "at": "2026-01-02", "quantity": "one", "colour": "red"}
                """);
            var (code, printed, error) = Run($"rate --contract {folder}/graduated.json --usage {file}");
            Assert.Equal((2, ""), (code, printed));
            Assert.Contains("line 1.at:", error);
            Assert.Contains("line 2.quantity:", error);
            Assert.Contains("line 2.colour: is not a known property", error);
            File.WriteAllText(file, """{"meter": "no.meter", "at": "2026-01-02", "quantity": "1"}""");
            Assert.Contains("$.meter: there is no meter 'no.meter'", Run($"rate --contract {folder}/graduated.json --usage {file}").Error);
            File.WriteAllText(file, """[{"meter": "api.requests", "at": "2025-01-02", "quantity": "1"}, {"meter": "api.requests", "at": "2026-01-02", "quantity": "1"}]""");
            (code, printed, error) = Run($"rate --contract {folder}/graduated.json --usage {file}");
            Assert.Equal(5, code);
            Assert.Contains("not rated: 1 of meter 'api.requests', first at $[0] (NO_CONTRACT)", error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    static (int Code, string Output, string Error) Run(string command)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "streams.dll"));
        foreach (var word in command.Split(' ', StringSplitOptions.RemoveEmptyEntries)) start.ArgumentList.Add(word);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)), $"'{command}' did not end");
        return (process.ExitCode, output, error.Result);
    }
}
