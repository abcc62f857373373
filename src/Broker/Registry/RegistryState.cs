using System.Text.Json;
using Streams.Schemas.Avro;

namespace Streams.Broker.Registry;

/// <summary>
/// What the schemas topic says, in memory. Only its records change it, in the order of the log, so that a restart arrives at the same state.
/// Not safe for concurrent use.
/// </summary>
sealed class RegistryState
{
    readonly SortedDictionary<string, SortedDictionary<int, SchemaValue>> _subjects = new(StringComparer.Ordinal);
    readonly Dictionary<int, string> _schemas = [];
    readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    readonly Dictionary<string, CompatibilityMode> _levels = new(StringComparer.Ordinal);

    /// <summary>The highest id that was ever given.</summary>
    public int MaxId { get; private set; }

    /// <summary>The level of subjects without their own.</summary>
    public CompatibilityMode GlobalLevel { get; private set; } = CompatibilityMode.Backward;

    public IEnumerable<string> Subjects => _subjects.Keys;

    /// <summary>All versions of a subject, the soft-deleted among them, oldest first; empty for an unknown subject.</summary>
    public IReadOnlyCollection<SchemaValue> Versions(string subject) => _subjects.TryGetValue(subject, out var versions) ? versions.Values : [];

    public string? Schema(int id) => _schemas.GetValueOrDefault(id);

    /// <summary>The id of a schema, given in its <see cref="Identity"/>, whichever subjects hold it.</summary>
    public int? IdOf(string identity) => _ids.TryGetValue(identity, out var id) ? id : null;

    /// <summary>
    /// What makes two schemas the same: all their attributes (defaults and logical types matter to readers), whatever the white space and the order.
    /// Another registry may have written texts in another order, and of other types.
    /// </summary>
    public static string Identity(string schema)
    {
        try
        {
            return AvroSchema.Parse(schema).ToJson();
        }
        catch (AvroException)
        {
            return schema;
        }
    }

    /// <summary>The level that a subject has of its own, or null.</summary>
    public CompatibilityMode? LevelOf(string subject) => _levels.TryGetValue(subject, out var level) ? level : null;

    /// <summary>Applies one record of the log.</summary>
    /// <exception cref="InvalidDataException">The record is none of a registry's; nothing was changed.</exception>
    public void Apply(LogRecord record)
    {
        try
        {
            var key = JsonSerializer.Deserialize(record.Key, LogJson.Plain.LogKey) ?? throw new InvalidDataException("The key is null");
            switch (key.KeyType)
            {
                case LogKey.SchemaType: ApplySchema(key, record.Value); break;
                case LogKey.ConfigType: ApplyConfig(key.Subject, Read(record.Value, LogJson.Plain.ConfigValue)?.CompatibilityLevel); break;
                case LogKey.DeleteSubjectType: ApplyDeletion(Read(record.Value, LogJson.Plain.DeleteSubjectValue)); break;
                case LogKey.NoopType: MaxId = Math.Max(MaxId, Read(record.Value, LogJson.Plain.HighestId)?.MaxId ?? 0); break;
                default: throw new InvalidDataException($"The key type '{key.KeyType}' is unknown");
            }
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    static T? Read<T>(byte[]? value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class =>
        value is null ? null : JsonSerializer.Deserialize(value, type);

    void ApplySchema(LogKey key, byte[]? bytes)
    {
        if (key is not { Subject: { } subject, Version: { } version }) throw new InvalidDataException("A SCHEMA key without subject or version");
        var value = Read(bytes, LogJson.Plain.SchemaValue);
        if (value is null)
        {
            Forget(subject, version);
            return;
        }
        if (value.Schema is null || value.Id < 1) throw new InvalidDataException("A SCHEMA value without schema or id");
        if (!_subjects.TryGetValue(subject, out var versions)) _subjects[subject] = versions = [];
        versions[version] = value;
        _schemas[value.Id] = value.Schema;
        _ids.TryAdd(Identity(value.Schema), value.Id);
        MaxId = Math.Max(MaxId, value.Id);
    }

    void Forget(string subject, int version)
    {
        if (!_subjects.TryGetValue(subject, out var versions) || !versions.Remove(version, out var gone)) return;
        if (versions.Count == 0) _subjects.Remove(subject);
        if (_subjects.Values.Any(s => s.Values.Any(v => v.Id == gone.Id))) return;
        _schemas.Remove(gone.Id);
        var identity = Identity(gone.Schema);
        if (IdOf(identity) == gone.Id) _ids.Remove(identity);
    }

    void ApplyDeletion(DeleteSubjectValue? value)
    {
        if (value is null || !_subjects.TryGetValue(value.Subject, out var versions)) return;
        foreach (var version in versions.Keys.Where(v => v <= value.Version).ToList()) versions[version] = versions[version] with { Deleted = true };
    }

    void ApplyConfig(string? subject, string? level)
    {
        var mode = CompatibilityMode.Backward;
        if (level is not null && !SchemaCompatibility.TryParseMode(level, out mode)) throw new InvalidDataException($"The compatibility level '{level}' is unknown");
        if (subject is null) GlobalLevel = mode;
        else if (level is null) _levels.Remove(subject);
        else _levels[subject] = mode;
    }
}
