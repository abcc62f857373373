using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Streams.ErpSink.People.Http;

/// <summary>A request is refused, with what RFC 9457's problem document says of it.</summary>
sealed class ProblemException(int status, string code, string detail, string? field = null) : Exception(detail)
{
    public int Status { get; } = status;

    public Problem Problem { get; } = new("about:blank", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), status, detail, code, field);
}

/// <summary>RFC 9457, with the code and field that programs act on.</summary>
sealed record Problem(string Type, string Title, int Status, string Detail, string Code, string? Field);

/// <summary>One request of a person who may make it.</summary>
sealed class PeopleCall(HttpContext http, Person person, NpgsqlConnection connection, ReadOnlyMemory<byte> body, string documentsTopic)
{
    const int DefaultPage = 100;
    const int LargestPage = 1000;

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.Strict, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 8, PropertyNameCaseInsensitive = false,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public Person Person => person;

    public NpgsqlConnection Connection => connection;

    public string DocumentsTopic => documentsTopic;

    public long Id => long.TryParse((string?)http.Request.RouteValues["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
        ? id : throw new ProblemException(404, "NOT_FOUND", "There is nothing of this id");

    public string Key => (string)http.Request.RouteValues["key"]!;

    public int Limit => Query("limit") is not { } text ? DefaultPage
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= LargestPage ? n
        : throw new ProblemException(400, "FIELD_INVALID", $"limit: '{text}' is not within 1 to {LargestPage}", "limit");

    public long After => Query("after") is not { } text ? 0
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : throw new ProblemException(400, "FIELD_INVALID", "after: is not a cursor of this list", "after");

    public string? Query(string name) => http.Request.Query[name] switch
    {
        { Count: 0 } => null,
        { Count: 1 } one when one[0]!.Length <= 255 && !one[0]!.Contains('\0') => one[0],
        _ => throw new ProblemException(400, "FIELD_INVALID", $"{name}: is given twice, too long or holds NUL", name),
    };

    public bool Flag(string name) => Query(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw new ProblemException(400, "FIELD_INVALID", $"{name}: is neither true nor false", name),
    };

    public WorkFilter WorkFilter => new(Query("code"), Query("owner"), Query("account"), Query("period"), Query("legalEntity"), Query("customer"), Flag("overdue"), Flag("resolved"));

    public T Body<T>()
    {
        try
        {
            return JsonSerializer.Deserialize<T>(body.Span, Json) ?? throw new ProblemException(400, "BODY_INVALID", "The body is null");
        }
        catch (JsonException e)
        {
            throw new ProblemException(400, "BODY_INVALID", e.Message, e.Path);
        }
    }

    /// <summary>Text of people: something, within its length, without control characters other than line breaks.</summary>
    public static string Text(string? text, string field, int most = 4000)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > most) throw new ProblemException(400, "FIELD_INVALID", $"{field}: needs 1 to {most} characters", field);
        if (text.Any(c => char.IsControl(c) && c is not ('\n' or '\t'))) throw new ProblemException(400, "FIELD_INVALID", $"{field}: holds a control character", field);
        return text;
    }
}

/// <summary>A page of a list; <paramref name="Next"/> is what to give as <c>after</c>, null at the end.</summary>
sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    public static Page<T> Of(IReadOnlyList<T> items, int limit, Func<T, string> cursor) => new(items, items.Count < limit ? null : cursor(items[^1]));
}
