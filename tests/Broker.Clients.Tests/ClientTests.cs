using System.Text;
using Xunit.Abstractions;

namespace Streams.Broker.Clients.Tests;

/// <summary>The clients that users have, against the broker as they start it. One test for each client and feature, and one that prints the table.</summary>
public sealed class ClientTests(ClientRuns runs, ITestOutputHelper output) : IClassFixture<ClientRuns>
{
    private const string Everything = "everything";

    /// <summary>A row for each client and feature; a single one, to be skipped, for a client that is not installed.</summary>
    public static TheoryData<string, string> Cells
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var client in ClientList.Chosen)
            {
                foreach (var feature in client.Missing is null ? client.Features : [Everything]) data.Add(client.Name, feature);
            }
            return data;
        }
    }

    [SkippableTheory, MemberData(nameof(Cells))]
    public async Task A_client_does_with_the_broker_what_it_can(string client, string feature)
    {
        var missing = ClientList.Chosen.Single(c => c.Name == client).Missing;
        Skip.If(missing is not null, missing);
        var cell = await runs.CellAsync(client, feature);
        Skip.If(cell.Outcome == Outcome.Absent, cell.Text);
        Assert.True(cell.Outcome == Outcome.Ok, cell.Text);
    }

    [Fact]
    public async Task The_table_of_clients_and_features_is_green()
    {
        var clients = ClientList.Chosen.Where(c => c.Missing is null).ToList();
        var table = new StringBuilder($"# Clients and features, against {BrokerProcess.Name}\n\n");
        var failures = new List<string>();
        foreach (var features in clients.Select(c => c.Features.All(Feature.All.Contains)).Distinct())
        {
            await AppendAsync(table, [.. clients.Where(c => c.Features.All(Feature.All.Contains) == features)], failures);
        }
        var path = Path.Combine(AppContext.BaseDirectory, "TestResults", BrokerProcess.IsApacheKafka ? "clients-on-kafka.md" : "clients.md");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, table.ToString());
        output.WriteLine(table.ToString());
        output.WriteLine($"written to {path}");
        Assert.True(failures.Count == 0, $"{failures.Count} cells failed:\n{string.Join('\n', failures)}");
    }

    private async Task AppendAsync(StringBuilder table, List<Client> clients, List<string> failures)
    {
        var absent = new SortedSet<string>(StringComparer.Ordinal);
        table.Append("| |").AppendJoin("|", clients.Select(c => $" {c.Name} ")).Append("|\n|---|").Append(string.Concat(clients.Select(_ => "---|"))).Append('\n');
        foreach (var feature in clients.SelectMany(c => c.Features).Distinct().OrderBy(f => Feature.All.ToList().IndexOf(f)))
        {
            table.Append($"| {feature} |");
            foreach (var client in clients)
            {
                var cell = await runs.CellAsync(client.Name, feature);
                table.Append($" {cell.InTable} |");
                if (cell.Outcome == Outcome.Failed) failures.Add($"{client.Name}: {feature}: {cell.Text}");
                if (cell.Outcome == Outcome.Absent) absent.Add($"- {client.Name}: {feature}: {cell.Text}");
            }
            table.Append('\n');
        }
        table.Append($"\n{string.Join('\n', absent)}\n\n");
    }
}
