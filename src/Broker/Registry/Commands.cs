using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Broker.Registry;

/// <summary>What the changing requests of the API append to the log.</summary>
static class Commands
{
    /// <summary>Finds the schema among the subject's versions or makes it the next one; equal schemas share their id over all subjects, deleted ones too.</summary>
    public static Decision<SchemaValue> Register(RegistryState state, string subject, AvroSchema schema)
    {
        var text = schema.ToJson();
        var live = Queries.Live(state, subject);
        if (Queries.Holding(state, live, text) is { } known) return new(known);
        var reasons = Queries.Incompatibilities(Queries.Level(state, subject), schema, live);
        if (reasons.Count > 0)
        {
            throw new RegistryError(SchemaRegistryErrors.IncompatibleSchema,
                $"Schema being registered is incompatible with an earlier schema for subject \"{subject}\": {string.Join("; ", reasons)}");
        }
        var all = state.Versions(subject);
        var version = all.Count == 0 ? 1 : all.Max(v => v.Version) + 1;
        var value = new SchemaValue(subject, version, state.IdOf(text) ?? state.MaxId + 1, text, Deleted: false);
        return new(value, LogRecord.Of(value));
    }

    /// <summary>Soft: the versions are no longer listed, their ids still answer. Permanent, only after that: they are gone, their ids are not used again.</summary>
    public static Decision<IReadOnlyList<int>> DeleteSubject(RegistryState state, string subject, bool permanent)
    {
        var all = Queries.Versions(state, subject, deleted: true);
        var live = Queries.Live(state, subject);
        if (permanent)
        {
            if (live.Count > 0) throw new RegistryError(SchemaRegistryErrors.SubjectNotSoftDeleted, $"Subject '{subject}' was not deleted first before being permanently deleted");
            return new(Numbers(all), [.. Forgotten(state, all), LogRecord.Tombstone(LogKey.DeleteSubject(subject))]);
        }
        if (live.Count == 0) throw new RegistryError(SchemaRegistryErrors.SubjectSoftDeleted, $"Subject '{subject}' was soft deleted. Set permanent=true to delete permanently");
        LogRecord[] config = state.LevelOf(subject) is null ? [] : [LogRecord.Tombstone(LogKey.Config(subject))];
        return new(Numbers(live), [LogRecord.Of(new DeleteSubjectValue(subject, live[^1].Version)), .. config]);
    }

    /// <inheritdoc cref="DeleteSubject"/>
    public static Decision<int> DeleteVersion(RegistryState state, string subject, string version, bool permanent)
    {
        var value = permanent || Queries.ParseVersion(version) is not null
            ? Queries.Version(state, subject, version, deleted: true)
            : Queries.Version(state, subject, version, deleted: false);
        if (permanent)
        {
            if (!value.Deleted)
            {
                throw new RegistryError(SchemaRegistryErrors.VersionNotSoftDeleted,
                    $"Subject '{subject}' Version {value.Version} was not deleted first before being permanently deleted");
            }
            return new(value.Version, [.. Forgotten(state, [value])]);
        }
        if (value.Deleted)
        {
            throw new RegistryError(SchemaRegistryErrors.VersionSoftDeleted,
                $"Subject '{subject}' Version {value.Version} was soft deleted. Set permanent=true to delete permanently");
        }
        return new(value.Version, LogRecord.Of(value with { Deleted = true }));
    }

    public static Decision<ConfigRequest> SetLevel(string? subject, string? level)
    {
        if (level is null || !SchemaCompatibility.TryParseMode(level, out var mode))
        {
            throw new RegistryError(SchemaRegistryErrors.InvalidCompatibility,
                $"Invalid compatibility level '{level}'. Valid values are {string.Join(", ", Enum.GetValues<CompatibilityMode>().Select(SchemaCompatibility.NameOf))}");
        }
        var name = SchemaCompatibility.NameOf(mode);
        return new(new(name), LogRecord.Of(new ConfigValue(subject, name)));
    }

    /// <summary>Back to the global level; answers the level that the subject had.</summary>
    public static Decision<ConfigAnswer> ForgetLevel(RegistryState state, string subject) =>
        state.LevelOf(subject) is { } level
            ? new(new(SchemaCompatibility.NameOf(level)), LogRecord.Tombstone(LogKey.Config(subject)))
            : throw RegistryError.SubjectNotFound(subject);

    /// <summary>The note of the highest id goes first: once the tombstones are compacted away, nothing else remembers it.</summary>
    static IEnumerable<LogRecord> Forgotten(RegistryState state, IReadOnlyList<SchemaValue> versions)
    {
        if (versions.Any(v => v.Id == state.MaxId)) yield return LogRecord.Of(new HighestId(state.MaxId));
        foreach (var v in versions) yield return LogRecord.Tombstone(LogKey.Schema(v.Subject, v.Version));
    }

    static List<int> Numbers(IEnumerable<SchemaValue> versions) => versions.Select(v => v.Version).ToList();
}
