using System.Globalization;
using System.Text.Json.Nodes;
using Streams.Aggregators.Queries;
using Streams.Aggregators.Tests.Billing;
using Streams.Rating.Contracts;

namespace Streams.Aggregators.Tests.Entitlements;

/// <summary>Books with features, and owners that need no stream.</summary>
static class EntitlementFixture
{
    public static readonly string[] Customers = ["ada", "bob", "cyd"];

    public static readonly IStateOwners OnePartition = new Owners(_ => 0);

    /// <summary>A book of the three customers with a charge on "calls", and with meters "seats" (no charge on it) and "users" (unique user ids of region eu).</summary>
    public static ContractBook Book(params NaiveFeature[] features) => Billed.Book(Json(features.Select(Entitlement)));

    public static string Json(IEnumerable<string> entitlements) => $$$"""
        {
          "customers": [{{{string.Join(",", Customers.Select(c => $$"""{"id": "{{c}}", "name": "{{c}}", "legalEntity": "US01"}"""))}}}, {"id": "none", "name": "none", "legalEntity": "US01"},
            {"id": "kid", "name": "kid", "legalEntity": "US01", "parent": "ada", "pays": "parent"}],
          "meters": [
            {"id": "calls", "unit": "call", "product": "api"}, {"id": "seats", "unit": "seat", "product": "api"},
            {"id": "users", "unit": "user", "product": "api", "aggregation": "uniqueCount", "value": "user", "filters": [{"dimension": "region", "values": ["eu"]}]}
          ],
          "priceBooks": [{"id": "standard", "currency": "USD", "versions": [{"version": 1, "from": "2026-03-01", "charges": [
            {"kind": "usage", "id": "calls", "product": "api", "meter": "calls", "price": {"model": "perUnit", "unitPrice": "0.01"}}]}]}],
          "contracts": [{{{string.Join(",", Customers.Select(c => Contract(c, entitlements)))}}}]
        }
        """;

    public static string Contract(string customer, IEnumerable<string> entitlements, string from = "2026-03-01") => $$"""
        {"id": "{{customer}}-contract", "customer": "{{customer}}", "currency": "USD",
         "versions": [{"version": 1, "from": "{{from}}", "priceBook": "standard", "entitlements": [{{string.Join(",", entitlements)}}]}]}
        """;

    static string Entitlement(NaiveFeature feature)
    {
        static JsonNode Number(decimal value) => value.ToString(CultureInfo.InvariantCulture);
        var json = new JsonObject
        {
            ["type"] = "metered", ["feature"] = feature.Name, ["meter"] = feature.Meter, ["limit"] = Number(feature.Limit), ["kind"] = feature.Hard ? "hard" : "soft",
            ["reset"] = new JsonObject { ["every"] = feature.Hours switch { 0 => "never", 1 => "hour", _ => "day" } }, ["alerts"] = new JsonArray([.. feature.Alerts.Select(Number)]),
        };
        if (feature.RollOver is { } most) json["rollOver"] = Number(most);
        return json.ToJsonString();
    }

    public sealed class Owners(Func<string, int?> partition, Func<string, string?>? host = null) : IStateOwners
    {
        public int Asked { get; private set; }

        public int? PartitionOf(string customer) => partition(customer);

        public ValueTask<string?> HostOfAsync(string customer, CancellationToken cancel)
        {
            Asked++;
            return new(host?.Invoke(customer));
        }
    }
}
