using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>A request as the hosts see it; the parts of a batch are calls of their own.</summary>
sealed class Call(string method, string path, string query, IHeaderDictionary headers, ReadOnlyMemory<byte> body)
{
    Dictionary<string, StringValues>? _arguments;

    public string Method => method;

    /// <summary>Decoded, without the query.</summary>
    public string Path => path;

    public string Query => query;

    public IHeaderDictionary Headers => headers;

    public ReadOnlyMemory<byte> Body => body;

    public string Text => Encoding.UTF8.GetString(body.Span);

    public string? Header(string name) => headers.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>An argument of the query, or null.</summary>
    public string? Argument(string name) => (_arguments ??= QueryHelpers.ParseQuery(query)).TryGetValue(name, out var value) ? value.ToString() : null;

    /// <exception cref="JsonException">The body is not strict JSON.</exception>
    public JsonElement Json()
    {
        using var json = StrictJson.Parse(body);
        return json.RootElement.Clone();
    }

    /// <summary>Whether the header asks for something, among others.</summary>
    public bool Prefers(string preference) => Header("Prefer")?.Contains(preference, StringComparison.OrdinalIgnoreCase) ?? false;

    /// <summary>The body as a form.</summary>
    public IReadOnlyDictionary<string, StringValues> Form() => QueryHelpers.ParseQuery(Text);
}

/// <summary>What a call asks for.</summary>
/// <param name="Write">Whether it is to change something.</param>
/// <param name="Keys">The document keys that it is about, as far as it shows them.</param>
/// <param name="Apply">Does it, under the host's lock, and answers; is given the fault that was met where that is for the host to act out.</param>
sealed record Operation(bool Write, string Type, IReadOnlyList<string> Keys, Func<FaultHit?, Answer> Apply);

/// <summary>The call cannot be taken; <paramref name="answer"/> says why in the vendor's words.</summary>
sealed class RefusedException(Answer answer) : Exception
{
    public Answer Answer => answer;
}
