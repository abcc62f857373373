using Streams.Rating.Contracts;
using Streams.Rating.PlanContracts;
using Streams.Schemas;

namespace Streams.Rating.Tests.Contracts;

public sealed class ContractFileTests
{
    const string Meter = """{"id":"m","unit":"u","product":"p"}""";
    const string Customer = """{"id":"c","name":"C","legalEntity":"L","erpIds":{}}""";
    static readonly string Plan = PlanOf("""[{"upTo":null,"unitPrice":"1"}]""");
    static readonly string Contract = ContractOf("""[{"version":1,"from":"2026-01-01","to":null,"plan":"p"}]""");

    static string PlanOf(string tiers, string currency = "USD", string meter = "m") => $$"""{"id":"p","currency":"{{currency}}","prices":{"{{meter}}":{{tiers}} } }""";

    static string ContractOf(string versions, string customer = "c") => $$"""{"id":"k","customer":"{{customer}}","versions":{{versions}} }""";

    static string FileOf(string? meter = null, string? customer = null, string? plan = null, string? contract = null) =>
        $$"""{"meters":[{{meter ?? Meter}}],"customers":[{{customer ?? Customer}}],"plans":[{{plan ?? Plan}}],"contracts":[{{contract ?? Contract}}]}""";

    static IReadOnlyList<ContractEntry> Parse(string json) => ContractFile.Parse(json, "test", default);

    [Fact]
    public void The_example_is_good()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Streams.sln"))) folder = folder.Parent!;
        var entries = Parse(File.ReadAllText(Path.Combine(folder.FullName, "docs/contracts/example.json")));
        var terms = ContractBook.Of(entries).Find("acme", "api.requests", Timestamp.From(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.Equal("acme-2026", terms.Contract?.Id);
        Assert.Equal("0.0075", terms.Plan?.Prices["api.requests"][2].UnitPrice.ToString());
    }

    [Fact]
    public void A_body_reads_back_to_the_same_body()
    {
        foreach (var entry in Parse(FileOf()))
        {
            var part = $"{entry.Kind}s".ToLowerInvariant();
            var known = ContractBook.Of(Parse(FileOf()));
            var again = ContractFile.Parse($$"""{"{{part}}":[{{entry.Body}}]}""", "test", default, known);
            Assert.Equal(entry.Body, Assert.Single(again).Body);
        }
    }

    public static TheoryData<string, string, string> Faulty => new()
    {
        { "{", "$", "JSON_MALFORMED" },
        { """{"other":[]}""", "$.other", "PROPERTY_UNKNOWN" },
        { """{"meters":[],"meters":[]}""", "$.meters", "PROPERTY_DUPLICATE" },
        { FileOf(meter: """{"id":"m","unit":"u"}"""), "$.meters[0].product", "PROPERTY_MISSING" },
        { FileOf(meter: """{"id":"m","unit":"u","product":"p","x":1}"""), "$.meters[0].x", "PROPERTY_UNKNOWN" },
        { FileOf(meter: Meter + "," + Meter), "$.meters[1].id", "ID_DUPLICATE" },
        { FileOf(meter: Meter + """,{"id":"","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_EMPTY" },
        { FileOf(meter: Meter + """,{"id":"a|b","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_CHARACTERS" },
        { FileOf(meter: Meter + """,{"id":"a\u0000b","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_CHARACTERS" },
        { FileOf(meter: Meter + $$""",{"id":"{{new string('x', 201)}}","unit":"u","product":"p"}"""), "$.meters[1].id", "ID_TOO_LONG" },
        { FileOf(plan: PlanOf("[]")), "$.plans[0].prices.m", "TIERS_EMPTY" },
        { FileOf(plan: PlanOf("""[{"upTo":"5","unitPrice":"1"}]""")), "$.plans[0].prices.m", "TIERS_NOT_OPEN" },
        { FileOf(plan: PlanOf("""[{"upTo":"5","unitPrice":"1"},{"upTo":"5","unitPrice":"1"},{"upTo":null,"unitPrice":"1"}]""")), "$.plans[0].prices.m[1].upTo", "TIERS_NOT_RISING" },
        { FileOf(plan: PlanOf("""[{"upTo":null,"unitPrice":"-1"}]""")), "$.plans[0].prices.m[0].unitPrice", "PRICE_NEGATIVE" },
        { FileOf(plan: PlanOf("""[{"upTo":null,"unitPrice":1}]""")), "$.plans[0].prices.m[0].unitPrice", "TYPE_WRONG" },
        { FileOf(plan: PlanOf("""[{"upTo":null,"unitPrice":"0.0000000001"}]""")), "$.plans[0].prices.m[0].unitPrice", "DECIMAL_INVALID" },
        { FileOf(plan: PlanOf("""[{"upTo":null,"unitPrice":"NaN"}]""")), "$.plans[0].prices.m[0].unitPrice", "DECIMAL_INVALID" },
        { FileOf(plan: PlanOf("""[{"upTo":null,"unitPrice":"1"}]""", currency: "usd")), "$.plans[0].currency", "CURRENCY_INVALID" },
        { FileOf(plan: PlanOf("""[{"upTo":null,"unitPrice":"1"}]""", meter: "other")), "$.plans[0].prices.other", "METER_UNKNOWN" },
        { FileOf(contract: ContractOf("[]")), "$.contracts[0].versions", "VERSIONS_EMPTY" },
        { FileOf(contract: ContractOf("""[{"version":1,"from":"2026-01-01","to":null,"plan":"q"}]""")), "$.contracts[0].versions[0].plan", "PLAN_UNKNOWN" },
        { FileOf(contract: ContractOf("""[{"version":1,"from":"yesterday","to":null,"plan":"p"}]""")), "$.contracts[0].versions[0].from", "TIME_INVALID" },
        { FileOf(contract: ContractOf("""[{"version":1,"from":"2026-01-01","to":"2026-03-01","plan":"p"},{"version":2,"from":"2026-02-01","plan":"p"}]""")), "$.contracts[0].versions[1].from", "VERSIONS_OVERLAP" },
        { FileOf(contract: ContractOf("""[{"version":1,"from":"2026-01-01","to":null,"plan":"p"}]""", customer: "d")), "$.contracts[0].customer", "CUSTOMER_UNKNOWN" },
    };

    [Theory, MemberData(nameof(Faulty))]
    public void A_fault_is_named_with_its_place(string json, string path, string code)
    {
        var refused = Assert.Throws<ContractFaultException>(() => Parse(json));
        Assert.Contains(refused.Faults, f => f.Path == path && f.Code == code);
    }

    [Fact]
    public void Every_fault_is_told_at_once()
    {
        var refused = Assert.Throws<ContractFaultException>(() => Parse(FileOf(meter: """{"id":"m","unit":"u"}""", plan: PlanOf("[]", currency: "x"))));
        Assert.Equal(["PROPERTY_MISSING", "CURRENCY_INVALID", "TIERS_EMPTY"], refused.Faults.Select(f => f.Code));
    }
}
