using Streams.Cli.Roles;
using Streams.ErpSink.Posting;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.Cli.Tests;

/// <summary>What an ERP account's settings make of a connector, and what is wrong with them.</summary>
public sealed class ErpAccountSettingsTests : IDisposable
{
    readonly string _secret = Path.GetTempFileName(), _mapping = Path.GetTempFileName();

    public ErpAccountSettingsTests()
    {
        File.WriteAllText(_secret, "secret\n");
        // Files of invoices need to know the ledger's currency.
        var builtIn = File.ReadAllText(Path.Combine(Checkout.Root, "src", "ErpSink", "Mapping", "fusion.json"));
        File.WriteAllText(_mapping, builtIn.Replace("\"tables\": {", "\"tables\": { \"ledgerCurrencies\": { \"*\": \"USD\" },", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("netsuite", 5, "importAbove: netsuite is not sent files")]
    [InlineData("s4hana", 0, "importAbove: s4hana is not sent files")]
    [InlineData("fusion", -1, "importAbove: -1 is negative")]
    [InlineData("sage", null, "erp: 'sage' is none of businesscentral, d365fo, fusion, netsuite, s4hana")]
    public void A_mistake_is_named_with_its_account(string erp, int? importAbove, string named)
    {
        var e = Assert.Throws<CommandException>(() => Settings(erp, importAbove).ToOptions());
        Assert.Equal((ExitCodes.WrongUsage, $"erpAccounts main: {named}"), (e.ExitCode, e.Message));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Import_above_decides_what_goes_as_a_file(int? importAbove, bool file)
    {
        var connector = (Settings("fusion", importAbove) with { MappingFile = _mapping }).ToOptions().Connect(new HttpClientHandler(), TimeProvider.System);
        using var _ = connector as IDisposable;
        var sent = connector.Describe(Invoice());
        Assert.Contains("0123456789ABCDEF", sent, StringComparison.Ordinal);
        Assert.Equal(file, sent.Contains("erpintegrations", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        File.Delete(_secret);
        File.Delete(_mapping);
    }

    ErpAccountSettings Settings(string erp, int? importAbove) => new()
    {
        Erp = erp, Account = "pod", Name = "main", BaseAddress = new Uri("https://erp.example"), ImportAbove = importAbove, Login = new ErpLoginSettings { User = "streams", PasswordFile = _secret },
    };

    static ErpDocument Invoice()
    {
        var day = Timestamp.From(new DateTimeOffset(2026, 1, 31, 0, 0, 0, TimeSpan.Zero));
        var amount = ExactDecimal.FromInteger(10);
        return new ErpDocument
        {
            DocumentKey = "0123456789ABCDEF", Tenant = "acme", LegalEntity = "US01", Kind = DocumentKind.ArInvoice, CustomerId = "customer", ContractId = "contract", ContractVersion = 1,
            Period = "2026-01", Revision = 1, Currency = "USD", DocumentDate = new(2026, 1, 31), ServiceFrom = day, ServiceTo = day, RatedTotal = amount, Total = amount, ContentHash = "",
            Lines = [new ErpDocumentLine { Line = 1, Product = "api", Meter = "requests", Quantity = amount, RatedAmount = amount, Amount = amount, Windows = 1, Events = 1, Lineage = [] }],
        };
    }
}
