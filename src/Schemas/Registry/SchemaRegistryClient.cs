using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Streams.Schemas.Registry;

/// <summary>
/// A client of a Confluent-compatible schema registry. Ids and schemas are cached for ever; everything else is asked anew.
/// Every method throws <see cref="SchemaRegistryException"/> for a refusal (with the registry's code) and for silence (code 0). Safe for concurrent use.
/// </summary>
public sealed class SchemaRegistryClient : ISchemaRegistry, IDisposable
{
    readonly SchemaRegistryOptions _options;
    readonly RegistryTransport _transport;
    readonly ConcurrentDictionary<(string Subject, string Schema), int> _ids = new();
    readonly ConcurrentDictionary<(string Subject, string Schema), Lazy<Task<int>>> _asked = new();
    readonly ConcurrentDictionary<int, string> _schemas = new();

    /// <param name="options">Where the registry is, and whether to register.</param>
    /// <param name="handler">Replaces the default HTTP handler (TLS settings, tests).</param>
    /// <param name="time">The clock of time-outs and pauses.</param>
    public SchemaRegistryClient(SchemaRegistryOptions options, HttpMessageHandler? handler = null, TimeProvider? time = null)
    {
        _options = options;
        _transport = new(options, handler, time ?? TimeProvider.System);
    }

    public void Dispose() => _transport.Dispose();

    public async Task<int> GetIdAsync(string subject, string schemaJson, CancellationToken cancel = default)
    {
        if (_ids.TryGetValue((subject, schemaJson), out var known)) return known;
        // Whoever asks while an answer is under way shares it: thousands of first events must not become thousands of calls.
        var asked = _asked.GetOrAdd((subject, schemaJson), key => new(() => AskIdAsync(key.Subject, key.Schema)));
        return await asked.Value.WaitAsync(cancel);
    }

    async Task<int> AskIdAsync(string subject, string schemaJson)
    {
        await Task.Yield();
        try
        {
            // An answer may have come between the caller's look into the cache and this call.
            if (_ids.TryGetValue((subject, schemaJson), out var known)) return known;
            return _options.RegisterSchemas ? await RegisterAsync(subject, schemaJson) : (await LookupAsync(subject, schemaJson)).Id;
        }
        finally
        {
            _asked.TryRemove((subject, schemaJson), out _);
        }
    }

    public async Task<string?> GetSchemaAsync(int id, CancellationToken cancel = default)
    {
        if (_schemas.TryGetValue(id, out var known)) return known;
        try
        {
            var answer = await GetAsync($"/schemas/ids/{Text(id)}", RegistryJson.Default.SchemaByIdBody, cancel);
            if (answer.SchemaType is not (null or "AVRO")) throw new SchemaRegistryException(SchemaRegistryErrors.InvalidSchema, $"Schema {id} is {answer.SchemaType}, not AVRO");
            return _schemas.GetOrAdd(id, Given(answer.Schema, "schema"));
        }
        catch (SchemaRegistryException e) when (e.ErrorCode == SchemaRegistryErrors.SchemaNotFound)
        {
            return null;
        }
    }

    /// <summary>Registers a schema as the subject's next version, or finds the version that holds it already; gives its id. Works whatever the options say.</summary>
    public async Task<int> RegisterAsync(string subject, string schemaJson, CancellationToken cancel = default)
    {
        var answer = await PostSchemaAsync($"{Subject(subject)}/versions", schemaJson, RegistryJson.Default.IdBody, cancel);
        return _ids.GetOrAdd((subject, schemaJson), Given(answer.Id, "id"));
    }

    /// <summary>The version of a subject that holds this schema; 40401 for an unknown subject, 40403 for a schema that it does not hold.</summary>
    public async Task<RegisteredSchema> LookupAsync(string subject, string schemaJson, CancellationToken cancel = default)
    {
        var found = Registered(await PostSchemaAsync(Subject(subject), schemaJson, RegistryJson.Default.VersionBody, cancel));
        _ids.TryAdd((subject, schemaJson), found.Id);
        return found;
    }

    /// <summary>All subjects.</summary>
    public Task<IReadOnlyList<string>> GetSubjectsAsync(CancellationToken cancel = default) =>
        GetAsync("/subjects", RegistryJson.Default.IReadOnlyListString, cancel);

