using System.CommandLine;
using Streams.ErpSink.Simulator;

namespace Streams.Cli.Commands;

/// <summary><c>streams simulator netsuite</c>: a simulated account on loopback for drills and tests.</summary>
static class SimulatorCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1 (0: any free one)", DefaultValueFactory = _ => 0 };
        var journal = new Option<string>("--journal") { Description = "File that keeps what was committed; read back at the next start", Required = true, HelpName = "FILE" };
        var key = new Option<string>("--key") { Description = "The integration's private key as PEM; made when the file is missing", Required = true, HelpName = "FILE" };
        var concurrency = new Option<int>("--concurrency") { Description = "Calls at a time; more are refused with 429", DefaultValueFactory = _ => 5 };
        var faults = new Option<int>("--faults") { Description = "Share of first postings that meet a fault, in per mille", DefaultValueFactory = _ => 0 };
        var seed = new Option<int>("--seed") { Description = "Seed of the faults", DefaultValueFactory = _ => 1 };
        var netsuite = new Command("netsuite", "Simulate a NetSuite account: token endpoint, invoices and journal entries with external ids, faults. Prints netsuite=URL when it is ready.\n\nEXAMPLE\n  streams simulator netsuite --port 9099 --journal erp.jsonl --key integration.pem --faults 50") { port, journal, key, concurrency, faults, seed };
        netsuite.SetAction(async (parsed, cancel) =>
        {
            var credentials = ErpCredentials.LoadOrCreate(parsed.GetValue(key)!);
            await using var simulator = await NetSuiteSimulator.StartAsync(new SimulatorOptions
            {
                Port = parsed.GetValue(port),
                JournalFile = parsed.GetValue(journal)!,
                Certificates = new Dictionary<string, string> { [ErpCredentials.CertificateId] = credentials.PublicKeyPem },
                ConcurrencyLimit = parsed.GetValue(concurrency),
                FaultPerMille = parsed.GetValue(faults),
                Seed = parsed.GetValue(seed),
            }, cancel: cancel);
            Console.WriteLine($"netsuite={simulator.Address}");
            await Termination.WaitAsync(cancel);
            return ExitCodes.Done;
        });
        return new Command("simulator", "Simulated ERPs for drills and tests.") { netsuite };
    }
}
