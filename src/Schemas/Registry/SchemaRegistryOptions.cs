namespace Streams.Schemas.Registry;

/// <summary>How a <see cref="SchemaRegistryClient"/> reaches its registry.</summary>
public sealed record SchemaRegistryOptions
{
    /// <summary>Base URLs, tried in this order; a path (as in <c>https://host/apis/ccompat/v7</c>) is kept.</summary>
    public required IReadOnlyList<Uri> Urls { get; init; }

    /// <summary>Whether an unknown schema is registered by the first who asks for its id. Off outside development, where schemas are registered by a release.</summary>
    public bool RegisterSchemas { get; init; }

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a call may take, with all its retries.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often all URLs are tried again after a connection error, a time-out, 429 or 5xx.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>The pause before the first retry; it doubles up to <see cref="MaxBackoff"/>.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between retries.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>"user:password" for basic authentication, or null.</summary>
    public string? BasicAuthUserInfo { get; init; }

    /// <summary>From a comma-separated list of URLs, as on a command line.</summary>
    /// <exception cref="FormatException">A part is not an absolute http or https URL, or there is none.</exception>
    public static SchemaRegistryOptions Parse(string urls)
    {
        var parts = urls.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0) throw new FormatException("No schema registry URL was given");
        return new() { Urls = parts.Select(ParseUrl).ToList() };
    }

    static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? url
            : throw new FormatException($"'{text}' is not an http or https URL of a schema registry");
}
