using System.Text;
using Streams.Rating.Contracts;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Testing;
using static Streams.Rating.Tests.Contracts.Samples;

namespace Streams.Rating.Tests.Contracts;

public sealed class ContractFileTests
{
    [Fact]
    public void The_example_is_good()
    {
        var entries = Parse(System.IO.File.ReadAllText(Path.Combine(Checkout.Root, "docs/contracts/example.json")));
        var terms = ContractBook.Of(entries).Find("acme", "api.requests", Timestamp.From(new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero)));
        Assert.Equal("acme-2026", terms.Contract?.Id);
        Assert.Equal("0.0075", Assert.IsType<Graduated>(Assert.Single(terms.Charges).Price).Tiers[2].Unit.ToString());
    }

    public static IEnumerable<object[]> Faulty => BadContracts.All.Select(b => new object[] { b.Json, b.Path, b.Code });

    [Theory, MemberData(nameof(Faulty))]
    public void A_fault_is_named_with_its_place(string json, string path, string code)
    {
        var refused = Assert.Throws<ContractFaultException>(() => Parse(json));
        Assert.True(refused.Faults.Any(f => f.Path == path && f.Code == code), refused.Message);
        Assert.All(refused.Faults, f => Assert.True(f.Path.StartsWith('$') && f.Reason.Length > 0, f.ToString()));
    }

    [Theory]
    [InlineData("{", "JSON_MALFORMED")]
    [InlineData("""{"meters":[] /* none */}""", "JSON_MALFORMED")]
    [InlineData("""{"meters":[],}""", "JSON_MALFORMED")]
    public void What_is_no_JSON_is_refused(string json, string code) =>
        Assert.Equal(code, Assert.Throws<ContractFaultException>(() => Parse(json)).Faults.Single().Code);

    [Fact]
    public void Bytes_that_are_no_UTF8_and_depth_without_end_are_refused()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(File())];
        bytes[Array.IndexOf(bytes, (byte)'u')] = 0xFF;
        Assert.Throws<ContractFaultException>(() => ContractFile.Parse(bytes, "test", default));
        var deep = string.Concat(Enumerable.Repeat("""{"model":"committed","commitment":{"amount":"1"},"price":""", 40)) + "{}" + new string('}', 40);
        Assert.Equal("JSON_MALFORMED", Assert.Throws<ContractFaultException>(() => Parse(File(book: Book(Charge(deep))))).Faults.Single().Code);
    }

    [Fact]
    public void Every_fault_is_told_at_once()
    {
        var refused = Assert.Throws<ContractFaultException>(() => Parse(File(
            meter: """{"id":"m","unit":"u"}""", book: Book(Charge(Tiers("graduated", "[]")) + "," + Charge("""{"model":"perUnit","unitPrice":"-1"}"""), currency: "x"), contract: Contract(customer: "d"))));
        Assert.Equal(["PROPERTY_MISSING", "CURRENCY_INVALID", "LIST_EMPTY", "PRICE_NEGATIVE", "CUSTOMER_UNKNOWN"], refused.Faults.Select(f => f.Code));
    }

    [Fact]
    public void A_file_of_faults_is_told_in_part()
    {
        var meters = string.Join(',', Enumerable.Repeat("{}", 2000));
        var faults = Assert.Throws<ContractFaultException>(() => Parse($$"""{"meters":[{{meters}}]}""")).Faults;
        Assert.Equal((1001, "FAULTS_MANY"), (faults.Count, faults[^1].Code));
    }

    [Fact]
    public void A_body_reads_back_to_the_same_body()
    {
        var known = ContractBook.Of(Parse(File()));
        foreach (var entry in Parse(File()))
        {
            var part = char.ToLowerInvariant(entry.Kind.ToString()[0]) + entry.Kind.ToString()[1..] + "s";
            var again = ContractFile.Parse($$"""{"{{part}}":[{{entry.Body}}]}""", "test", default, known);
            Assert.Equal(entry.Body, Assert.Single(again).Body);
            Assert.Contains(entry.Body, File().Replace("2026-01-01", "2026-01-01T00:00:00Z", StringComparison.Ordinal), StringComparison.Ordinal); // what has its default is not written
        }
    }

    [Fact]
    public void References_lead_to_what_is_known()
    {
        var known = ContractBook.Of(Parse(File()));
        var again = ContractFile.Load(Encoding.UTF8.GetBytes($$"""{"contracts":[{{Contract().Replace("\"k\"", "\"l\"", StringComparison.Ordinal)}}]}"""), known);
        Assert.Equal(["k", "l"], again.ContractsOf("c").Select(c => c.Id));
    }
}
