using System.Text.RegularExpressions;

namespace Streams.Broker.Groups;

/// <summary>
/// A subscription by regular expression. Clients write RE2, which knows neither look-around nor references and matches in linear time; so does .NET's
/// non-backtracking engine, whose syntax is the same but for the named groups of RE2 and its \Q…\E and POSIX classes, which are refused.
/// </summary>
internal sealed class TopicPattern
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
            var anchored = $@"\A(?:{pattern.Replace("(?P<", "(?<", StringComparison.Ordinal)})\z";
            return new TopicPattern(new Regex(anchored, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Whether the whole name matches.</summary>
    public bool Matches(string topic) => _regex.IsMatch(topic);
}
