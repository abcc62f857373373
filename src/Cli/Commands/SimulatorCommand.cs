using System.CommandLine;
using Streams.Simulators;

namespace Streams.Cli.Commands;

/// <summary><c>streams simulate erp KIND</c>: a simulated account on loopback for drills and tests; <c>streams simulator netsuite</c> is the same for one kind.</summary>
static class SimulatorCommand
{
    /// <summary>Kinds of ERP, and what each is.</summary>
    static readonly (string Kind, string Title)[] Kinds =
    [
        ("netsuite", "a NetSuite account: records with external ids, asynchronous batches, SuiteQL look-up"),
        ("d365fo", "a Dynamics 365 Finance environment: journals and free-text invoices by OData and $batch, data packages, a posting job"),
        ("businesscentral", "a Business Central environment: sales documents, journals, JSON batches, posting by action"),
        ("s4hana", "an S/4HANA Cloud tenant: Journal Entry Post by SOAP, read-back by OData"),
        ("fusion", "an Oracle Fusion pod: receivables by REST, journals by file import"),
    ];

    public static Command Create()
    {
        var netsuite = Netsuite("netsuite", "simulator netsuite");
        return new Command("simulator", "Simulated ERPs for drills and tests.") { netsuite };
    }

    public static Command CreateSimulate()
    {
        var erp = new Command("erp", "Simulate an ERP on loopback. Prints KIND=URL and the credentials when it is ready; truth, faults and periods are under URL/simulator/ (docs/simulators.md).\n\nEXAMPLE\n  streams simulate erp s4hana --port 9098 --journal erp.jsonl --faults-per-mille 50");
        foreach (var (kind, title) in Kinds) erp.Add(kind == "netsuite" ? Netsuite(kind, "simulate erp netsuite") : Other(kind, title));
        return new Command("simulate", "Simulated systems for drills and tests.") { erp };
    }

    sealed class CommonOptions
    {
        public readonly Option<int> Port = new("--port") { Description = "Port on 127.0.0.1 (0: any free one)", DefaultValueFactory = _ => 0 };
        public readonly Option<string> Journal = new("--journal") { Description = "File that keeps what was committed; read back at the next start", Required = true, HelpName = "FILE" };
        public readonly Option<int> Concurrency = new("--concurrency") { Description = "Calls at a time (0: what the vendor states); more are refused, or queued where the vendor queues", DefaultValueFactory = _ => 0 };
        public readonly Option<int?> Requests = new("--requests") { Description = "Requests that any window of --window takes; more are refused" };
        public readonly Option<string?> Window = new("--window") { Description = "Length of the window, as 60s or 5m", HelpName = "TIME" };
        public readonly Option<int> Faults = new("--faults-per-mille", "--faults") { Description = "Share of first postings that meet a fault, in per mille", DefaultValueFactory = _ => 0 };
        public readonly Option<int> Seed = new("--seed") { Description = "Seed of the faults", DefaultValueFactory = _ => 1 };
        public readonly Option<string?> Customers = new("--customers") { Description = "Regular expression for the customers that exist (all when it is not given)", HelpName = "REGEX" };
        public readonly Option<string?> Accounts = new("--accounts") { Description = "Regular expression for the accounts that exist (all when it is not given)", HelpName = "REGEX" };
        public readonly Option<string[]> Closed = new("--closed-period") { Description = "A closed month, as 2026-07; may be given several times", HelpName = "MONTH" };

        public void AddTo(Command command)
        {
            foreach (var option in new Option[] { Port, Journal, Concurrency, Requests, Window, Faults, Seed, Customers, Accounts, Closed }) command.Add(option);
        }

