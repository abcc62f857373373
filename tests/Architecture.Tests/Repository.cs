using System.Text.RegularExpressions;

namespace Streams.Architecture.Tests;

/// <summary>The checkout as text.</summary>
static class Repository
{
    public static string Top => Checkout.Root;

    /// <summary>Files under a folder, by their path from the top, without what builds leave behind; in ordinal order.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(Top, folder), pattern, SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Top, f).Replace('\\', '/'))
            .Where(f => !Regex.IsMatch(f, "(^|/)(bin|obj|\\.streams|\\.git|TestResults)/")).Order(StringComparer.Ordinal)];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Top, path));

    /// <summary>C# without comments and string contents, so that a rule about code is not broken by talking about it. Lines stay where they are.</summary>
    public static string Code(string path)
    {
        const string tokens = """"(?s)(?<raw>\$*""".*?""")|(?<s>\$?@"(?:[^"]|"")*"|\$?"(?:\\.|[^"\\\n])*")|(?<c>'(?:\\.|[^'\\\n])+')|(?<b>/\*.*?\*/)|(?<l>//[^\n]*)"""";
        return Regex.Replace(Read(path), tokens, m => m.Value.StartsWith('/') ? Newlines(m.Value) : "\"\"" + Newlines(m.Value));
    }

    static string Newlines(string text) => new('\n', text.Count(c => c == '\n'));
}
