namespace Streams.ErpSink.Mapping;

/// <summary>Which tables and settings a kind of ERP needs, and which it may have besides.</summary>
public sealed record MappingShape(string Erp)
{
    public IReadOnlyList<string> Tables { get; init; } = [];

    public IReadOnlyList<string> OptionalTables { get; init; } = [];

    public IReadOnlyList<string> Settings { get; init; } = [];

    public IReadOnlyList<string> OptionalSettings { get; init; } = [];

    /// <exception cref="ArgumentException">Names every entry that is missing, unknown or empty.</exception>
    public void Check(ErpMapping mapping)
    {
        var faults = Faults(mapping).ToList();
        if (faults.Count > 0) throw new ArgumentException($"mapping for {Erp}: {string.Join("; ", faults)}");
    }

    IEnumerable<string> Faults(ErpMapping mapping)
    {
        if (mapping.Erp != Erp) yield return $"erp: is '{mapping.Erp}'";
        if (string.IsNullOrWhiteSpace(mapping.Version)) yield return "version: is empty";
        foreach (var table in Tables.Where(t => !mapping.Tables.ContainsKey(t))) yield return $"tables.{table}: is missing";
        foreach (var setting in Settings.Where(s => !mapping.Settings.ContainsKey(s))) yield return $"settings.{setting}: is missing";
        foreach (var table in mapping.Tables.Keys.Except(Tables).Except(OptionalTables).Order(StringComparer.Ordinal)) yield return $"tables.{table}: is not known";
        foreach (var setting in mapping.Settings.Keys.Except(Settings).Except(OptionalSettings).Order(StringComparer.Ordinal)) yield return $"settings.{setting}: is not known";
        foreach (var (name, value) in mapping.Settings.Where(s => string.IsNullOrWhiteSpace(s.Value))) yield return $"settings.{name}: is empty";
        foreach (var (table, rows) in mapping.Tables)
        {
            if (rows.Count == 0) yield return $"tables.{table}: is empty";
            foreach (var (key, value) in rows.Where(r => string.IsNullOrWhiteSpace(r.Value))) yield return $"tables.{table}.{key}: is empty";
        }
    }
}
