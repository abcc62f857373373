using System.CommandLine;
using Confluent.Kafka;
using Npgsql;
using Spectre.Console;

namespace Streams.Cli.Commands;

/// <summary><c>streams doctor</c>: is everything there that the product needs, and does it answer?</summary>
static class DoctorCommand
{
    sealed record Finding(string What, bool Good, string Detail);

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var bootstrap = SharedOptions.BootstrapServer();
        var registry = SharedOptions.Registry();
        var settings = SharedOptions.ClientSettings();
        var postgres = SharedOptions.Postgres();
        var command = new Command("doctor", "Check this machine and, where given, Kafka, the registry and PostgreSQL. Exit code 1 when something is wrong.\n\nEXAMPLE\n  streams doctor --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081") { bootstrap, registry, settings, postgres };
        command.SetAction(async (parsed, cancel) =>
        {
            List<Finding> findings = [new(".NET", Environment.Version.Major >= 10, Environment.Version.ToString()), new("librdkafka", Library.Version >= 0x020d0000, Library.VersionString)];
            if (parsed.GetValue(postgres) is { Length: > 0 } ledger) findings.Add(await PostgresAsync(ledger, cancel));
            if (parsed.GetValue(bootstrap) is not null) findings.AddRange(Kafka(parsed.Kafka(bootstrap, registry, settings)));
            if (parsed.GetValue(registry) is { } url) findings.Add(await RegistryAsync(url, cancel));
            Print(findings);
            return findings.TrueForAll(f => f.Good) ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    static void Print(List<Finding> findings)
    {
        var table = new Table().AddColumns("", "what", "found");
        foreach (var f in findings) table.AddRow(f.Good ? "ok" : "WRONG", Markup.Escape(f.What), Markup.Escape(f.Detail));
        AnsiConsole.Write(table);
    }

    static async Task<Finding> PostgresAsync(string connection, CancellationToken cancel)
    {
        try
        {
            await using var source = NpgsqlDataSource.Create(connection);
            await using var command = source.CreateCommand("SELECT current_setting('server_version') || ', fsync ' || current_setting('fsync')");
            return new("PostgreSQL", true, (string)(await command.ExecuteScalarAsync(cancel))!);
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or TimeoutException)
        {
            return new("PostgreSQL", false, e.Message);
        }
    }

    static List<Finding> Kafka(KafkaSettings kafka)
    {
        var findings = new List<Finding>();
        try
        {
            using var admin = new AdminClientBuilder(kafka.ToClientConfig()).SetLogHandler((_, _) => { }).Build();
            var metadata = admin.GetMetadata(Patience);
            findings.Add(new("Kafka", true, $"{metadata.Brokers.Count} broker(s) at {kafka.BootstrapServers}"));
            var there = metadata.Topics.Select(t => t.Topic).ToHashSet(StringComparer.Ordinal);
            var missing = TopicProvisioner.Catalogue(1).Select(t => t.Name).Where(t => !there.Contains(t)).ToList();
            findings.Add(new("Topics", missing.Count == 0, missing.Count == 0 ? "all there" : $"missing: {string.Join(", ", missing)} (./streams topics create)"));
        }
        catch (KafkaException e)
        {
            findings.Add(new("Kafka", false, $"{kafka.BootstrapServers}: {e.Error.Reason}"));
        }
        return findings;
    }

    static async Task<Finding> RegistryAsync(string url, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = Patience };
        try
        {
            var subjects = await http.GetStringAsync($"{url.TrimEnd('/')}/subjects", cancel);
            return new("Schema registry", true, $"{url}, subjects {(subjects.Length > 100 ? subjects[..100] + "…" : subjects)}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or UriFormatException or InvalidOperationException)
        {
            return new("Schema registry", false, $"{url}: {e.Message}");
        }
    }
}
