using Streams.ErpSink.BusinessCentral;
using Streams.ErpSink.Dynamics;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.OData;
using Streams.ErpSink.OracleFusion;
using Streams.ErpSink.Posting;
using Streams.ErpSink.S4Hana;
using Streams.Simulators;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>A simulated ERP and the connector for it. The repetition chooses among the ways that an ERP has: single requests or batches, posted at once or by a job.</summary>
sealed record MatrixErp(string Name, Func<SimulatorOptions, int, TimeProvider, Task<SimulatedErp>> StartAsync, Func<SimulatedErp, string, int, HttpMessageHandler, TimeProvider, IErpConnector> Connect)
{
    /// <summary>How long the ERPs' jobs run, where they take their time.</summary>
    public static readonly TimeSpan JobTime = TimeSpan.FromSeconds(21);

    static readonly (string PrivateKeyPem, string PublicKeyPem) Keys = ClientAssertion.NewKeyPair("ES256");

    // AutoInvoice is for documents of which it is known whether they are in the ledger's own currency.
    static readonly ErpMapping InOwnCurrency = WithCurrency(ErpMapping.BuiltIn(FusionOptions.Shape), "USD");

    public static IReadOnlyList<MatrixErp> All { get; } =
    [
        new("netsuite",
            async (options, repetition, time) => await NetSuiteSimulator.StartAsync(
                options with { Certificates = new Dictionary<string, string> { ["cert-1"] = Keys.PublicKeyPem } }, new NetSuiteSetup { JobTime = repetition == 2 ? JobTime : TimeSpan.Zero }, time),
            (simulator, account, repetition, handler, time) => new NetSuiteConnector(new NetSuiteOptions
            {
                Account = account, BaseAddress = simulator.Address, ClientId = "streams-integration", CertificateId = "cert-1", PrivateKeyPem = Keys.PrivateKeyPem, BatchSize = repetition == 0 ? 1 : 100, SynchronousUpTo = repetition == 2 ? 0 : 1,
            }, handler, time)),
        new("d365fo",
            async (options, repetition, time) => await FinanceSimulator.StartAsync(
                options, new FinanceSetup { PostingInterval = null, ChecksPeriodAtCreation = true, ImportTime = repetition == 2 ? JobTime : TimeSpan.Zero }, time),
            (simulator, account, repetition, handler, time) => new DynamicsConnector(new DynamicsOptions
            {
                Account = account, BaseAddress = simulator.Address, Credentials = Entra(simulator), PackageAbove = repetition == 2 ? 0 : 100,
            }, handler, time)),
        new("businesscentral",
            async (options, _, time) => await BusinessCentralSimulator.StartAsync(options, null, time),
            (simulator, account, _, handler, time) => new BusinessCentralConnector(new BusinessCentralOptions
            {
                Account = account, BaseAddress = simulator.Address, Credentials = Entra(simulator), PaymentPostAction = "Microsoft.NAV.post",
            }, handler, time)),
        new("s4hana",
            async (options, _, time) => await SapSimulator.StartAsync(options, null, time),
            (simulator, account, repetition, handler, time) => new S4HanaConnector(new S4HanaOptions
            {
                Account = account, BaseAddress = simulator.Address, Login = Login(simulator, repetition, "/sap/bc/sec/oauth2/token"), BatchSize = repetition == 0 ? 2 : 50,
            }, handler, time)),
        new("fusion",
            async (options, repetition, time) => await OracleSimulator.StartAsync(options, new OracleSetup { JobTime = repetition == 2 ? JobTime : TimeSpan.Zero }, time),
            (simulator, account, repetition, handler, time) => new FusionConnector(new FusionOptions
            {
                Account = account, BaseAddress = simulator.Address, Login = Login(simulator, repetition, "/oauth2/v1/token"), ReadBack = new FusionReadBack { ExactBatchNames = true },
                ImportAbove = repetition == 2 ? 0 : 100, Mapping = InOwnCurrency,
            }, handler, time)),
    ];

    public override string ToString() => Name;

    // A token that ends in the middle of a batch, and a password that has none.
    static ErpLogin Login(SimulatedErp simulator, int repetition, string tokens) => repetition == 0
        ? new ErpLogin.ClientSecret(new Uri(simulator.Address, tokens), "streams-integration", "simulated-secret") : new ErpLogin.Basic("streams-integration", "simulated-secret");

    static ErpMapping WithCurrency(ErpMapping mapping, string currency) =>
        mapping with { Tables = new Dictionary<string, IReadOnlyDictionary<string, string>>(mapping.Tables) { ["ledgerCurrencies"] = new Dictionary<string, string> { ["*"] = currency } } };

    static EntraCredentials Entra(SimulatedErp simulator) => new()
    {
        TenantId = "tenant-1", ClientId = "streams-integration", ClientSecret = "simulated-secret", TokenEndpoint = new Uri(simulator.Address, "/tenant-1/oauth2/v2.0/token"),
    };
}
