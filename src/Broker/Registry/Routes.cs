using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Streams.Schemas.Avro;
using static Streams.Broker.Registry.Requests;

namespace Streams.Broker.Registry;

/// <summary>The paths of the Confluent schema registry's REST API.</summary>
static class Routes
{
    public static void MapRegistry(this WebApplication app, SchemaStore store)
    {
        app.MapGet("/", () => Answer(new { }));
        app.MapGet("/contexts", () => Answer(new[] { "." }));
        MapSchemas(app, store);
        MapSubjects(app, store);
        MapDeletion(app, store);
        MapCompatibility(app, store);
        MapConfig(app, store);
        MapMode(app);
    }

    static void MapSchemas(WebApplication app, SchemaStore store)
    {
        app.MapGet("/schemas/types", () => Answer(new[] { "AVRO" }));
        app.MapGet("/schemas/ids/{id:int}", (int id) => Answer(store.Read(s => Queries.Schema(s, id))));
        app.MapGet("/schemas/ids/{id:int}/schema", (int id) => Results.Text(store.Read(s => Queries.Schema(s, id)).Schema, MediaType));
        app.MapGet("/schemas/ids/{id:int}/versions", (int id, bool? deleted) =>
            Answer(store.Read(s => Queries.Uses(s, id, deleted ?? false)).Select(v => new SubjectVersion(v.Subject, v.Version))));
        app.MapGet("/schemas/ids/{id:int}/subjects", (int id, bool? deleted) =>
            Answer(store.Read(s => Queries.Uses(s, id, deleted ?? false)).Select(v => v.Subject).Distinct()));
    }

    static void MapSubjects(WebApplication app, SchemaStore store)
    {
        app.MapGet("/subjects", (bool? deleted, string? subjectPrefix) => Answer(store.Read(s => Queries.Subjects(s, subjectPrefix ?? "", deleted ?? false))));
        app.MapPost("/subjects/{subject}", async (string subject, bool? deleted, HttpRequest request) =>
        {
            var schema = await SchemaAsync(request);
            return Answer(VersionAnswer.Of(store.Read(s => Queries.Lookup(s, Subject(subject), schema, deleted ?? false))));
        });
        app.MapGet("/subjects/{subject}/versions", (string subject, bool? deleted) =>
            Answer(store.Read(s => Queries.Versions(s, Subject(subject), deleted ?? false)).Select(v => v.Version)));
        app.MapPost("/subjects/{subject}/versions", async (string subject, HttpRequest request) =>
        {
            var schema = await SchemaAsync(request);
            var value = await store.WriteAsync(s => Commands.Register(s, Subject(subject), schema), request.HttpContext.RequestAborted);
            return Answer(new IdAnswer(value.Id));
        });
        app.MapGet("/subjects/{subject}/versions/{version}", (string subject, string version, bool? deleted) =>
            Answer(VersionAnswer.Of(store.Read(s => Queries.Version(s, Subject(subject), version, deleted ?? false)))));
        app.MapGet("/subjects/{subject}/versions/{version}/schema", (string subject, string version, bool? deleted) =>
            Results.Text(store.Read(s => Queries.Version(s, Subject(subject), version, deleted ?? false)).Schema, MediaType));
        app.MapGet("/subjects/{subject}/versions/{version}/referencedby", (string subject, string version) =>
        {
            store.Read(s => Queries.Version(s, Subject(subject), version, deleted: true));
            return Answer(Array.Empty<int>());
        });
    }

    static void MapDeletion(WebApplication app, SchemaStore store)
    {
        app.MapDelete("/subjects/{subject}", async (string subject, bool? permanent, CancellationToken aborted) =>
            Answer(await store.WriteAsync(s => Commands.DeleteSubject(s, Subject(subject), permanent ?? false), aborted)));
        app.MapDelete("/subjects/{subject}/versions/{version}", async (string subject, string version, bool? permanent, CancellationToken aborted) =>
            Answer(await store.WriteAsync(s => Commands.DeleteVersion(s, Subject(subject), version, permanent ?? false), aborted)));
    }

    static void MapCompatibility(WebApplication app, SchemaStore store)
    {
        app.MapPost("/compatibility/subjects/{subject}/versions/{version}", async (string subject, string version, bool? verbose, HttpRequest request) =>
        {
            var schema = await SchemaAsync(request);
            return Verdict(store.Read(s => Queries.Incompatibilities(s, Subject(subject), version, schema)), verbose);
        });
        app.MapPost("/compatibility/subjects/{subject}/versions", async (string subject, bool? verbose, HttpRequest request) =>
        {
            var schema = await SchemaAsync(request);
            var name = Subject(subject);
            return Verdict(store.Read(s => Queries.Incompatibilities(Queries.Level(s, name), schema, Queries.Live(s, name))), verbose);
        });
    }

    static IResult Verdict(IReadOnlyList<string> reasons, bool? verbose) => Answer(new VerdictAnswer(reasons.Count == 0, verbose == true ? reasons : null));

    static void MapConfig(WebApplication app, SchemaStore store)
    {
        app.MapGet("/config", () => Answer(new ConfigAnswer(SchemaCompatibility.NameOf(store.Read(s => s.GlobalLevel)))));
        app.MapPut("/config", (HttpRequest request) => SetLevelAsync(store, null, request));
        app.MapGet("/config/{subject}", (string subject, bool? defaultToGlobal) =>
            Answer(store.Read(s => Queries.SubjectConfig(s, Subject(subject), defaultToGlobal ?? false))));
        app.MapPut("/config/{subject}", (string subject, HttpRequest request) => SetLevelAsync(store, Subject(subject), request));
        app.MapDelete("/config/{subject}", async (string subject, CancellationToken aborted) =>
            Answer(await store.WriteAsync(s => Commands.ForgetLevel(s, Subject(subject)), aborted)));
    }

    static async Task<IResult> SetLevelAsync(SchemaStore store, string? subject, HttpRequest request)
    {
        var body = await BodyAsync<ConfigRequest>(request);
        return Answer(await store.WriteAsync(_ => Commands.SetLevel(subject, body.Compatibility), request.HttpContext.RequestAborted));
    }

    /// <summary>The mode is READWRITE and stays so.</summary>
    static void MapMode(WebApplication app)
    {
        app.MapGet("/mode", () => Answer(new ModeAnswer("READWRITE")));
        app.MapGet("/mode/{subject}", (string subject, bool? defaultToGlobal) => defaultToGlobal == true
            ? Answer(new ModeAnswer("READWRITE"))
            : throw new RegistryError(Streams.Schemas.Registry.SchemaRegistryErrors.SubjectModeNotConfigured, $"Subject '{Subject(subject)}' does not have subject-level mode configured"));
        app.MapPut("/mode", IResult () => throw RegistryError.NotPermitted("Mode changes are not allowed"));
        app.MapPut("/mode/{subject}", IResult (string subject) => throw RegistryError.NotPermitted("Mode changes are not allowed"));
    }
}
