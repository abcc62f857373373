using System.CommandLine;
using Streams.Cli.Roles;

namespace Streams.Cli.Commands;

/// <summary><c>streams up</c>: one process with the roles that are asked for.</summary>
static class UpCommand
{
    public static Command Create()
    {
        var roles = new Option<string>("--roles") { Description = "ingest, aggregators, erp-sink, console; separated by commas", DefaultValueFactory = _ => "ingest,aggregators,erp-sink,console" };
        var config = new Option<string?>("--config") { Description = "Configuration file; see docs/configuration.md", HelpName = "FILE" };
        var url = new Option<string?>("--url") { Description = "Where HTTP is served; overrides the file" };
        var bootstrap = SharedOptions.BootstrapServer();
        var registry = SharedOptions.Registry();
        var settings = SharedOptions.ClientSettings();
        var postgres = SharedOptions.Postgres();
        var command = new Command("up", "Run roles of the product against Kafka until Ctrl-C or SIGTERM. Prints ready=URL when HTTP is served.\n\nEXAMPLE\n  streams up --roles ingest,aggregators --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081 --config streams.json")
            { roles, config, url, bootstrap, registry, settings, postgres };
        command.SetAction(async (parsed, cancel) =>
        {
            var file = RoleSettings.Load(parsed.GetValue(config));
            if (parsed.GetValue(url) is { } address) file = file with { Url = address };
            await using var app = RoleHost.Build(Parse(parsed.GetValue(roles)!), parsed.Kafka(bootstrap, registry, settings), parsed.GetValue(postgres), file);
            await app.StartAsync(cancel);
            Console.WriteLine($"ready={app.Urls.First()}");
            await app.WaitForShutdownAsync(cancel);
            // The host stops when a role fails, and says why in the log; whoever supervises the process must see it too.
            return app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Any(s => s.ExecuteTask is { IsFaulted: true }) ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }

    static Role Parse(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Aggregate(Role.None, (all, name) => all | name switch
    {
        "ingest" => Role.Ingest,
        "aggregators" => Role.Aggregators,
        "erp-sink" => Role.ErpSink,
        "console" => Role.Console,
        _ => throw new CommandException(ExitCodes.WrongUsage, $"--roles: '{name}' is not one of ingest, aggregators, erp-sink, console"),
    });
}
