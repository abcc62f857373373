using System.Text.RegularExpressions;

namespace Streams.Simulators;

/// <summary>The 16-character document key (Crockford base 32) inside a field that holds other words too.</summary>
static partial class DocumentKeys
{
    [GeneratedRegex("(?<![0-9A-Za-z])[0-9A-HJKMNP-TV-Z]{16}(?![0-9A-Za-z])", RegexOptions.CultureInvariant)]
    private static partial Regex Key();

    /// <summary>The first key in the first of the texts that has one, else the first text that is not empty.</summary>
    public static string? In(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            if (text is not null && Key().Match(text) is { Success: true } key) return key.Value;
        }
        foreach (var text in texts)
        {
            if (!string.IsNullOrEmpty(text)) return text;
        }
        return null;
    }
}