    /// <summary>The versions of a subject.</summary>
    public Task<IReadOnlyList<int>> GetVersionsAsync(string subject, CancellationToken cancel = default) =>
        GetAsync($"{Subject(subject)}/versions", RegistryJson.Default.IReadOnlyListInt32, cancel);

    /// <summary>One version of a subject; 40401 or 40402 when there is none.</summary>
    public async Task<RegisteredSchema> GetVersionAsync(string subject, int version, CancellationToken cancel = default) =>
        Registered(await GetAsync($"{Subject(subject)}/versions/{Text(version)}", RegistryJson.Default.VersionBody, cancel));

    /// <summary>The latest version of a subject.</summary>
    public async Task<RegisteredSchema> GetLatestAsync(string subject, CancellationToken cancel = default) =>
        Registered(await GetAsync($"{Subject(subject)}/versions/latest", RegistryJson.Default.VersionBody, cancel));

    /// <summary>Whether a schema could follow a version of a subject (the latest where <paramref name="version"/> is null) under the subject's compatibility level.</summary>
    public async Task<CompatibilityVerdict> TestCompatibilityAsync(string subject, string schemaJson, int? version = null, CancellationToken cancel = default)
    {
        var path = $"/compatibility{Subject(subject)}/versions/{(version is { } v ? Text(v) : "latest")}?verbose=true";
        var answer = await PostSchemaAsync(path, schemaJson, RegistryJson.Default.VerdictBody, cancel);
        return new(Given(answer.IsCompatible, "is_compatible"), answer.Messages ?? (answer.Reason is { } reason ? [reason] : []));
    }

    /// <summary>The compatibility level of all subjects that have none of their own.</summary>
    public Task<string> GetCompatibilityAsync(CancellationToken cancel = default) => CompatibilityAsync("/config", cancel);

    /// <summary>A subject's compatibility level, the global one where it has none.</summary>
    public Task<string> GetCompatibilityAsync(string subject, CancellationToken cancel = default) =>
        CompatibilityAsync($"/config/{Uri.EscapeDataString(subject)}?defaultToGlobal=true", cancel);

    /// <summary>Sets the level of all subjects that have none of their own (subject null) or of one: BACKWARD, FULL_TRANSITIVE, NONE…; 42203 for another word.</summary>
    public Task SetCompatibilityAsync(string? subject, string level, CancellationToken cancel = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new ConfigBody(null, level), RegistryJson.Default.ConfigBody);
        var path = subject is null ? "/config" : $"/config/{Uri.EscapeDataString(subject)}";
        return _transport.SendAsync(HttpMethod.Put, path, body, RegistryJson.Default.ConfigBody, cancel);
    }

    /// <summary>The registry's mode: READWRITE, READONLY…</summary>
    public async Task<string> GetModeAsync(CancellationToken cancel = default) =>
        Given((await GetAsync("/mode", RegistryJson.Default.ModeBody, cancel)).Mode, "mode");

    async Task<string> CompatibilityAsync(string path, CancellationToken cancel) =>
        Given((await GetAsync(path, RegistryJson.Default.ConfigBody, cancel)).CompatibilityLevel, "compatibilityLevel");

    Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel) => _transport.SendAsync(HttpMethod.Get, path, null, answer, cancel);

    Task<T> PostSchemaAsync<T>(string path, string schemaJson, JsonTypeInfo<T> answer, CancellationToken cancel) =>
        _transport.SendAsync(HttpMethod.Post, path, JsonSerializer.SerializeToUtf8Bytes(new SchemaBody(schemaJson), RegistryJson.Default.SchemaBody), answer, cancel);

    static RegisteredSchema Registered(VersionBody body) =>
        new(Given(body.Subject, "subject"), Given(body.Id, "id"), Given(body.Version, "version"), Given(body.Schema, "schema"));

    static string Subject(string subject) => "/subjects/" + Uri.EscapeDataString(subject);

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    static T Given<T>(T? value, string member) where T : class => value ?? throw Lacks(member);

    static T Given<T>(T? value, string member) where T : struct => value ?? throw Lacks(member);

    static SchemaRegistryException Lacks(string member) => new(SchemaRegistryErrors.NoAnswer, $"The schema registry's answer lacks '{member}'");
}
