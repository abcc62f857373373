using System.Globalization;
using System.Text.RegularExpressions;

namespace Streams.Broker.Crash.Tests;

/// <summary>A system call of a trace: from the line where it began to the line where it ended.</summary>
internal sealed record SystemCall(string Name, string Arguments, string Result, int Began, int Ended)
{
    /// <summary>The file that the first argument, a descriptor, stands for.</summary>
    public string Target => Arguments.Contains('<') ? Arguments[(Arguments.IndexOf('<') + 1)..].Split('>')[0] : "";

    /// <summary>The path among the arguments of openat, rename, mkdir.</summary>
    public string LastPath => Regex.Matches(Arguments, "\"([^\"]*)\"").Select(m => m.Groups[1].Value).LastOrDefault("");
}

/// <summary>What strace -f -y writes.</summary>
internal static partial class SystemCalls
{
    public static List<SystemCall> Parse(IEnumerable<string> lines)
    {
        var calls = new List<SystemCall>();
        var open = new Dictionary<string, (string Text, int Began)>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (Line().Match(line) is not { Success: true } parts) continue;
            var (thread, text) = (parts.Groups[1].Value, parts.Groups[2].Value);
            var began = number;
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                open[thread] = (text[..^"<unfinished ...>".Length], number);
                continue;
            }
            if (Resumed().Match(text) is { Success: true } rest && open.Remove(thread, out var first)) (text, began) = (first.Text + rest.Groups[1].Value, first.Began);
            if (Call().Match(text) is { Success: true } call) calls.Add(new SystemCall(call.Groups[1].Value, call.Groups[2].Value, call.Groups[3].Value, began, number));
        }
        return calls;
    }

    [GeneratedRegex(@"^(\d+) +(.*)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"^<\.\.\. \w+ resumed>(.*)$")]
    private static partial Regex Resumed();

    [GeneratedRegex(@"^(\w+)\((.*)\) += (.+)$")]
    private static partial Regex Call();
}
