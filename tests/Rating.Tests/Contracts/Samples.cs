using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Rating.Tests.Contracts;

/// <summary>A small contract file whose parts a test can replace.</summary>
static class Samples
{
    public const string Meter = """{"id":"m","unit":"u","product":"p"}""";
    public const string Customer = """{"id":"c","name":"C","legalEntity":"L"}""";
    public const string Version = """{"version":1,"from":"2026-01-01","priceBook":"b"}""";

    public static string Charge(string? price = null, string? more = null) =>
        $$"""{"kind":"usage","id":"x","product":"p","meter":"m","price":{{price ?? """{"model":"perUnit","unitPrice":"1"}"""}}{{(more is null ? "" : "," + more)}}}""";

    public static string Book(string? charges = null, string currency = "USD", string? versions = null) =>
        $$"""{"id":"b","currency":"{{currency}}","versions":{{versions ?? $$"""[{"version":1,"from":"2026-01-01","charges":[{{charges ?? Charge()}}]}]"""}}}""";

    public static string Contract(string? versions = null, string customer = "c", string? more = null) =>
        $$"""{"id":"k","customer":"{{customer}}","currency":"USD",{{(more is null ? "" : more + ",")}}"versions":[{{versions ?? Version}}]}""";

    public static string File(string? meter = null, string? customer = null, string? book = null, string? contract = null) =>
        $$"""{"meters":[{{meter ?? Meter}}],"customers":[{{customer ?? Customer}}],"priceBooks":[{{book ?? Book()}}],"contracts":[{{contract ?? Contract()}}]}""";

    /// <summary>A file with terms in its contract's one version.</summary>
    public static string Terms(string more) => File(contract: Contract($$"""{"version":1,"from":"2026-01-01","priceBook":"b",{{more}}}"""));

    public static IReadOnlyList<ContractEntry> Parse(string json) => ContractFile.Parse(json, "test", default);

    public static string Tiers(string model, string tiers) => $$"""{"model":"{{model}}","tiers":{{tiers}}}""";
}
