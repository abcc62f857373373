using System.Text.RegularExpressions;

namespace Streams.ErpSink.OData;

/// <summary>Texts that an ERP says the same thing with: regular expressions without regard to case.</summary>
sealed class TextPatterns
{
    const int MaxText = 4000;

    static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(250);

    readonly Regex[] _patterns;

    /// <exception cref="ArgumentException">A pattern is no regular expression.</exception>
    public TextPatterns(string option, IReadOnlyList<string> patterns)
    {
        try
        {
            _patterns = [.. patterns.Select(p => new Regex(p, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, Limit))];
        }
        catch (ArgumentException e)
        {
            throw new ArgumentException($"{option}: {e.Message}", e);
        }
    }

    /// <summary>Whether one of them fits the text's first 4000 characters. One that takes too long does not: the text is for people then.</summary>
    public bool Match(string text)
    {
        var part = text.Length <= MaxText ? text : text[..MaxText];
        return _patterns.Any(p => Fits(p, part));
    }

    static bool Fits(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
