using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Cli;

/// <summary>Which schema each topic's values have.</summary>
static class SchemaCatalogue
{
    public static readonly IReadOnlyList<(string Topic, string SchemaJson)> All =
    [
        (Topics.UsageEvents, UsageEvent.SchemaJson),
        (Topics.UsageRated, RatedUsage.SchemaJson),
        (Topics.UsageDispositions, Dispositions.SchemaJson),
        (Topics.Contracts, ContractEntry.SchemaJson),
        (Topics.ErpEntries, ErpDocument.SchemaJson),
        (Topics.ErpDocuments, ErpDocument.SchemaJson),
        (Topics.ErpReceipts, ErpReceipt.SchemaJson),
    ];

    /// <summary>Registers what is missing; answers the ids by topic.</summary>
    public static async Task<IReadOnlyList<(string Topic, int Id)>> RegisterAsync(SchemaRegistryClient registry, CancellationToken cancel)
    {
        var ids = new List<(string, int)>();
        foreach (var (topic, schema) in All) ids.Add((topic, await registry.RegisterAsync(Topics.Subject(topic), schema, cancel)));
        return ids;
    }
}
