using System.Globalization;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Broker.Registry;

/// <summary>What the API answers from the state alone. "Deleted" says whether soft-deleted versions count.</summary>
static class Queries
{
    public static IReadOnlyList<string> Subjects(RegistryState state, string prefix, bool deleted) =>
        state.Subjects.Where(s => s.StartsWith(prefix, StringComparison.Ordinal) && (deleted || Live(state, s).Count > 0)).ToList();

    /// <summary>The versions of a subject that are not soft-deleted, oldest first.</summary>
    public static IReadOnlyList<SchemaValue> Live(RegistryState state, string subject) => state.Versions(subject).Where(v => !v.Deleted).ToList();

    public static IReadOnlyList<SchemaValue> Versions(RegistryState state, string subject, bool deleted)
    {
        var versions = state.Versions(subject).Where(v => deleted || !v.Deleted).ToList();
        return versions.Count > 0 ? versions : throw RegistryError.SubjectNotFound(subject);
    }

    /// <summary>One version by its number, or the last one ("latest", "-1").</summary>
    public static SchemaValue Version(RegistryState state, string subject, string version, bool deleted)
    {
        var wanted = ParseVersion(version);
        var versions = Versions(state, subject, deleted);
        return wanted is not { } number ? versions[^1] : versions.FirstOrDefault(v => v.Version == number) ?? throw RegistryError.VersionNotFound(number);
    }

    /// <summary>A version's number, or null for the latest.</summary>
    public static int? ParseVersion(string version)
    {
        if (version is "latest" or "-1") return null;
        return int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : throw RegistryError.InvalidVersion(version);
    }

    /// <summary>The version that holds this very schema, the latest where several do.</summary>
    public static SchemaValue Lookup(RegistryState state, string subject, AvroSchema schema, bool deleted)
    {
        var versions = Versions(state, subject, deleted);
        return Holding(state, versions, schema.ToJson()) ?? throw RegistryError.SchemaNotFound();
    }

    /// <summary>Equal schemas share their id.</summary>
    public static SchemaValue? Holding(RegistryState state, IReadOnlyList<SchemaValue> versions, string identity) =>
        state.IdOf(identity) is { } id ? versions.LastOrDefault(v => v.Id == id) : null;

    public static SchemaAnswer Schema(RegistryState state, int id)
    {
        var schema = state.Schema(id) ?? throw RegistryError.SchemaNotFound(id);
        return new(schema, Uses(state, id, deleted: true).FirstOrDefault()?.SchemaType);
    }

    /// <summary>All versions that hold the schema of an id.</summary>
    public static IReadOnlyList<SchemaValue> Uses(RegistryState state, int id, bool deleted)
    {
        if (state.Schema(id) is null) throw RegistryError.SchemaNotFound(id);
        return state.Subjects.SelectMany(s => state.Versions(s)).Where(v => v.Id == id && (deleted || !v.Deleted)).ToList();
    }

    public static CompatibilityMode Level(RegistryState state, string subject) => state.LevelOf(subject) ?? state.GlobalLevel;

    public static ConfigAnswer SubjectConfig(RegistryState state, string subject, bool defaultToGlobal)
    {
        var level = state.LevelOf(subject) ?? (defaultToGlobal ? state.GlobalLevel : throw new RegistryError(
            SchemaRegistryErrors.SubjectCompatibilityNotConfigured, $"Subject '{subject}' does not have subject-level compatibility configured"));
        return new(SchemaCompatibility.NameOf(level));
    }

    /// <summary>Tests a schema against one version (or the latest).</summary>
    public static IReadOnlyList<string> Incompatibilities(RegistryState state, string subject, string version, AvroSchema schema)
    {
        var previous = Version(state, subject, version, deleted: false);
        return Incompatibilities(Level(state, subject), schema, [previous]);
    }

    /// <summary>The reasons why a schema may not follow these versions, oldest first; none when it may.</summary>
    public static IReadOnlyList<string> Incompatibilities(CompatibilityMode level, AvroSchema schema, IReadOnlyList<SchemaValue> previous)
    {
        if (level == CompatibilityMode.None) return [];
        try
        {
            var older = previous.Select(v => AvroSchema.Parse(v.Schema)).ToList();
            return SchemaCompatibility.Check(level, schema, older).Select(i => Reason(i, previous[i.PreviousIndex].Version)).ToList();
        }
        catch (AvroException e)
        {
            throw RegistryError.InvalidSchema($"The schema cannot be compared with the subject's: {e.Message}", e);
        }
    }

    static string Reason(Incompatibility found, int version) => found.NewSchemaReads
        ? $"The new schema cannot read data of version {version}: {found.Path}: {found.Message}"
        : $"Version {version} cannot read data of the new schema: {found.Path}: {found.Message}";
}
