using System.Text.RegularExpressions;

namespace Streams.Broker.Groups;

/// <summary>
/// A subscription by regular expression. Clients write RE2, which knows neither look-around nor references and matches in linear time; so does .NET's
/// non-backtracking engine. RE2's named groups and one-letter classes are written as .NET has them; its \Q…\E and POSIX classes are refused.
/// </summary>
internal sealed partial class TopicPattern
{
    private const int MaxLength = 1024;
    private readonly Regex _regex;

    private TopicPattern(Regex regex) => _regex = regex;

    /// <summary>The pattern, or null where it is not a legal one.</summary>
    public static TopicPattern? Parse(string pattern)
    {
        if (pattern.Length > MaxLength || pattern.Contains("[[:", StringComparison.Ordinal) || pattern.Contains(@"\Q", StringComparison.Ordinal)) return null;
        try
        {
            var translated = Escapes().Replace(pattern, e => e.Groups[1].Success ? $@"\{e.Groups[1]}{{{e.Groups[2]}}}" : e.Value).Replace("(?P<", "(?<", StringComparison.Ordinal);
            var anchored = $@"\A(?:{translated})\z";
            return new TopicPattern(new Regex(anchored, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Whether the whole name matches.</summary>
    public bool Matches(string topic) => _regex.IsMatch(topic);

    /// <summary>Each escape as a whole, so that an escaped backslash is not taken for the beginning of a class.</summary>
    [GeneratedRegex(@"\\([pP])([A-Z])|\\.")]
    private static partial Regex Escapes();
}
