using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Streams.Cli.Roles;
using Streams.ErpSink.People.Http;
using Streams.Simulators;

namespace Streams.Cli.Demo;

/// <summary>The demo's files as an operator would write them: configuration, routes, rules for people, secrets, and one to source before its commands are typed.</summary>
sealed class DemoFiles(string folder)
{
    /// <summary>Who looks after exceptions in the demo.</summary>
    const string Person = "ann";

    readonly string _key = "sk_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>The configuration with the two ERP accounts.</summary>
    public string Configuration => In("streams.json");

    /// <summary>Sourced by a shell, it makes the commands find the sink and the ledger and carry the person's key.</summary>
    public string Shell => In("env");

    /// <summary>What it sets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; private set; } = new Dictionary<string, string>();

    public string In(string name) => Path.Combine(folder, name);

    public async Task<RoleSettings> WriteAsync(ErpCredentials credentials, SimulatedErp netSuite, SimulatedErp sap, CancellationToken cancel)
    {
        await WriteAsync("integration.pem", credentials.PrivateKeyPem, cancel);
        await WriteAsync("s4hana.password", DemoErp.Password, cancel);
        await WriteAsync("routes.json", $$"""{"routes":[{"account":"europe","legalEntities":["{{DemoErp.Europe}}"]},{"account":"america"}]}""", cancel);
        await WriteAsync("people-rules.json", """
            {"owners": [{"owner": "ar-team", "dueHours": 24, "reason": "The ERP refuses the document: put right what it names, then retry"}],
             "actions": [{"actions": ["retry"], "above": {"*": "100000"}, "approvers": 1}]}
            """, cancel);
        await WriteAsync("streams.json", Text(netSuite.Address, sap.Address), cancel);
        return RoleSettings.Load(Configuration);
    }

    /// <summary>Writes what a shell needs, once addresses are known.</summary>
    public Task WriteShellAsync(string url, string postgres, CancellationToken cancel)
    {
        Environment = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["STREAMS_URL"] = url, ["STREAMS_KEY"] = _key, ["STREAMS_POSTGRES"] = postgres };
        return WriteAsync("env", string.Concat(Environment.Select(v => $"export {v.Key}='{v.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'\n")), cancel);
    }

    string Text(Uri netSuite, Uri sap) => new JsonObject
    {
        ["tenant"] = "demo",
        ["posting"] = JsonSerializer.SerializeToNode(DemoErp.Posting, new JsonSerializerOptions(JsonSerializerDefaults.Web) { IgnoreReadOnlyProperties = true, Converters = { new JsonStringEnumConverter() } }),
        ["erpAccounts"] = new JsonArray(
            new JsonObject
            {
                ["erp"] = "netsuite", ["account"] = "1234567", ["name"] = "america", ["baseAddress"] = netSuite.ToString(), ["quota"] = new JsonObject { ["concurrency"] = DemoErp.Concurrency },
                ["login"] = new JsonObject { ["clientId"] = "streams-integration", ["certificateId"] = ErpCredentials.CertificateId, ["privateKeyFile"] = In("integration.pem") },
            },
            new JsonObject
            {
                ["erp"] = "s4hana", ["account"] = "my300000", ["name"] = "europe", ["baseAddress"] = sap.ToString(), ["quota"] = new JsonObject { ["concurrency"] = DemoErp.Concurrency }, ["batchSize"] = 10,
                ["login"] = new JsonObject { ["user"] = "streams-integration", ["passwordFile"] = In("s4hana.password") },
            }),
        ["routesFile"] = In("routes.json"),
        ["people"] = new JsonObject
        {
            ["rulesFile"] = In("people-rules.json"),
            ["keys"] = new JsonArray(new JsonObject
            {
                ["name"] = $"{Person}-demo", ["owner"] = Person, ["sha256"] = PeopleKey.Hash(_key), ["scopes"] = new JsonArray(PeopleScopes.WorkRead, PeopleScopes.WorkWrite),
            }),
        },
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    async Task WriteAsync(string name, string text, CancellationToken cancel)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(In(name), options);
        await writer.WriteAsync(text.AsMemory(), cancel);
    }
}
