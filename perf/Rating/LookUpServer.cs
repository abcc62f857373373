using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Queries;
using Streams.Rating.Contracts;
using Streams.Rating.Entitlements;
using Streams.Schemas;

namespace Streams.Perf.Rating;

/// <summary>The aggregators' endpoint over a book and use of so many customers, in a process of its own: prints its address, then, for each line read, its CPU seconds.</summary>
static class LookUpServer
{
    const int Partitions = 16;

    static readonly Timestamp Now = Timestamp.From(DateTimeOffset.UtcNow);

    public static async Task RunAsync(int customers)
    {
        var book = BookOf(customers);
        var view = new EntitlementView();
        var owners = new Spread();
        Fill(view, book, owners);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapEntitlements(new(() => book, view, owners, TimeProvider.System), new(_ => null), owners);
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        using var process = Process.GetCurrentProcess();
        while (await Console.In.ReadLineAsync() is not null)
        {
            process.Refresh();
            Console.WriteLine(process.TotalProcessorTime.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        }
    }

    public static string Customer(int index) => string.Create(CultureInfo.InvariantCulture, $"customer-{index:000000}");

    static ContractBook BookOf(int customers)
    {
        var book = ContractFile.Load("""
            {
              "meters": [{"id": "api.requests", "unit": "request", "product": "api"}],
              "priceBooks": [{"id": "standard", "currency": "USD", "versions": [{"version": 1, "from": "2020-01-01", "charges": [
                {"kind": "usage", "id": "requests", "product": "api", "meter": "api.requests", "price": {"model": "perUnit", "unitPrice": "0.01"}}]}]}]
            }
            """u8.ToArray());
        var entitlement = new MeteredEntitlement("requests", "api.requests", Exact.Parse("100000")) { RollOver = Exact.Parse("5000"), Alerts = [80, 100] };
        for (var i = 0; i < customers; i++)
        {
            var version = new ContractVersion(1, Timestamp.From(DateTimeOffset.UnixEpoch)) { PriceBook = "standard", Entitlements = [new BooleanEntitlement("sso"), entitlement] };
            book = book.With(new Customer(Customer(i), Customer(i), "US01")).With(new Contract($"contract-{i}", Customer(i), "USD", "Europe/Berlin", [version]));
        }
        return book;
    }

    static void Fill(EntitlementView view, ContractBook book, Spread owners)
    {
        foreach (var part in book.Contracts.Values.GroupBy(c => owners.PartitionOf(c.Customer)!.Value))
        {
            var uses = part.Select((c, i) =>
            {
                var feature = new MeteredFeature((MeteredEntitlement)c.Versions[0].Entitlements[1], c.Calendar);
                return (new FeatureKey(c.Customer, "requests"), new PublishedUse("api.requests", feature.Add(null, Now, i)));
            });
            view.Open(part.Key, Now.Micros, uses);
        }
    }

    /// <summary>Every partition is here.</summary>
    sealed class Spread : IStateOwners
    {
        public int? PartitionOf(string customer) => (int)(Streams.Schemas.Identity.SipHash128.Identity(Encoding.UTF8.GetBytes(customer), default).Low % Partitions);

        public ValueTask<string?> HostOfAsync(string customer, CancellationToken cancel) => new((string?)null);
    }
}
