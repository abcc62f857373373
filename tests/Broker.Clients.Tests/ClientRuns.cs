namespace Streams.Broker.Clients.Tests;

/// <summary>All clients, run once against one broker, a few at a time; each test waits for the cells that it is about.</summary>
public sealed class ClientRuns : IAsyncLifetime
{
    private readonly BrokerProcess _broker = new();
    private readonly Dictionary<string, Task<IReadOnlyDictionary<string, Cell>>> _runs = [];
    private readonly SemaphoreSlim _places = new(3);

    public async Task InitializeAsync()
    {
        await _broker.StartAsync();
        var index = 0;
        foreach (var client in ClientList.Chosen.Where(c => c.Missing is null)) _runs[client.Name] = RunAsync(client, $"c{index++}");
    }

    internal async Task<Cell> CellAsync(string client, string feature) => (await _runs[client]).GetValueOrDefault(feature) ?? Cell.Absent("not tried");

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_runs.Values);
        await _broker.DisposeAsync();
        _places.Dispose();
    }

    private async Task<IReadOnlyDictionary<string, Cell>> RunAsync(Client client, string prefix)
    {
        await _places.WaitAsync();
        try
        {
            return await Task.Run(() => client.RunAsync(new Target(_broker.BootstrapServers, _broker.DataDirectory, prefix)));
        }
        finally
        {
            _places.Release();
        }
    }
}
