using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Npgsql;
using Streams.Cli.Roles;
using Streams.ErpSink.BusinessCentral;
using Streams.ErpSink.Dynamics;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.OData;
using Streams.ErpSink.OracleFusion;
using Streams.ErpSink.Posting;
using Streams.ErpSink.S4Hana;
using Streams.Schemas;

namespace Streams.Cli.Commands.Erp;

/// <summary><c>streams erp map</c>: what would be sent for a document, without a call.</summary>
static class ErpMapCommand
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper), new InstantConverter() },
    };

    public static Command Create()
    {
        var erp = new Option<string>("--erp") { Description = $"Kind of ERP: {string.Join(", ", ErpAccountSettings.Shapes.Keys)}", Required = true };
        erp.AcceptOnlyFromAmong([.. ErpAccountSettings.Shapes.Keys]);
        var mapping = new Option<string?>("--mapping") { Description = "Mapping file; without it the one built in", HelpName = "FILE" };
        var document = new Option<string?>("--document") { Description = "Key of a document in the ledger", HelpName = "KEY" };
        var file = new Option<string?>("--file") { Description = "A document as JSON, in the schema's words", HelpName = "FILE" };
        var sample = new Option<DocumentKind?>("--sample") { Description = "A made-up document of this kind: ArInvoice, CreditMemo, GlJournal or Receipt" };
        var asDocument = new Option<bool>("--print-document") { Description = "Print the document itself as JSON instead, to edit it and give it back by --file" };
        var postgres = SharedOptions.Postgres();
        var command = new Command("map", "Print what would be sent to an ERP for a document, or everything that its mapping lacks. No call is made.\n\nEXAMPLES\n  streams erp map --erp s4hana --document 1GZ7Q0M4T2XV8K3D\n  streams erp map --erp netsuite --sample CreditMemo --mapping netsuite.json")
            { erp, mapping, document, file, sample, asDocument, postgres };
        command.SetAction(async (parsed, cancel) =>
        {
            var of = await DocumentAsync(parsed.GetValue(document), parsed.GetValue(file), parsed.GetValue(sample), parsed.GetValue(postgres), cancel);
            if (parsed.GetValue(asDocument))
            {
                Console.WriteLine(JsonSerializer.Serialize(of, Json));
                return ExitCodes.Done;
            }
            using var handler = ErpHttp.Handler();
            var connector = Connector(parsed.GetValue(erp)!, Mapping(parsed.GetValue(erp)!, parsed.GetValue(mapping)), handler);
            using var owned = connector as IDisposable;
            if (connector.Preflight(of) is not { } fault)
            {
                Console.WriteLine(connector.Describe(of));
                return ExitCodes.Done;
            }
            Console.Error.WriteLine($"streams: {of.DocumentKey} cannot be posted: {fault.Code}: {fault.Detail}");
            return ExitCodes.Failed;
        });
        return command;
    }

    static ErpMapping Mapping(string erp, string? file)
    {
        try
        {
            return new ErpAccountSettings { Erp = erp, Account = "map", MappingFile = file }.Mapping();
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--mapping {file}: {e.Message}");
        }
    }

    static async Task<ErpDocument> DocumentAsync(string? key, string? file, DocumentKind? sample, string? postgres, CancellationToken cancel)
    {
        if (new object?[] { key, file, sample }.Count(s => s is not null) != 1) throw new CommandException(ExitCodes.WrongUsage, "Give one of --document, --file, --sample");
        if (sample is { } kind) return SampleDocument.Of(kind);
        if (file is not null) return Read(file);
        if (postgres is not { Length: > 0 }) throw new CommandException(ExitCodes.WrongUsage, "--postgres is needed: where is the ledger?");
        await using var ledger = NpgsqlDataSource.Create(postgres);
        await using var connection = await ledger.OpenConnectionAsync(cancel);
        var content = await connection.ExecuteScalarAsync<byte[]?>("select content from erp.document where document_key = @key", new { key })
            ?? throw new CommandException(ExitCodes.NothingMatched, $"The ledger has no document {key}");
        return ErpDocument.Read(content);
    }

    static ErpDocument Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<ErpDocument>(File.ReadAllText(file), Json) ?? throw new CommandException(ExitCodes.WrongUsage, $"--file {file}: is null");
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--file {file}: {e.Message}");
        }
    }

    /// <summary>A connector that maps; its credentials are nobody's.</summary>
    static IErpConnector Connector(string erp, ErpMapping mapping, HttpMessageHandler handler)
    {
        const string Nobody = "nobody";
        var entra = new EntraCredentials { TenantId = Nobody, ClientId = Nobody, ClientSecret = Nobody };
        var login = new ErpLogin.Basic(Nobody, Nobody);
        return erp switch
        {
            "netsuite" => new NetSuiteConnector(new() { Account = Nobody, ClientId = Nobody, CertificateId = Nobody, PrivateKeyPem = "", Token = new(Nobody, Nobody, Nobody, Nobody), Mapping = mapping }, handler, TimeProvider.System),
            "d365fo" => new DynamicsConnector(new() { Account = Nobody, Credentials = entra, Mapping = mapping }, handler, TimeProvider.System),
            "businesscentral" => new BusinessCentralConnector(new() { Account = Nobody, Credentials = entra, Mapping = mapping }, handler, TimeProvider.System),
            "s4hana" => new S4HanaConnector(new() { Account = Nobody, Login = login, Mapping = mapping }, handler, TimeProvider.System),
            _ => new FusionConnector(new() { Account = Nobody, Login = login, Mapping = mapping }, handler, TimeProvider.System),
        };
    }

    /// <summary>Instants as ISO 8601.</summary>
    sealed class InstantConverter : JsonConverter<Timestamp>
    {
        public override Timestamp Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => Timestamp.From(reader.GetDateTimeOffset());

        public override void Write(Utf8JsonWriter writer, Timestamp value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
