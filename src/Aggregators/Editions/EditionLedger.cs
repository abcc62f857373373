using System.Text;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Streaming;

namespace Streams.Aggregators.Editions;

/// <summary>
/// Puts on record, in the task's transaction, which definitions held from which position of the partition on: of contracts and customers those whose usage belongs to
/// it and who pays for them, of meters and price books all. With that a replay judges each record by the contracts by which it was judged.
/// </summary>
sealed class EditionLedger(MeteringOptions options, TakenUpTerms terms, EditionStore store, IProcessorContext context)
{
    public const string Sink = "contract-editions";

    /// <summary>Definitions in one record.</summary>
    const int MostInRecord = 2_000;

    readonly HashSet<string> _payers = new(StringComparer.Ordinal);
    readonly EditionSettings _settings = EditionSettings.Of(options);
    bool _begun;

    /// <summary>Whether the contracts of now are those that were taken up.</summary>
    public bool IsCurrent => _begun && terms.IsCurrent;

    /// <summary>Takes up what has changed; with a task's first record that is compared with all that was taken up before.</summary>
    /// <returns>The definitions that say something else now.</returns>
    public IReadOnlyList<DefinitionKey> TakeUp()
    {
        var changed = terms.TakeUp();
        var wanted = new Queue<DefinitionKey>(_begun ? changed : DefinitionKey.All(terms.Book).Concat(store.Definitions.Keys).Distinct().Order());
        var taken = new List<KeyValuePair<DefinitionKey, string?>>();
        while (wanted.TryDequeue(out var key))
        {
            if (!Concerns(key)) continue;
            if (key.Kind == EntryKind.Customer && terms.Book.Customers.TryGetValue(key.Id, out var customer) && customer.Parent is { } parent && _payers.Add(parent)) wanted.Enqueue(new(EntryKind.Customer, parent));
            if (Take(key, out var hash)) taken.Add(new(key, hash));
        }
        if (taken.Count > 0 || store.Settings != _settings.ToString()) Write(taken);
        _begun = true;
        return [.. taken.Select(t => t.Key)];
    }

    /// <summary>The hash of a contract's edition of now, which is written if it is a new one.</summary>
    public string EditionOf(Contract contract)
    {
        var definitions = DefinitionKey.Of(terms.Book, contract).Select(k => KeyValuePair.Create(k, store.Definitions.GetValueOrDefault(k)));
        var value = EditionRecords.Edition(contract.Id, definitions);
        var hash = EditionRecords.Hash(value);
        if (store.EditionOf(contract.Id) == hash) return hash;
        Forward(Encoding.ASCII.GetBytes(hash), value);
        store.SetEdition(contract.Id, hash);
        return hash;
    }

    bool Concerns(DefinitionKey key) => key.Kind switch
    {
        EntryKind.Customer => IsOurs(key.Id) || _payers.Contains(key.Id),
        EntryKind.Contract => terms.Book.Contracts.TryGetValue(key.Id, out var contract) && IsOurs(contract.Customer),
        _ => true,
    } || store.Definitions.ContainsKey(key);

    bool IsOurs(string customer) => context.PartitionOf(options.InputTopic, Encoding.UTF8.GetBytes(customer)) == context.Partition;

    /// <summary>Whether a definition says something else than what was taken up.</summary>
    bool Take(DefinitionKey key, out string? hash)
    {
        var value = key.BodyIn(terms.Book) is { } body ? EditionRecords.Definition(key, body) : null;
        hash = value is null ? null : EditionRecords.Hash(value);
        if (store.Definitions.GetValueOrDefault(key) == hash) return false;
        if (value is not null) Forward(Encoding.ASCII.GetBytes(hash!), value);
        store.Set(key, hash);
        return true;
    }

    void Write(List<KeyValuePair<DefinitionKey, string?>> taken)
    {
        store.SetSettings(_settings.ToString());
        var offset = context.RecordMetadata?.Offset ?? throw new InvalidOperationException("Contracts are taken up with a record");
        var part = 0;
        foreach (var some in taken.Count == 0 ? [[]] : taken.Chunk(MostInRecord))
        {
            var record = new TakeUp(options.InputTopic, context.Partition, offset, part++, _settings, some);
            Forward(EditionRecords.KeyOf(record), EditionRecords.TakeUp(record));
        }
    }

    void Forward(byte[] key, byte[] value) => context.Forward(Sink, key, value, Math.Max(0, context.CurrentStreamTimeMs));
}