        public SimulatorOptions Read(ParseResult parsed)
        {
            var master = new Dictionary<string, KnownValues>();
            if (parsed.GetValue(Customers) is { } customers) master["customers"] = new KnownValues(Pattern: customers);
            if (parsed.GetValue(Accounts) is { } accounts) master["accounts"] = new KnownValues(Pattern: accounts);
            return new SimulatorOptions
            {
                Port = parsed.GetValue(Port), JournalFile = parsed.GetValue(Journal)!, ConcurrencyLimit = parsed.GetValue(Concurrency), Requests = parsed.GetValue(Requests), Window = Time(parsed.GetValue(Window)),
                FaultPerMille = parsed.GetValue(Faults), Seed = parsed.GetValue(Seed), MasterData = master, ClosedPeriods = (parsed.GetValue(Closed) ?? []).ToHashSet(),
            };
        }
    }

    static Command Netsuite(string name, string example)
    {
        var common = new CommonOptions();
        var key = new Option<string>("--key") { Description = "The integration's private key as PEM; made when the file is missing", HelpName = "FILE", DefaultValueFactory = _ => "netsuite-simulator.pem" };
        var command = new Command(name, $"Simulate {Kinds[0].Title}. Prints netsuite=URL when it is ready.\n\nEXAMPLE\n  streams {example} --port 9099 --journal erp.jsonl --key integration.pem --faults 50") { key };
        common.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var credentials = ErpCredentials.LoadOrCreate(parsed.GetValue(key)!);
            var options = common.Read(parsed) with { Certificates = new Dictionary<string, string> { [ErpCredentials.CertificateId] = credentials.PublicKeyPem } };
            await using var simulator = await NetSuiteSimulator.StartAsync(options, cancel: cancel);
            Console.WriteLine($"netsuite={simulator.Address}");
            Console.WriteLine($"clientId={options.ClientId} certificateId={ErpCredentials.CertificateId} privateKeyFile={parsed.GetValue(key)}");
            await Termination.WaitAsync(cancel);
            return ExitCodes.Done;
        });
        return command;
    }

    static Command Other(string kind, string title)
    {
        var common = new CommonOptions();
        var command = new Command(kind, $"Simulate {title}. Prints {kind}=URL when it is ready.\n\nEXAMPLE\n  streams simulate erp {kind} --port 9098 --journal erp.jsonl --faults-per-mille 50");
        common.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var options = common.Read(parsed);
            await using var simulator = await StartAsync(kind, options, cancel);
            Console.WriteLine($"{kind}={simulator.Address}");
            Console.WriteLine($"clientId={options.ClientId} clientSecret={options.ClientSecret}{TokenAddress(kind, simulator.Address)}");
            await Termination.WaitAsync(cancel);
            return ExitCodes.Done;
        });
        return command;
    }

    static async Task<SimulatedErp> StartAsync(string kind, SimulatorOptions options, CancellationToken cancel) => kind switch
    {
        "d365fo" => await FinanceSimulator.StartAsync(options, cancel: cancel),
        "businesscentral" => await BusinessCentralSimulator.StartAsync(options, cancel: cancel),
        "s4hana" => await SapSimulator.StartAsync(options, cancel: cancel),
        _ => await OracleSimulator.StartAsync(options, cancel: cancel),
    };

    static string TokenAddress(string kind, Uri address) => kind switch
    {
        "d365fo" or "businesscentral" => $" tokenEndpoint={new Uri(address, "/simulated/oauth2/v2.0/token")}",
        "s4hana" => $" tokenEndpoint={new Uri(address, "/sap/bc/sec/oauth2/token")} (or Basic)",
        _ => $" tokenEndpoint={new Uri(address, "/oauth2/v1/token")} (or Basic)",
    };

    static TimeSpan? Time(string? text)
    {
        if (text is null) return null;
        var unit = text.Length > 1 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 } : 0;
        return unit > 0 && int.TryParse(text[..^1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var count) && count > 0
            ? TimeSpan.FromSeconds((long)count * unit) : throw new CommandException(ExitCodes.WrongUsage, $"--window {text}: expected a time such as 60s or 5m");
    }
}
