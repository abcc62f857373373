using System.Diagnostics;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.Simulators;

namespace Streams.Perf.Erp;

/// <summary>A simulated NetSuite account in a process of its own, so that its CPU time is told apart.</summary>
sealed class NetSuiteProcess : IAsyncDisposable
{
    /// <summary>The part of this program that is the simulator.</summary>
    public const string Part = "netsuite-simulator";

    static readonly TokenBasedKeys Keys = new("consumer", "consumer-secret", "token", "token-secret");
    static readonly SimulatorOptions Fast = new() { JournalFile = "", Latency = TimeSpan.Zero, ConcurrencyLimit = 100 };

    readonly Process _process;
    readonly Uri _address;

    NetSuiteProcess(Process process, Uri address) => (_process, _address) = (process, address);

    public int Id => _process.Id;

    public static async Task<NetSuiteProcess> StartAsync()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var argument in new[] { typeof(NetSuiteProcess).Assembly.Location, "--only", Part }) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the simulator did not start");
        return new(process, new Uri(line));
    }

    /// <summary>Is the simulator until its standard input ends.</summary>
    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("streams-perf-");
        try
        {
            await using var simulator = await NetSuiteSimulator.StartAsync(Fast with { JournalFile = Path.Combine(folder.FullName, "journal.jsonl") }, new NetSuiteSetup { TokenBased = Keys });
            Console.WriteLine(simulator.Address);
            await Console.In.ReadToEndAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public IErpConnector Connect(HttpMessageHandler handler) => new NetSuiteConnector(new NetSuiteOptions
    {
        Account = "1234567", BaseAddress = _address, BatchSize = NetSuiteOptions.MaxBatch, Token = new NetSuiteToken("consumer", "consumer-secret", "token", "token-secret"),
    }, handler, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
