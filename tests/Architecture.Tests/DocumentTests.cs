using System.Text.RegularExpressions;

namespace Streams.Architecture.Tests;

/// <summary>What the documents say, as far as a program can hold them to it.</summary>
public sealed class DocumentTests
{
    [Fact]
    public void Every_promise_names_tests_that_exist()
    {
        var tests = Repository.Files("tests", "*.cs").SelectMany(f => Regex.Matches(Repository.Read(f), @"\bpublic (?:static )?(?:async )?(?:Task|void) (\w+)\(")
            .Select(m => $"{f.Split('/')[1]}.{m.Groups[1].Value}")).ToHashSet(StringComparer.Ordinal);
        var rows = Repository.Read("docs/promises.md").Split('\n').Where(l => Regex.IsMatch(l, @"^\| \d+ \|")).ToList();

        Assert.Equal(Enumerable.Range(1, 12), rows.Select(r => int.Parse(r.Split('|')[1], System.Globalization.CultureInfo.InvariantCulture)));
        foreach (var row in rows)
        {
            var names = Regex.Matches(row.Split('|')[3], "`([^`]+)`").Select(m => m.Groups[1].Value).ToList();
            Assert.All(names, name => Assert.True(tests.Contains(name), $"docs/promises.md names {name}, which is no test"));
            Assert.True(names.Count > 0 || row.Contains("not yet", StringComparison.Ordinal), $"No test and no 'not yet': {row}");
        }
    }

    [Fact]
    public void Links_lead_somewhere()
    {
        foreach (var page in Repository.Files("docs", "*.md").Append("README.md"))
        {
            var folder = Path.GetDirectoryName(Path.Combine(Repository.Top, page))!;
            foreach (Match link in Regex.Matches(Repository.Read(page), @"\]\(([^)#\s]+)[^)]*\)"))
            {
                var target = link.Groups[1].Value;
                if (target.Contains("://", StringComparison.Ordinal)) continue;
                Assert.True(Path.Exists(Path.Combine(folder, target)), $"{page} links to {target}, which does not exist");
            }
        }
    }

    [Fact]
    public void The_licence_is_Apache_2()
    {
        var text = Repository.Read("LICENSE");

        Assert.Contains("Apache License", text);
        Assert.Contains("Version 2.0, January 2004", text);
        Assert.Contains("END OF TERMS AND CONDITIONS", text);
    }
}
