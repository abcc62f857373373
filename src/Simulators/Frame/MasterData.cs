namespace Streams.Simulators;

/// <summary>What exists in the account. Tables can be replaced while it runs.</summary>
sealed class MasterData(SimulatorOptions options)
{
    readonly Lock _lock = new();
    readonly Dictionary<string, KnownValues> _tables = new(options.MasterData, StringComparer.Ordinal);

    public void Set(string table, KnownValues values)
    {
        lock (_lock) _tables[table] = values;
    }

    /// <summary>Whether a value exists; a table that is not named has everything.</summary>
    public bool Has(string table, string value)
    {
        lock (_lock) return !_tables.TryGetValue(table, out var known) || known.Has(value);
    }

    public bool HasCustomer(string customer) => !options.RefusedEntities.Contains(customer) && Has("customers", customer);
}
