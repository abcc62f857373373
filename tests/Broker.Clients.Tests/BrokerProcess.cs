using System.Diagnostics;

namespace Streams.Broker.Clients.Tests;

/// <summary>
/// The broker that the clients talk to: the process that <c>./streams broker</c> starts. STREAMS_CLIENTS_BROKER names another one: <c>kafka</c> for
/// Apache Kafka, where a failure is the test's own fault, or the path of another build's streams.dll.
/// </summary>
sealed class BrokerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clients-");
    private readonly List<string> _log = [];
    private RealKafka? _kafka;
    private Process? _process;

    private static readonly string? Chosen = Environment.GetEnvironmentVariable("STREAMS_CLIENTS_BROKER");

    public static bool IsApacheKafka { get; } = Chosen == "kafka";

    public static string Name => IsApacheKafka ? "Apache Kafka" : "the embedded broker";

    public string BootstrapServers { get; private set; } = "";

    /// <summary>Where the embedded broker keeps its files; empty for Apache Kafka.</summary>
    public string DataDirectory => IsApacheKafka ? "" : _folder.FullName;

    public async Task StartAsync()
    {
        if (IsApacheKafka)
        {
            _kafka = new RealKafka();
            await _kafka.InitializeAsync();
            BootstrapServers = _kafka.BootstrapServers ?? throw new InvalidOperationException(_kafka.Missing);
            return;
        }
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var program = Chosen ?? Path.Combine(Checkout.Root, "src", "Cli", "bin", configuration, "net10.0", "streams.dll");
        _process = Program.Start("dotnet", [program, "broker", "--port", "0", "--data", _folder.FullName]);
        _process.ErrorDataReceived += (_, e) => { if (e.Data is not null) lock (_log) _log.Add(e.Data); };
        _process.BeginErrorReadLine();
        var line = await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        BootstrapServers = line is not null && line.StartsWith("bootstrap=", StringComparison.Ordinal) ? line["bootstrap=".Length..]
            : throw new InvalidOperationException($"the broker printed {line ?? "nothing"}: {Log}");
    }

    /// <summary>Ends the broker; the embedded one by SIGTERM, upon which it must end with 0.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_kafka is not null) await _kafka.DisposeAsync();
        if (_process is not null)
        {
            await Program.SignalAsync(_process, "TERM");
            await _process.WaitForExitAsync().WaitAsync(Patience);
            var code = _process.ExitCode;
            _process.Dispose();
            if (code != 0) throw new InvalidOperationException($"the broker ended with {code}: {Log}");
        }
        _folder.Delete(recursive: true);
    }

    private string Log
    {
        get { lock (_log) return string.Join('\n', _log.TakeLast(20)); }
    }
}
