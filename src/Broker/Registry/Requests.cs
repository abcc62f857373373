using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Broker.Registry;

/// <summary>Reads what requests bring, and writes answers, in the API's media types.</summary>
static class Requests
{
    public const string MediaType = "application/vnd.schemaregistry.v1+json";
    const int MaxSubject = 1024;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static IResult Answer<T>(T body, int status = 200) => Results.Json(body, Json, MediaType, status);

    /// <summary>A subject of a path: routing leaves an escaped slash alone, because it is not a separator.</summary>
    public static string Subject(string segment)
    {
        var subject = segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return subject.Length <= MaxSubject && !subject.Any(char.IsControl)
            ? subject
            : throw new RegistryError(SchemaRegistryErrors.InvalidSubject, $"A subject has at most {MaxSubject} characters, none of them a control character");
    }

    public static async Task<T> BodyAsync<T>(HttpRequest request) where T : class
    {
        if (!IsJson(request.ContentType)) throw new RegistryError(415, $"The content type {request.ContentType} is not {MediaType} or application/json");
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(request.Body, Json, request.HttpContext.RequestAborted) ?? throw RegistryError.BadRequest("The body is null");
        }
        catch (JsonException e)
        {
            throw new RegistryError(400, $"The body is not valid: {e.Message}", e);
        }
    }

    public static async Task<AvroSchema> SchemaAsync(HttpRequest request)
    {
        var body = await BodyAsync<SchemaRequest>(request);
        if (body.SchemaType is not (null or "AVRO")) throw RegistryError.InvalidSchema($"Invalid schema type {body.SchemaType}: this registry holds AVRO");
        if (body.References is { Count: > 0 }) throw RegistryError.InvalidSchema("References to other subjects are not supported");
        if (body.Id is > 0 || body.Version is > 0) throw RegistryError.NotPermitted("Ids and versions are given by the registry, which is not in mode IMPORT");
        if (string.IsNullOrWhiteSpace(body.Schema)) throw RegistryError.InvalidSchema("Empty schema");
        try
        {
            return AvroSchema.Parse(body.Schema);
        }
        catch (AvroException e)
        {
            throw RegistryError.InvalidSchema($"Invalid schema: {e.Message}", e);
        }
    }

    /// <summary>No content type is taken as JSON; a browser's form or text is refused, so that no foreign page can change anything.</summary>
    static bool IsJson(string? contentType)
    {
        if (contentType is null) return true;
        try
        {
            return new ContentType(contentType).MediaType is "application/json" or "application/octet-stream" or MediaType or "application/vnd.schemaregistry+json";
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
