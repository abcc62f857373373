using System.Text.Json;
using System.Text.Json.Serialization;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Routing;

/// <summary>Whether a document is posted to an account, or only compared with what another system posts there.</summary>
public enum RouteMode
{
    Post,
    Compare,
}

/// <summary>
/// Sends documents to an account. What is left out holds for all; of the rest each must fit. Dates are document dates, <see cref="To"/> is exclusive: a cut-over is two
/// routes that meet in one date.
/// </summary>
public sealed record Route
{
    public required string Account { get; init; }

    public RouteMode Mode { get; init; } = RouteMode.Post;

    public IReadOnlyList<string>? LegalEntities { get; init; }

    public IReadOnlyList<string>? Customers { get; init; }

    /// <summary>Names of <see cref="RouteTable.Groups"/>: a region or a group of customers.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Each line's product must be one of these.</summary>
    public IReadOnlyList<string>? Products { get; init; }

    public IReadOnlyList<string>? Currencies { get; init; }

    public IReadOnlyList<DocumentKind>? Kinds { get; init; }

    public DateOnly? From { get; init; }

    public DateOnly? To { get; init; }

    /// <summary>Higher goes first, and what is above zero may use the quota's reserve.</summary>
    public short Priority { get; init; }
}

/// <summary>Which documents go to which ERP account. Of the routes that post, the first that fits is taken; of those that compare, all.</summary>
public sealed record RouteTable
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
        MaxDepth = 6,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public required IReadOnlyList<Route> Routes { get; init; }

    /// <summary>Groups of customers by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>> Groups { get; init; } = new Dictionary<string, IReadOnlySet<string>>();

    /// <exception cref="ArgumentException">Names what is wrong with the text.</exception>
    public static RouteTable Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<RouteTable>(json, Json) ?? throw new ArgumentException("routes: is null");
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"routes: {e.Message}", e);
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Everything to the only account.</summary>
    /// <exception cref="ArgumentException">There is not exactly one.</exception>
    public static RouteTable ToOnly(IReadOnlyList<ErpAccountOptions> accounts) => accounts.Count == 1
        ? new RouteTable { Routes = [new Route { Account = accounts[0].Name }] }
        : throw new ArgumentException($"routes: there are {accounts.Count} accounts, so routes must say what goes where");

    /// <summary>The table itself, if it fits the accounts.</summary>
    /// <exception cref="ArgumentException">Names each route that leads nowhere or can never fit.</exception>
    public RouteTable For(IEnumerable<string> accounts)
    {
        var known = accounts.ToHashSet(StringComparer.Ordinal);
        var faults = Routes.SelectMany((route, i) => Faults(route, known).Select(fault => $"routes[{i}].{fault}")).ToList();
        if (faults.Count > 0) throw new ArgumentException(string.Join("; ", faults));
        return this;
    }

    /// <summary>Where a document goes. Without one that posts it has nowhere to go.</summary>
    public IReadOnlyList<Route> Of(ErpDocument document)
    {
        var fitting = Routes.Where(r => Fits(r, document)).ToList();
        var post = fitting.FirstOrDefault(r => r.Mode == RouteMode.Post);
        if (post is null) return [];
        return [post, .. fitting.Where(r => r.Mode == RouteMode.Compare && r.Account != post.Account).DistinctBy(r => r.Account)];
    }

    bool Fits(Route route, ErpDocument document) =>
        (route.LegalEntities is null || route.LegalEntities.Contains(document.LegalEntity))
        && (route.Customers is null || route.Customers.Contains(document.CustomerId))
        && (route.Groups is null || route.Groups.Any(g => Groups[g].Contains(document.CustomerId)))
        && (route.Products is null || document.Lines.All(l => route.Products.Contains(l.Product)))
        && (route.Currencies is null || route.Currencies.Contains(document.Currency))
        && (route.Kinds is null || route.Kinds.Contains(document.Kind))
        && (route.From is null || document.DocumentDate >= route.From)
        && (route.To is null || document.DocumentDate < route.To);

    IEnumerable<string> Faults(Route route, HashSet<string> accounts)
    {
        if (!accounts.Contains(route.Account)) yield return $"account: '{route.Account}' is not configured";
        if (route.From >= route.To) yield return $"to: {route.To:yyyy-MM-dd} does not lie behind from";
        foreach (var group in (route.Groups ?? []).Where(g => !Groups.ContainsKey(g))) yield return $"groups: '{group}' is not known";
    }
}
